"""The pictures of a run. A title is the finding, taken from the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt

from edge.aliases import Array
from examples.agreement.data import DIETS
from examples.agreement.experiment import BACK, Trial
from examples.agreement.inside import CARLA, LEARNED, Insight, Seen
from examples.agreement.judge import GAPS, NOUNS, NOUNS_GAP
from examples.agreement.reading import Reading
from examples.agreement.report import networks, of
from examples.common.pictures import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LINE,
    ORANGE,
    PURPLE,
    RED,
    SOFT,
    STYLE,
    headline,
    save,
)
from keras_lstm_plus import plot_gates

COLOURS = {
    "SimpleRNN": RED,
    "GRU": ORANGE,
    "lstm_1997": SOFT,
    "standard": BLUE,
    "peephole": GREEN,
    "cifg": PURPLE,
}
SHOWN = 6  # units
FLOOR = 1e-12  # gradients below are drawn there
ENDS = {"bus": "was", "buses": "were", "carla": "her", "dan": "him"}


def agreement(trials: Sequence[Trial], path: Path) -> None:
    """Accuracy by gap and by distracting nouns for each diet, and under it the gradient that reaches back."""
    diets = list(dict.fromkeys(trial.diet for trial in trials))
    rows = len(diets) + 1
    with plt.rc_context({**STYLE, "axes.titlesize": 11, "axes.titleweight": "normal"}):
        figure, axes = plt.subplots(rows, 3, figsize=(14, 3.4 * rows + 0.5), layout="constrained")
        for row, diet in zip(axes, diets, strict=False):
            learned = "learned from gaps of {} to {} words".format(*DIETS[diet])
            panels: list[tuple[str, Sequence[int], str, str]] = [
                ("gaps", GAPS, "was / were", "words between subject and verb"),
                ("nouns", NOUNS, "was / were", f"distracting nouns in a gap of {NOUNS_GAP} words"),
                ("gender_gaps", GAPS, "him / her", "words after the last person"),
            ]
            for axis, (field, places, forms, says) in zip(row, panels, strict=True):
                _accuracy(axis, trials, diet, field, places)
                axis.set_title(f"{forms}, {learned}", color=INK)
                axis.set_xlabel(says)
            row[0].set_ylabel("right word more probable")
        moments = [("before", diets[0]), *(("after", diet) for diet in diets)]
        for axis in axes[-1][len(moments) :]:
            axis.set_visible(False)
        for axis, (field, diet) in zip(axes[-1], moments, strict=False):
            _gradient(axis, trials, diet, field)
            learned = "after learning from gaps of {} to {} words".format(*DIETS[diet])
            axis.set_title(f"gradient, {learned if field == 'after' else 'before learning'}", color=INK)
        axes[-1][0].set_ylabel("gradient at a word, to that at the last")
        names = networks(trials)
        lines = [plt.Line2D([], [], color=COLOURS[name], linewidth=3) for name in names]
        labels = [f"{name}, {of(trials, name)[0].units} units" for name in names]
        figure.legend(lines, labels, loc="outside lower center", ncols=len(names), frameon=False)
        headline(figure, f"{finding(trials)}\n")
        note = "accuracy: a line for each seed, and how many seeds learned it; "
        note += "gradient: mean of the seeds, bands from lowest to highest"
        figure.text(0.02, 0.955, note, color=SOFT)
        save(figure, path, dpi=85)


def finding(trials: Sequence[Trial]) -> str:
    """What is left of the gradient at the subject after learning, in the plain RNN and in the LSTM."""
    plain, standard = (
        float(np.exp(np.mean([np.log(relative(trial.after)[-1]) for trial in of(trials, name, "all")])))
        for name in ("SimpleRNN", "standard")
    )
    return (
        f"After learning, {_power(standard)} of the last word's gradient reaches the subject {BACK} words "
        f"back in the LSTM, {_power(plain)} in the plain RNN"
    )


def relative(gradient: Array) -> Array:
    """To that at the last word; never below `FLOOR`."""
    return np.maximum(gradient / gradient[0], FLOOR)


def _power(value: float) -> str:
    """`0.03` or `5e-10`."""
    return f"{value:.2f}" if value >= 0.01 else f"{value:.0e}".replace("e-0", "e-")


def _accuracy(axis: Any, trials: Sequence[Trial], diet: str, field: str, places: Sequence[int]) -> None:
    """A line for each seed, for it is all or nothing, and how many seeds of each network learned it."""
    axis.axhline(0.5, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axis.text(places[0], 0.31, "  dashed: guessing", color=SOFT, va="bottom", fontsize=9)
    for row, network in enumerate(networks(trials)):
        chosen = [getattr(trial.marks, field) for trial in of(trials, network, diet)]
        for values in chosen:
            axis.plot(places, values, color=COLOURS[network], linewidth=1.8, alpha=0.7)
        learned = sum(float(values.mean()) >= LEARNED for values in chosen)
        text = f"{network}  {learned} of {len(chosen)}"
        place = (0.98, 0.88 - 0.068 * row)
        axis.text(
            *place, text, color=COLOURS[network], transform=axis.transAxes, ha="right", va="top", fontsize=9.5
        )
    axis.set_ylim(0.3, 1.03)
    axis.set_xlim(places[0], places[-1])
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axis.grid(axis="y", color=LINE)


def _gradient(axis: Any, trials: Sequence[Trial], diet: str, field: str) -> None:
    places = range(1, BACK + 1)
    for network in networks(trials):
        values = np.array([relative(getattr(trial, field)) for trial in of(trials, network, diet)])
        _band(axis, places, values, COLOURS[network])
    axis.set_yscale("log")
    axis.set_ylim(FLOOR, 1e3)
    axis.set_xlim(1, BACK)
    axis.set_xlabel(f"words back from the verb; the subject is {BACK} back")
    axis.grid(axis="y", color=LINE)


def _band(axis: Any, places: Sequence[int], values: Array, colour: str) -> None:
    """The geometric mean of the seeds as a line, all of them as a band; `values [seeds, places]`."""
    mean = np.exp(np.log(values).mean(axis=0))
    axis.fill_between(places, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.16, linewidth=0)
    axis.plot(places, mean, color=colour, linewidth=2.2, alpha=0.9)


def units(seen: Mapping[str, Seen], insight: Insight, path: Path) -> None:
    """Word by word: the number unit with the bus and the buses, the gender unit with Carla and Dan."""
    with plt.rc_context({**STYLE, "axes.titlesize": 11.5, "axes.titleweight": "normal"}):
        figure, axes = plt.subplots(
            2, 2, figsize=(14, 6.4), layout="constrained", width_ratios=(11, 6), sharex="col"
        )
        columns = (
            ("bus", "buses", insight.number_unit, "number"),
            ("dan", "carla", insight.gender_unit, "gender"),
        )
        for column, (one, other, unit, kind) in enumerate(columns):
            cell, forget = axes[:, column]
            for name, colour, shift in ((one, BLUE, -0.2), (other, ORANGE, 0.2)):
                found = seen[name]
                steps = np.arange(len(found.words))
                values = found.gates.c[0, :, unit]
                cell.plot(steps, values, color=colour, linewidth=2.4, marker="o", markersize=5)
                forget.bar(steps + shift, found.gates.f[0, :, unit], width=0.36, color=colour)
                cell.annotate(
                    f"{ENDS[name]} {found.right:.0%}",
                    (steps[-1], values[-1]),
                    xytext=(10, 0),
                    textcoords="offset points",
                    color=colour,
                    va="center",
                    fontweight="bold",
                )
            cell.axhline(0, color=LINE, linewidth=1, zorder=0)
            cell.set_title(f"cell of the {kind} unit ({unit})", color=INK)
            forget.set_title("its forget gate: 1 keeps, 0 throws away", color=INK)
            forget.set_ylim(0, 1.05)
            pairs = zip(seen[one].words, seen[other].words, strict=True)
            labels = [a if a == b else f"{a}\n{b}" for a, b in pairs]
            forget.set_xticks(range(len(labels)), labels, color=INK)
            cell.margins(x=0.12)
        cells = [seen[name].gates.c[0, -1, insight.number_unit] for name in ("bus", "buses")]
        enters = [seen[name].gates.f[0, CARLA.cue, insight.gender_unit] for name in ("carla", "dan")]
        headline(
            figure,
            "At the verb the number unit holds {:+.1f} for the bus and {:+.1f} for the buses.\n".format(
                *cells
            )
            + "Where Carla enters, the gender unit keeps {:.0%} of what Bob left; with Dan {:.0%}".format(
                *enters
            ),
        )
        save(figure, path)


def gates(seen: Mapping[str, Seen], insight: Insight, folder: Path) -> list[Path]:
    """All gates of the units that are missed most, word by word, a picture for each sentence."""
    by_need = np.argsort(np.minimum(insight.number.without, insight.gender.without), kind="stable").tolist()
    chosen = list(dict.fromkeys([*insight.number.order, *insight.gender.order, *by_need]))[:SHOWN]
    paths = []
    for name, found in seen.items():
        path = folder / f"gates_{name}.png"
        text = f"\u201c{' '.join(found.words)} ...\u201d  \u2192  {ENDS[name]} {found.right:.0%}"
        plot_gates(found.gates, labels=found.words, units=chosen, title=text, path=path)
        paths.append(path)
    return paths


def reading(readings: Sequence[Reading], path: Path) -> None:
    """Agreement in the Brown corpus by the nouns between subject and verb."""
    groups = list(readings[0].shares)
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(9, 5))
        for number, (one, colour) in enumerate(zip(readings, (GREY, BLUE, GREEN, ORANGE), strict=False)):
            shares = [one.shares[group] for group in groups]
            width = 0.8 / len(readings)
            places = np.arange(len(groups)) + width * (number - (len(readings) - 1) / 2)
            values = np.array([share.share for share in shares])
            errors = [values - [share.low for share in shares], [share.high for share in shares] - values]
            axis.bar(places, values, 0.92 * width, color=colour, label=one.name)
            axis.errorbar(places, values, errors, color=INK, linestyle="none", linewidth=1.2, capsize=4)
        pairs = [readings[0].shares[group].pairs for group in groups]
        labels = [f"{group}\n{count} sentences" for group, count in zip(groups, pairs, strict=True)]
        axis.set_xticks(range(len(groups)), labels, color=INK)
        axis.set_xlabel("nouns between subject and verb")
        axis.set_ylabel("right verb more probable")
        axis.set_ylim(0, 1)
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axis.grid(axis="y", color=LINE)
        axis.set_axisbelow(True)
        axis.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=len(readings))
        first, last = (readings[1].shares[group].share for group in (groups[0], groups[-1]))
        text = f"The language model agrees in {first:.0%} with nothing between, {last:.0%} with {groups[-1]}"
        axis.set_title(text, pad=14, fontsize=13)
        save(figure, path)
