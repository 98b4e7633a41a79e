"""The picture of a run: a box for every variant, a panel for every set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from examples.common.pictures import BLUE, GREEN, GREY, INK, LINE, ORANGE, SOFT, STYLE, headline, save
from examples.search_space.report import Finding, by_task, conclusion

COLOURS = {"worse": ORANGE, "better": GREEN, "": GREY}


def boxes(found: Sequence[Finding], path: Path) -> None:
    """Errors of all seeds, as boxes and as dots; the median of V as a line through each panel."""
    sets = by_task(found)
    rng = np.random.default_rng(0)
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(1, len(sets), figsize=(6.5 * len(sets) + 1, 5.4), squeeze=False)
        for axes, (name, these) in zip(panels[0], sets.items(), strict=True):
            places = np.arange(len(these))
            drawn = axes.boxplot(
                [each.errors for each in these],
                positions=places,
                widths=0.62,
                patch_artist=True,
                showfliers=False,
                medianprops={"color": INK, "linewidth": 1.8},
            )
            for place, box, each in zip(places, drawn["boxes"], these, strict=True):
                colour = BLUE if each.variant == "V" else COLOURS[each.verdict]
                box.set(facecolor=colour, alpha=0.55, edgecolor=colour)
                across = place + rng.uniform(-0.14, 0.14, len(each.errors))
                axes.plot(across, each.errors, "o", color=INK, markersize=3, alpha=0.7)
            axes.axhline(these[0].median, color=BLUE, linewidth=1.4, linestyle="--", zorder=0)
            axes.set_xticks(places, [each.variant for each in these], color=INK)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
            axes.set_ylim(bottom=0)
            axes.grid(axis="y", color=LINE)
            axes.set_axisbelow(True)
            title = f"{name}: wrong answers, {len(these[0].errors)} seeds"
            axes.set_title(title, fontsize=11, fontweight="normal", color=SOFT)
        entries = {
            "V, its median dashed": BLUE,
            "no significant difference": GREY,
            "significantly worse": ORANGE,
        }
        entries["significantly better"] = GREEN
        marks = [plt.Rectangle((0, 0), 1, 1, color=colour, alpha=0.55) for colour in entries.values()]
        figure.legend(marks, list(entries), loc="lower center", ncols=4, frameon=False)
        headline(figure, conclusion(found))
        save(figure, path, foot=0.06)
