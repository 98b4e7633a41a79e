"""The pictures of a run. A title is the finding, computed from the results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from examples.common.pictures import (
    BLUE,
    COLOURS,
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
from examples.timing.experiment import Kept, Row
from examples.timing.report import GERS_TASKS, claimed
from examples.timing.tasks.task import lasted

BY_VARIANT = {"standard": BLUE, "peephole": ORANGE}
NAMES = {"standard": "without peepholes", "peephole": "with peepholes"}
SHOWN = 60  # steps of a stream, at its end


def draw(rows: Sequence[Row], kept: Kept, out: Path) -> None:
    """`solved.png` and `streams.png` for the tasks of 2002, `adding.png` where adding was learned."""
    if any(row.family in GERS_TASKS for row in rows):
        solved_runs(rows, out / "solved.png")
        streams(kept, out / "streams.png")
    if any(row.family == "adding" for row in rows):
        adding(rows, out / "adding.png")


def solved_runs(rows: Sequence[Row], path: Path) -> None:
    """What the paper finds solvable, and beside it a panel for each setting: the share of runs solved."""
    rows = [row for row in rows if row.family in GERS_TASKS]
    settings = list(dict.fromkeys(row.setting for row in rows))
    tasks = list(dict.fromkeys(row.task for row in rows))
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(
            1,
            1 + len(settings),
            figsize=(3.6 + 3.6 * len(settings), 2.4 + 0.55 * len(tasks)),
            sharey=True,
            width_ratios=[0.4, *[1] * len(settings)],
        )
        for row in rows:
            place = tasks.index(row.task) + (0.2 if row.variant == "peephole" else -0.2)
            colour = BY_VARIANT[row.variant]
            word = "solved" if claimed(row) else "not solved"
            panels[0].text(0, place, word, va="center", color=colour, fontsize=10.5)
            axes = panels[1 + settings.index(row.setting)]
            number = len(row.learned.solved)
            axes.barh(place, row.solved / number, height=0.36, color=colour)
            annotate(axes, place, row.solved / number, f"{row.solved} of {number}")
        for axes, text in zip(panels, ("Gers et al. 2002", *settings), strict=True):
            axes.set_title(text, fontsize=12, fontweight="normal", color=SOFT)
            axes.set_xlim(0, 1.3)
            axes.set_xticks([])
            axes.spines[["left", "bottom"]].set_visible(False)
        panels[0].set_yticks(range(len(tasks)), tasks, color=INK)
        panels[0].invert_yaxis()
        handles = [plt.Rectangle((0, 0), 1, 1, color=BY_VARIANT[variant]) for variant in NAMES]
        figure.legend(handles, list(NAMES.values()), loc="lower left", ncols=2, frameon=False)
        headline(figure, _comparison(rows, settings))
        figure.set_layout_engine("tight", rect=(0, 0.06, 1, 0.98))
        save(figure, path)


def _comparison(rows: Sequence[Row], settings: Sequence[str]) -> str:
    parts = []
    for setting in settings:
        shares = {
            variant: np.mean(
                [
                    r.solved / len(r.learned.solved)
                    for r in rows
                    if (r.setting, r.variant) == (setting, variant)
                ]
            )
            for variant in NAMES
        }
        parts.append(f"{setting} {shares['peephole']:.0%} with peepholes, {shares['standard']:.0%} without")
    return "Runs solved: " + "; ".join(parts)


def streams(kept: Kept, path: Path) -> None:
    """Sixty steps of a free-running stream with and without peepholes, of the tasks that tell most."""
    chosen = _to_show(kept)
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(len(chosen), 2, figsize=(12, 1.2 + 2.3 * len(chosen)), squeeze=False)
        said = []
        for line, (name, setting) in zip(panels, chosen, strict=True):
            task = kept.tasks[name]
            test = task.test(np.random.default_rng(0))
            for axes, variant in zip(line, NAMES, strict=True):
                model, _ = kept.best[name, setting, variant]
                answers = np.asarray(model.predict(test.x[:1], verbose=0))[0]
                steps = lasted(answers, test.y[0], task.limit)
                whole = steps == len(answers)
                end = len(answers) if whole else min(len(answers), max(SHOWN, steps + SHOWN // 2))
                here = np.arange(end - SHOWN, end)
                axes.plot(
                    here, test.y[0, here, 0], color=GREY, linewidth=2.2, label="target", drawstyle="default"
                )
                axes.plot(here, answers[here, 0], color=BY_VARIANT[variant], linewidth=1.8, label="network")
                if not whole:
                    axes.plot(steps, answers[steps, 0], "x", color=INK, markersize=9, markeredgewidth=2)
                end_text = f"right for all {steps:,} steps" if whole else f"first error at step {steps}"
                axes.set_title(
                    f"{name}, {setting}, {NAMES[variant]}: {end_text}",
                    fontsize=10.5,
                    fontweight="normal",
                    color=INK,
                )
                axes.set_xlim(here[0], here[-1])
                axes.set_ylim(-0.35, 1.35)
                axes.set_yticks([0, 1])
                axes.grid(axis="y", color=LINE)
                said.append((variant, whole))
        for axes in panels[-1]:
            axes.set_xlabel("step")
        panels[0][0].legend(frameon=False, ncols=2, loc="upper left", fontsize=9)
        counts = {v: sum(whole for variant, whole in said if variant == v) for v in NAMES}
        headline(
            figure,
            f"Running free, the best network with peepholes keeps time in {counts['peephole']} of these "
            f"{len(chosen)} tasks, without in {counts['standard']}",
        )
        figure.set_layout_engine("tight", rect=(0, 0, 1, 0.98))
        save(figure, path)


def _to_show(kept: Kept) -> list[tuple[str, str]]:
    """One task of each kind without input: rather one that peepholes alone have solved, then any solved."""
    found = []
    for family in ("GTS", "PFG"):
        keys = [key[:2] for key in kept.best if kept.tasks[key[0]].family == family and key[2] == "peephole"]

        def rank(key: tuple[str, str]) -> tuple[bool, bool]:
            solved = {variant: kept.best[(*key, variant)][1] for variant in NAMES}
            return solved["peephole"] and not solved["standard"], any(solved.values())

        if keys:
            found.append(max(reversed(keys), key=rank))
    return found


def adding(rows: Sequence[Row], path: Path) -> None:
    """Squared error of adding against training sequences, a colour for each length and a line a variant."""
    rows = [row for row in rows if row.family == "adding" and row.variant in NAMES]
    tasks = list(dict.fromkeys(row.task for row in rows))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9, 5))
        for row in rows:
            colour = COLOURS[tasks.index(row.task)]
            sequences, errors = np.array(row.learned.curve).T
            with_them = row.variant == "peephole"
            name = f"{row.task.split()[1]} steps" if with_them else None
            axes.plot(sequences, errors, "-" if with_them else "--", color=colour, linewidth=2, label=name)
        axes.axhline(BASELINE, color=GREY, linewidth=1.2)
        axes.annotate(
            "always saying 0.5",
            (0.99, BASELINE),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            color=SOFT,
        )
        axes.set_yscale("log")
        axes.set_xlim(0)
        axes.set_xlabel("training sequences (solid: with peepholes, dashed: without)")
        axes.set_ylabel("squared error, median of the runs")
        axes.grid(axis="y", color=LINE)
        axes.legend(frameon=False, title="sequences of")
        known = [row for row in rows if row.solved]
        longest = max((int(row.task.split()[1]) for row in known), default=0)
        text = f"Two numbers are added over {longest:,} steps" if known else "No run has learned to add"
        axes.set_title(text, pad=14)
        save(figure, path)


BASELINE = 2 / 3 / 16  # the variance of (x1 + x2) / 4, each uniform in [-1, 1]
