"""What a run found: tables for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from examples.common.tables import table
from examples.timing.experiment import BOTH, Row

GERS_TASKS = ("MSD", "GTS", "PFG")
CLAIMED_WITHOUT = (
    "MSD",
    "PFG cosine 10",
)  # what Gers et al. 2002 find solvable without peepholes; with them all
PAPER_1997 = {
    "embedded Reber": "solved",
    "order 6a": "31,390",
    "order 6b": "571,100",
    "adding 100": "solved",
    "adding 1000": "solved",
}


def claimed(row: Row) -> bool:
    """Whether Gers et al. 2002 find the task of the row solvable for its variant."""
    return row.variant == "peephole" or row.family in CLAIMED_WITHOUT or row.task in CLAIMED_WITHOUT


def gers_table(rows: Sequence[Row]) -> Table:
    """Solved runs with and without peepholes, beside what the paper found."""
    rows = [row for row in rows if row.family in GERS_TASKS]
    settings = list(dict.fromkeys(row.setting for row in rows))
    kinds = [(setting, variant) for setting in settings for variant in BOTH]
    lines: list[list[str]] = []
    family = None
    for task in dict.fromkeys(row.task for row in rows):
        here = {(row.setting, row.variant): row for row in rows if row.task == task}
        first = next(iter(here.values()))
        if family not in (None, first.family):
            lines.append([])
        family = first.family
        by_variant = {variant: row for (_, variant), row in here.items()}
        paper = ["yes" if claimed(by_variant[variant]) else "no" for variant in BOTH]
        lines.append([task, *paper, *(here[kind].share if kind in here else "" for kind in kinds)])
    heads = [f"{setting}\n{'with' if variant == 'peephole' else 'without'}" for setting, variant in kinds]
    columns = ["task", "paper\nwithout", "paper\nwith", *heads]
    return table("Solved runs, without and with peepholes", columns, lines)


def classics_table(rows: Sequence[Row]) -> Table:
    """The tasks of 1997: solved runs, sequences until half were solved, and sequences right afterwards."""
    lines: list[list[str]] = []
    task = None
    for row in (row for row in rows if row.family not in GERS_TASKS):
        if task not in (None, row.task):
            lines.append([])
        paper = PAPER_1997.get(row.task, "") if row.task != task else ""
        task = row.task
        median = f"{row.median:,}" if row.median is not None else "-"
        limit = row.experiment.setting.updates * row.experiment.task.batch
        right = sum(row.learned.right) / len(row.learned.right)
        lines.append([task, row.variant, row.share, median, f"{limit:,}", f"{right:.1%}", paper])
    columns = ["task", "network", "solved", "sequences,\nmedian", "at most", "tests\nright", "paper"]
    return table("The tasks of 1997", columns, lines, left=2)


def as_json(rows: Sequence[Row], files: Sequence[dict[str, Any]], settings: dict[str, Any]) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "settings": settings,
        "experiments": [
            {
                "task": row.task,
                "family": row.family,
                "network": row.experiment.setting._asdict(),
                "variant": row.variant,
                "solved_by_the_paper": claimed(row) if row.family in GERS_TASKS else True,
                "solved_runs": row.solved,
                "runs": len(row.learned.solved),
                "solved_after_sequences": row.learned.solved,
                "test_sequences_right": row.learned.right,
                "steps_until_first_error": row.learned.lasted,
                "loss": row.learned.curve,
                "seconds": row.seconds,
            }
            for row in rows
        ],
        "files": list(files),
    }
