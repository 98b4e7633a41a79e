"""What a run found: tables for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from examples.common.files import Cost
from examples.common.tables import price, table
from examples.grid.experiment import Run
from examples.grid.files import FileRow
from examples.grid.network import KINDS, units_for, weights
from examples.grid.train import Lesson


def of(runs: Sequence[Run], name: str) -> list[Run]:
    """The runs of one kind."""
    return [run for run in runs if run.name == name]


def solved(runs: Sequence[Run]) -> int:
    """How many of them solved the task."""
    return sum(run.learned.solved is not None for run in runs)


def median(runs: Sequence[Run]) -> int | None:
    """Sums until half of the networks had solved it; None: fewer than half did."""
    known = sorted(run.learned.solved or 10**9 for run in runs)
    middle = known[(len(known) - 1) // 2]
    return middle if middle < 10**9 else None


def learning_table(runs: Sequence[Run], what: Lesson) -> Table:
    """Of each kind: its size, how many seeds solved the task, after how many sums, and what it took."""
    lines = []
    for name in dict.fromkeys(run.name for run in runs):
        mine = of(runs, name)
        after, final = median(mine), [run.learned.curve[-1][-1] for run in mine]
        lines.append(
            [
                name,
                f"{weights(name, units_for(name, what.size)):,}",
                f"{solved(mine)} of {len(mine)}",
                f"{after:,}" if after else "-",
                f"{np.median(final):.1%}",
                f"{min(final):.1%}",
                f"{np.median([run.learned.seconds for run in mine]):.0f}",
            ]
        )
    columns = ["network", "weights", "solved", "sums seen,\nmedian"]
    columns += ["right,\nmedian", "right,\nworst", "seconds"]
    title = f"Numbers of {what.digits} digits: sums held out that are right in every digit"
    return table(title, columns, lines)


def file_table(rows: Sequence[FileRow], costs: Mapping[str, Cost]) -> Table:
    """Of each network and file: the sums it gets right, its size and its time."""
    lines: list[list[str]] = []
    for row in rows:
        if lines and row.numbers == "Keras":
            lines.append([])
        share = "refused" if row.whole is None else f"{row.whole:.1%}"
        lines.append([row.name, row.numbers, share, *price(costs.get(str(row.path)))])
    return table("As files", ["network", "runs as", "right", "KiB", "ms", "speed"], lines, left=2)


def finding(runs: Sequence[Run]) -> str:
    """Who solves the task, in words that are computed."""
    grids = [run for run in runs if KINDS[run.name].grid]
    stacks = [run for run in runs if not KINDS[run.name].grid]
    return (
        f"{solved(grids)} of {len(grids)} grids learn it, "
        f"{solved(stacks)} of {len(stacks)} stacks of as many weights"
    )


def as_json(
    runs: Sequence[Run], files: Sequence[FileRow], timing: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything, for machines."""
    return {
        "settings": dict(settings),
        "runs": [
            {
                "network": run.name,
                "seed": run.seed,
                "rate": run.rate,
                "solved": run.learned.solved,
                "seconds": run.learned.seconds,
                "curve": run.learned.curve,
            }
            for run in runs
        ],
        "files": [{**row._asdict(), "path": row.path and row.path.name} for row in files],
        "timing": dict(timing),
    }
