"""What a run found: the table for people and the JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

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


class Cost(NamedTuple):
    """What a file costs: KiB on disk, median ms for one window, and how many times as fast as stock it is."""

    size: float
    latency: float
    speed: float


def costs(timing: dict[str, Any]) -> dict[str, Cost]:
    """The cost of each file by its path, from `edge.benchmark`; its first file is the stock one."""
    stock = timing["files"][0]["inference_ms"]["median"]
    return {
        file["path"]: Cost(
            file["size_bytes"] / 1024, file["inference_ms"]["median"], stock / file["inference_ms"]["median"]
        )
        for file in timing["files"]
    }


def final_table(rows: Sequence[Row], cost: dict[str, Cost]) -> Table:
    """Accuracy, size and time of everything that was judged on one group of unseen people."""
    people = " and ".join(map(str, rows[0].unseen))
    table = Table(title=f"On people never seen in training: subjects {people}", title_justify="left")
    table.add_column("network")
    table.add_column("runs as")
    for heading in ("windows\nright", "recordings\nright", "size\nKiB", "median\nms", "speed\nto stock"):
        table.add_column(heading, justify="right")
    for number, row in enumerate(rows):
        price = ["", "", ""]
        if row.path is not None:
            size, latency, speed = cost[str(row.path)]
            price = [f"{size:.1f}", f"{latency:.3f}", f"{speed:.2f}x"]
        table.add_row(
            row.network,
            row.form,
            f"{row.score.windows:.1%}",
            f"{row.score.recordings:.1%}",
            *price,
            end_section=number + 1 < len(rows) and rows[number + 1].network != row.network,
        )
    return table


def fold_table(rows: Sequence[Row]) -> Table:
    """Accuracy on the windows of each group of people when they were the unseen ones, and the mean.

    The float files are left out: they answer as Keras does.
    """
    kinds = list(dict.fromkeys((row.network, row.form) for row in rows if "float" not in row.form))
    table = Table(title="Windows right, by who was unseen", title_justify="left")
    table.add_column("subjects")
    for network, form in kinds:
        table.add_column(f"{network}\n{form}", justify="right")
    folds = list(dict.fromkeys(row.unseen for row in rows))
    found = {(row.unseen, row.network, row.form): row.score.windows for row in rows}
    for fold in folds:
        cells = [f"{found[fold, network, form]:.1%}" for network, form in kinds]
        table.add_row(", ".join(map(str, fold)), *cells, end_section=fold == folds[-1])
    table.add_row("mean", *(f"{mean_accuracy(rows, *kind):.1%}" for kind in kinds), style="bold")
    return table


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
        timing: of the files of that one, from `edge.benchmark`.
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
