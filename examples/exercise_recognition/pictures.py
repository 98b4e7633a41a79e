"""The three pictures of a run. A title is the finding; numbers stand where the eye already is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from examples.common.files import Cost
from examples.common.pictures import (
    BLUE,
    GREY,
    INK,
    LINE,
    ORANGE,
    SOFT,
    STYLE,
    annotate,
    headline,
    label_ends,
    save,
    span,
)
from examples.exercise_recognition.data import EXERCISES
from examples.exercise_recognition.report import Row

COLOURS = {"standard": BLUE, "peephole": ORANGE}


def training_curve(histories: Mapping[str, Mapping[str, Sequence[float]]], path: Path) -> None:
    """Accuracy on seen (faint) and unseen people (strong) after every epoch, a colour a variant."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 5))
        ends: list[tuple[float, str, str]] = []
        for variant, history in histories.items():
            for key, people, strength in (("accuracy", "seen", 0.35), ("val_accuracy", "unseen", 1.0)):
                values = history[key]
                colour = COLOURS[variant]
                axes.plot(range(1, len(values) + 1), values, color=colour, alpha=strength, linewidth=2.4)
                ends.append((values[-1], f"{people} people, {variant} {values[-1]:.1%}", colour))
        finals = [history["val_accuracy"][-1] for history in histories.values()]
        axes.set_title(f"Learned from some people, right on others in {span(finals)} of windows", pad=16)
        axes.set_xlabel("epoch")
        axes.set_ylabel("windows recognised")
        axes.margins(x=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(top=1.005)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.grid(axis="y", color=LINE)
        label_ends(axes, ends)
        save(figure, path)


def confusion(rows: Sequence[Row], path: Path) -> None:
    """What the first int8 file answered, as shares of each exercise's windows."""
    names = list(EXERCISES.values())
    counts = next(row.score.confusion for row in rows if row.form == "int8")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8, 7))
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)
        for row, column in np.argwhere(counts > 0):
            share = shares[row, column]
            right = row == column
            axes.text(
                column,
                row,
                f"{share:.0%}" if share >= 0.005 else "<1%",
                ha="center",
                va="center",
                color="white" if share > 0.55 else INK,
                fontweight="bold" if right else "normal",
                fontsize=12 if right else 10,
            )
        axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
        axes.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=2)
        axes.tick_params(which="minor", length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("the int8 file says")
        axes.set_ylabel("the person does")
        share = np.trace(counts) / counts.sum()
        headline(figure, f"The int8 file is right on unseen people in {share:.1%} of windows")
        save(figure, path)


def latency_and_size(rows: Sequence[Row], cost: dict[str, Cost], path: Path) -> None:
    """Both costs of every file; the first is the stock file that the others are measured against."""
    files = [row for row in rows if row.path is not None]
    prices = [cost[str(row.path)] for row in files]
    places = np.arange(len(files))
    colours = [COLOURS.get(row.network, GREY) for row in files]
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 0.55 * len(files) + 1.9), sharey=True)
        left.barh(places, [price.latency for price in prices], color=colours, height=0.62)
        right.barh(places, [price.size for price in prices], color=colours, height=0.62)
        for place, price in enumerate(prices):
            beside = "" if place == 0 else f"   {price.speed:.1f}x"
            annotate(left, place, price.latency, f"{price.latency:.2f} ms{beside}")
            annotate(right, place, price.size, f"{price.size:.0f} KiB")
        left.set_yticks(places, [f"{row.network}, {row.form}" for row in files], color=INK)
        left.invert_yaxis()
        for axes, text, longest in (
            (left, "median time for one window, and speed to stock", max(p.latency for p in prices)),
            (right, "size of the file", max(p.size for p in prices)),
        ):
            axes.set_title(text, fontsize=11, fontweight="normal", color=SOFT)
            axes.set_xlim(0, 1.3 * longest)
            axes.set_xticks([])
            axes.spines[["bottom", "left"]].set_visible(False)
        # The first variant has the very weights of the stock file.
        first = {row.form: price for row, price in reversed(list(zip(files, prices, strict=True)))}
        dynamic, int8 = first["dynamic"], first["int8"]
        headline(
            figure,
            f"Against the stock file, dynamic is {dynamic.speed:.1f} times as fast in "
            f"{dynamic.size / prices[0].size:.0%} of the space; int8 {int8.speed:.1f} times",
        )
        save(figure, path)
