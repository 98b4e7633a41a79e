"""The pictures: perplexity beside what was published, the keyboard at work, and what the files cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.patches import FancyBboxPatch

from examples.common.pictures import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LINE,
    ORANGE,
    SOFT,
    STYLE,
    annotate,
    headline,
    save,
)
from examples.language_model.corpus import joined, shown, tokenise
from examples.language_model.device import Keyboard
from examples.language_model.experiment import Outcome
from examples.language_model.report import NAMES, Line

FORM_COLOURS = {"float": GREY, "dynamic": BLUE, "int8": ORANGE}


def perplexity(lines: Sequence[Line], path: Path) -> None:
    """A bar for each model, published ones grey."""
    best = min((line for line in lines if line.ours), key=lambda line: line.test)
    published = [line for line in lines if not line.ours]
    trigram = next(line for line in lines if line.ours)
    beside = f"; the best of 2003: {min(line.test for line in published):.0f}" if published else ""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 0.5 * len(lines) + 1.6))
        for place, line in enumerate(reversed(lines)):
            colour = GREY if not line.ours else SOFT if line is trigram else BLUE
            axes.barh(place, line.test, color=colour, height=0.62)
            annotate(axes, place, line.test, f"{line.test:.0f}")
        axes.set_yticks(range(len(lines)), [line.name for line in reversed(lines)], color=INK)
        axes.set_xlim(0, 1.1 * max(line.test for line in lines))
        axes.set_xlabel("perplexity on the test part (lower is better)")
        figure.tight_layout(rect=(0, 0, 1, 0.93))
        headline(figure, f"Perplexity {best.test:.0f} with {best.name}{beside}")
        save(figure, path)


def keyboard(board: Keyboard, sentence: str, path: Path) -> list[dict[str, Any]]:
    """The sentence being typed: at each word what stands there already, and the three words offered next.

    Returns:
        For each word: the word, what was offered before it, its probability, and how many letters had to
        be typed until it was offered.
    """
    words = tokenise(sentence, finished=True, known=board.place)
    found: list[dict[str, Any]] = []
    for number, word in enumerate(words):
        guesses = board.guess(words[:number])
        found.append(
            {
                "typed": word,
                "offered": [guess._asdict() for guess in guesses],
                "probability": board.probability(words[:number], word),
                "known": word in board.place,
                "letters": board.letters_needed(words[:number], word),
            }
        )
    needed, letters = sum(step["letters"] for step in found), sum(map(len, words))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(10.5, 0.52 * len(found) + 1.3))
        for row, step in enumerate(found):
            _row(axes, -row, _before(words[:row]), step)
        axes.set_xlim(0, 11)
        axes.set_ylim(-len(found) + 0.3, 1.25)
        for place, text in (
            (3.45, "typed so far"),
            (3.9, "offered before the first letter"),
            (8.35, "typed next"),
            (11.0, "letters typed"),
        ):
            axes.text(place, 0.8, text, color=SOFT, fontsize=10.5, ha="left" if 3.6 < place < 9 else "right")
        axes.axis("off")
        figure.tight_layout(rect=(0, 0, 1, 0.95))
        headline(figure, f"{needed} of {letters} letters typed; the 8-bit file offered the rest")
        save(figure, path)
    return found


def _before(words: Sequence[str]) -> str:
    """The last words of what was typed, cut in front where it is long."""
    last = list(words[-4:])
    while last and joined(["a", last[0]]) == f"a{last[0]}":
        last = last[1:]
    return ("... " if len(last) < len(words) else "") + joined(last)


def _row(axes: Any, height: float, before: str, step: dict[str, Any]) -> None:
    axes.text(3.45, height, before, ha="right", va="center", fontsize=11)
    for place, guess in enumerate(step["offered"]):
        hit = guess["word"] == step["typed"]
        box = FancyBboxPatch(
            (3.9 + 1.45 * place, height - 0.3),
            1.3,
            0.6,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=GREEN if hit else "#f3f4f7",
            edgecolor="none" if hit else LINE,
        )
        axes.add_patch(box)
        text = f"{shown(guess['word'])}  {100 * guess['probability']:.0f}%"
        colour, size = "white" if hit else INK, 10.5 if len(text) < 14 else 8.5
        axes.text(4.55 + 1.45 * place, height, text, ha="center", va="center", color=colour, fontsize=size)
    known = "" if step["known"] else "  (unknown)"
    axes.text(8.35, height, shown(step["typed"]) + known, va="center", fontsize=11, fontweight="bold")
    needed, letters = step["letters"], len(step["typed"])
    text, colour = f"{needed} of {letters}", ORANGE if needed == letters else GREEN if needed == 0 else INK
    axes.text(11.0, height, text, va="center", ha="right", color=colour, fontsize=10.5)


def files(outcome: Outcome, path: Path) -> None:
    """Size and time of each file, with its perplexity at the bar."""
    bars = [
        (f"{NAMES[kind]}, {form}", form, outcome.cost[str(file)], found.device[form].perplexity)
        for kind, found in outcome.networks.items()
        for form, file in found.paths.items()
    ]
    small = min(bars, key=lambda bar: bar[2].size)
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 0.5 * len(bars) + 1.8), sharey=True)
        for place, (_, form, cost, found) in enumerate(reversed(bars)):
            left.barh(place, cost.size / 1024, color=FORM_COLOURS[form], height=0.62)
            annotate(left, place, cost.size / 1024, f"{cost.size / 1024:.1f} MiB, perplexity {found:.1f}")
            right.barh(place, cost.latency, color=FORM_COLOURS[form], height=0.62)
            annotate(right, place, cost.latency, f"{cost.latency:.2f} ms")
        left.set_yticks(range(len(bars)), [bar[0] for bar in reversed(bars)], color=INK)
        right.locator_params(axis="x", nbins=5)
        left.set_xlim(0, 1.75 * max(bar[2].size for bar in bars) / 1024)
        right.set_xlim(0, 1.25 * max(bar[2].latency for bar in bars))
        left.set_xlabel("size of the file, MiB, vocabulary included")
        right.set_xlabel("time for a word, ms, one thread of this machine")
        figure.tight_layout(rect=(0, 0, 1, 0.93))
        headline(
            figure,
            f"The smallest file, {small[0]}: {small[2].size / 1024:.1f} MiB and "
            f"{small[2].latency:.2f} ms for a word",
        )
        save(figure, path)
