"""The solved networks as files, judged by the same criterion through the device half."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.table import Table

import edge
from edge.aliases import Array
from edge.convert import ConversionError
from examples.common.files import predict_file, write_files
from examples.common.tables import table
from examples.timing.experiment import Kept
from examples.timing.tasks.task import Task, lasted

KINDS = ("float", "dynamic", "int8")
CALIBRATION = 64  # sequences
ASKED = 200  # sequences, of a task that has them
FAMILIES = ("GTS", "PFG", "temporal order")  # one file of each, where a network solved it


def write_all_files(kept: Kept, folder: Path, seed: int) -> list[dict[str, Any]]:
    """Of each of `FAMILIES`, the last task that was solved, rather with peepholes than without."""
    found: list[dict[str, Any]] = []
    for family in FAMILIES:
        solved = [
            (key, model)
            for key, (model, is_solved) in kept.best.items()
            if is_solved and kept.tasks[key[0]].family == family
        ]
        # Rather with peepholes; rather squashed by tanh, which the integer operator has.
        solved.sort(key=lambda entry: (entry[0][2] == "peephole", entry[1].layers[0].units > 1))
        for key, model in solved[-1:]:
            name = "_".join((key[0], key[2])).replace(" ", "_")
            found += judge_files(model, kept.tasks[key[0]], name, folder, seed)
    return found


def judge_files(
    model: keras.Sequential, task: Task, name: str, folder: Path, seed: int
) -> list[dict[str, Any]]:
    """Write a solved network as float and int8 files and ask each whether it still solves the task.

    A network without input goes into files that carry their state: they run free, one step at a time.
    """
    rng = np.random.default_rng((seed, 2))
    free = task.family in ("GTS", "PFG")
    calibration = task.draw(rng, 1 if free else CALIBRATION).x
    options: dict[str, Any] = {"state": "carry"} if free else {}
    paths: dict[str, Path] = {}
    refused: dict[str, str] = {}
    for kind in KINDS:
        try:
            paths |= write_files(model, name, folder, calibration, kinds=[kind], **options)
        except (ConversionError, ValueError) as error:  # noqa: PERF203 - it goes wrong, or cannot be said in integers
            refused[kind] = str(error)
    test = task.test(rng)
    x, y, counts = (values[:ASKED] for values in test)
    found: list[tuple[str, Path | None, Array]] = [
        ("Keras", None, np.asarray(model.predict(x, verbose=0))),
        *(
            (kind, path, run_free(path, x[0])[None] if free else predict_file(path, x))
            for kind, path in paths.items()
        ),
    ]
    return [
        *_verdicts(task, free, y, counts, found),
        *({"task": task.name, "runs_as": kind, "refused": why} for kind, why in refused.items()),
    ]


def _verdicts(
    task: Task, free: bool, y: Array, counts: Array, found: Sequence[tuple[str, Path | None, Array]]
) -> list[dict[str, Any]]:
    return [
        {
            "task": task.name,
            "runs_as": kind,
            "refused": None,
            "right": float(task.right(answers, y, counts).mean()),
            "steps_right": lasted(answers[0], y[0], task.limit) if free else None,
            "steps": int(y.shape[1]) if free else None,
            "largest_error": float((np.abs(answers - y).max(axis=-1) * counts).max()),
            "bytes": path and path.stat().st_size,
            "file": path and path.name,
        }
        for kind, path, answers in found
    ]


def run_free(path: Path, x: Array) -> Array:
    """The answers `[time, outputs]` of a stream that is fed `x [time, features]`, step by step."""
    stream = edge.load(path, num_threads=1).stream()
    return np.stack([stream.step(step) for step in x])


def files_table(found: Sequence[dict[str, Any]]) -> Table:
    """What each file still does."""
    lines = []
    for row in found:
        if row["refused"]:
            lines.append([row["task"], row["runs_as"], "refused by convert", "", ""])
            continue
        free = row["steps"] is not None
        right = f"{row['steps_right']:,} of {row['steps']:,} steps" if free else f"{row['right']:.1%}"
        size = f"{row['bytes'] / 1024:.1f}" if row["bytes"] else ""
        lines.append([row["task"], row["runs_as"], right, f"{row['largest_error']:.3f}", size])
    columns = ["task", "runs as", "right", "largest\nerror", "size\nKiB"]
    return table("Solved networks as files", columns, lines, left=2)
