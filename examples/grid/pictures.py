"""The picture of a run: how each network learned to add, a line a seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from examples.common.pictures import BLUE, GREEN, GREY, INK, LINE, ORANGE, PURPLE, SOFT, STYLE, headline, save
from examples.grid.experiment import Run
from examples.grid.network import KINDS
from examples.grid.report import finding, of, solved
from examples.grid.train import SOLVED, Lesson

COLOURS = dict(zip(KINDS, (ORANGE, PURPLE, BLUE, GREEN), strict=True))


def adding(runs: Sequence[Run], what: Lesson, path: Path) -> None:
    """A panel a kind: the share of sums right over the sums seen, each seed and their median."""
    with plt.rc_context({**STYLE, "axes.titlesize": 12, "axes.titleweight": "normal"}):
        names = list(dict.fromkeys(run.name for run in runs))
        figure, panels = plt.subplots(1, len(names), figsize=(14, 4.3), sharey=True, layout="constrained")
        for axes, name in zip(panels, names, strict=True):
            mine = of(runs, name)
            seen = [point[0] for point in mine[0].learned.curve]
            shares = np.array([[point[2] for point in run.learned.curve] for run in mine])
            axes.plot(seen, shares.T, color=COLOURS[name], linewidth=1.2, alpha=0.45)
            axes.plot(seen, np.median(shares, axis=0), color=COLOURS[name], linewidth=3)
            axes.axhline(SOLVED, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
            axes.set_title(f"{name}: {solved(mine)} of {len(mine)}", color=INK)
            axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:.0f}k")
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
            axes.set_ylim(-0.02, 1.03)
            axes.grid(axis="y", color=LINE)
        panels[0].set_ylabel("sums held out, right in every digit")
        figure.supxlabel("sums seen; thin: seeds, thick: median, dashed: 99 %, which is solved", color=SOFT)
        headline(figure, f"Adding numbers of {what.digits} digits: {finding(runs)}")
        save(figure, path, dpi=90)
