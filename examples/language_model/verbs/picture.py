"""How many verbs were right, as a picture."""

from __future__ import annotations

from pathlib import Path

from matplotlib import pyplot as plt

from examples.common.pictures import BLUE, GREY, INK, STYLE, annotate, headline, save
from examples.language_model.verbs.grades import GROUPS, Grade
from examples.language_model.verbs.judging import Judged


def verbs(judged: Judged, path: Path) -> None:
    """Two bars a group: the first network, with the 95 % interval, and a guess that knows no subject."""
    name = next(each for each in judged.grades if each != "commoner")
    shown = {name.removesuffix(" Keras"): judged.grades[name], "the commoner form": judged.grades["commoner"]}
    groups = [grade.name for grade in judged.grades[name]]
    height = 0.8 / len(shown)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9.5, 0.62 * len(groups) + 1.8))
        for number, (label, grades) in enumerate(shown.items()):
            for row, grade in enumerate(grades):
                place = -row - number * height
                share = grade.share
                colour = GREY if number else BLUE
                axes.barh(place, 100 * share.share, height * 0.9, color=colour, label="" if row else label)
                if not number:
                    axes.plot([100 * share.low, 100 * share.high], [place, place], color=INK, linewidth=1.4)
                annotate(
                    axes, place, 100 * max(share.share, 0 if number else share.high), f"{share.share:.0%}"
                )
        axes.set_yticks([-row - height / 2 for row in range(len(groups))], groups, color=INK)
        axes.set_xlim(0, 112)
        axes.set_xlabel("% of the pairs in which the right verb is likelier; lines: 95 % interval")
        figure.legend(loc="lower right", ncols=2, frameon=False)
        figure.tight_layout(rect=(0, 0.04, 1, 0.93))
        headline(figure, _title(judged.grades[name]))
        save(figure, path)


def _title(grades: list[Grade]) -> str:
    once = [grade for grade in grades if grade.name != GROUPS[1]]  # the group after it has these too
    right = sum(grade.share.right for grade in once)
    pairs = sum(grade.share.pairs for grade in once)
    worst = min(grades, key=lambda grade: grade.share.share)
    return f"{right / pairs:.0%} of {pairs:,} verbs right; the fewest: {worst.name} ({worst.share.share:.0%})"
