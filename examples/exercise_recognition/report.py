"""What a run found: the table for people and the JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from examples.common.files import Cost
from examples.common.tables import price, table
from examples.exercise_recognition.files import Score


class Row(NamedTuple):
    """One model on one group of unseen people.

    Attributes:
        network: a variant of `LSTMPlus`, or `"Keras LSTM"`.
        form: `"Keras"` for the model in memory, else the kind of file.
        unseen: the people held out.
        score: on them.
        path: of the file; None for a model in memory.
    """

    network: str
    form: str
    unseen: tuple[int, ...]
    score: Score
    path: Path | None = None


def final_table(rows: Sequence[Row], cost: dict[str, Cost]) -> Table:
    """Accuracy, size and time of everything that was judged on one group of unseen people."""
    people = " and ".join(map(str, rows[0].unseen))
    lines: list[list[str]] = []
    for number, row in enumerate(rows):
        if number and rows[number - 1].network != row.network:
            lines.append([])
        shares = [f"{row.score.windows:.1%}", f"{row.score.recordings:.1%}"]
        lines.append([row.network, row.form, *shares, *price(cost[str(row.path)] if row.path else None)])
    columns = ["network", "runs as", "windows\nright", "recordings\nright"]
    title = f"On people never seen in training: subjects {people}"
    return table(title, [*columns, "size\nKiB", "median\nms", "speed\nto stock"], lines, left=2)


def fold_table(rows: Sequence[Row]) -> Table:
    """Accuracy on the windows of each group of people when they were the unseen ones, and the mean.

    The float files are left out: they answer as Keras does.
    """
    kinds = list(dict.fromkeys((row.network, row.form) for row in rows if "float" not in row.form))
    folds = list(dict.fromkeys(row.unseen for row in rows))
    found = {(row.unseen, row.network, row.form): row.score.windows for row in rows}
    lines = [
        [", ".join(map(str, fold)), *(f"{found[fold, network, form]:.1%}" for network, form in kinds)]
        for fold in folds
    ]
    mean = ["mean", *(f"{mean_accuracy(rows, *kind):.1%}" for kind in kinds)]
    columns = ["subjects", *(f"{network}\n{form}" for network, form in kinds)]
    return table("Windows right, by who was unseen", columns, [*lines, [], mean])


def mean_accuracy(rows: Sequence[Row], network: str, form: str) -> float:
    """Mean over the groups of unseen people, each counting once."""
    return float(np.mean([row.score.windows for row in rows if (row.network, row.form) == (network, form)]))


def as_json(
    rows: Sequence[Row],
    histories: dict[str, dict[str, list[float]]],
    timing: dict[str, Any],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Everything as plain values.

    Args:
        rows: of all groups of unseen people.
        histories: of the training in the last of them.
        timing: of the files of that one, from `edge.benchmark.host`.
        settings: what the run was asked for.
    """
    kinds = dict.fromkeys((row.network, row.form) for row in rows)
    return {
        "settings": settings,
        "models": [
            {
                "network": row.network,
                "as": row.form,
                "unseen_subjects": list(row.unseen),
                "windows_right": row.score.windows,
                "recordings_right": row.score.recordings,
                "confusion": row.score.confusion.tolist(),
                "file": row.path and row.path.name,
                "bytes": row.path and row.path.stat().st_size,
            }
            for row in rows
        ],
        "mean_windows_right": [
            {"network": network, "as": form, "value": mean_accuracy(rows, network, form)}
            for network, form in kinds
        ],
        "training": histories,
        "benchmark": timing,
    }
