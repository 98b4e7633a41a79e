"""After the last experiment: which networks become files, and which stand in the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from examples.timing import pictures
from examples.timing.files import judge_files
from examples.timing.report import GERS_TASKS, Row
from examples.timing.run import Kept

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


def draw_pictures(rows: Sequence[Row], kept: Kept, out: Path) -> None:
    """`solved.png` and `streams.png` for the tasks of 2002, `adding.png` where adding was learned."""
    if any(row.family in GERS_TASKS for row in rows):
        pictures.solved_runs(rows, out / "solved.png")
        pictures.streams(kept, out / "streams.png")
    if any(row.family == "adding" for row in rows):
        pictures.adding(rows, out / "adding.png")
