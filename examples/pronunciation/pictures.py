"""The pictures: errors beside what was published, and where the network looked at each phoneme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from edge.aliases import Array
from examples.common.pictures import BLUE, GREY, INK, LINE, STYLE, annotate, headline, save
from examples.pronunciation.report import Line
from examples.pronunciation.scores import Score


def errors(lines: Sequence[Line], path: Path) -> None:
    """Words wrong: a bar for each system, published ones grey."""
    best = next(line for line in lines if line.ours)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 0.5 * len(lines) + 1.6))
        for place, line in enumerate(reversed(lines)):
            axes.barh(place, 100 * line.words_wrong, color=BLUE if line.ours else GREY, height=0.62)
            beside = "" if line.phonemes_wrong is None else f"   phonemes {line.phonemes_wrong:.1%}"
            annotate(axes, place, 100 * line.words_wrong, f"{line.words_wrong:.1%}{beside}")
        axes.set_yticks(range(len(lines)), [line.name for line in reversed(lines)], color=INK)
        axes.set_xlim(0, 130 * max(line.words_wrong for line in lines))
        axes.set_xlabel("words wrong, % (lower is better; the published splits are others)")
        figure.tight_layout(rect=(0, 0, 1, 0.93))
        headline(figure, f"{1 - best.words_wrong:.1%} of words that were never seen are said right")
        save(figure, path)


def lengths(by_letters: Mapping[int, Score], path: Path) -> None:
    """Words and phonemes wrong by the number of letters."""
    letters = sorted(by_letters)
    found = [by_letters[n] for n in letters]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 4.2))
        for name, values, colour in (
            ("words wrong", [each.words_wrong for each in found], BLUE),
            ("phonemes wrong", [each.phonemes_wrong for each in found], GREY),
        ):
            axes.plot(letters, 100 * np.array(values), color=colour, linewidth=2.4, marker="o", label=name)
        easiest = min(letters, key=lambda n: by_letters[n].phonemes_wrong)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("letters")
        axes.set_ylabel("%")
        axes.set_xticks(letters)
        axes.grid(axis="y", color=LINE)
        axes.legend(frameon=False)
        axes.set_title(f"Words of {easiest} letters have the fewest phonemes wrong", pad=14)
        save(figure, path)


def alignments(read: Mapping[str, tuple[Sequence[str], Array]], path: Path) -> None:
    """Where the network looked: for each word its phonemes and `[phonemes, letters]`."""
    columns = 3
    rows = -(-len(read) // columns)
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(rows, columns, figsize=(4 * columns, 3.6 * rows + 0.5), squeeze=False)
        for axes, (word, (phonemes, weights)) in zip(grid.flat, read.items(), strict=False):
            axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axes.set_xticks(range(len(word)), list(word), color=INK)
            axes.set_yticks(range(len(phonemes)), phonemes, color=INK)
            axes.xaxis.tick_top()
            axes.spines[:].set_visible(False)
            axes.set_xticks(np.arange(len(word) + 1) - 0.5, minor=True)
            axes.set_yticks(np.arange(len(phonemes) + 1) - 0.5, minor=True)
            axes.grid(which="minor", color=LINE)
            axes.tick_params(which="minor", length=0)
        for axes in grid.flat[len(read) :]:
            axes.set_visible(False)
        figure.tight_layout(rect=(0, 0, 1, 0.95))
        share = np.mean([_rising(weights) for _, weights in read.values()])
        headline(figure, f"Nobody said which letter makes which sound: {share:.0%} of the looks go forwards")
        save(figure, path)


def _rising(weights: Array) -> float:
    """Share of the phonemes that look at the letter of the one before, or at a later one."""
    places = weights.argmax(axis=1)
    return float((np.diff(places) >= 0).mean()) if len(places) > 1 else 1.0
