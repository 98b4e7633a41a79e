"""What a run found: the tables for people and the JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.table import Table

from edge.aliases import Array
from edge.benchmark import machine
from examples.common.tables import table
from examples.guitar_pedal.data import Pair, Recordings
from examples.guitar_pedal.measure import TAPS, emphasised, esr
from examples.guitar_pedal.realtime import Clock

# Quick baselines of this project, on such clips through this pedal; how they were split is not recorded.
BEFORE = {"linear filter": 0.100, "LSTM(16) with a skip": 0.039}


class Row(NamedTuple):
    """One imitation of the pedal on the unseen recording.

    Attributes:
        model: what it is.
        form: `"NumPy"` or `"Keras"` for what is in memory, else the kind of file.
        plain, treble: the error-to-signal ratio without and with pre-emphasis.
        sound: what it made of the recording, `[samples]`.
        path: of the file.
    """

    model: str
    form: str
    plain: float
    treble: float
    sound: Array
    path: Path | None = None


def judged(model: str, form: str, unseen: Pair, sound: Array, path: Path | None = None) -> Row:
    """Compare `sound` with what the pedal made of the unseen recording."""
    treble = esr(emphasised(unseen.wet), emphasised(sound))
    return Row(model, form, esr(unseen.wet, sound), treble, sound, path)


def error_table(rows: Sequence[Row], unseen: Pair) -> Table:
    """The error of every imitation, and the size of every file."""
    lines: list[list[str]] = []
    for number, row in enumerate(rows):
        if number and rows[number - 1].model != row.model:
            lines.append([])
        size = f"{row.path.stat().st_size / 1024:.1f}" if row.path else ""
        lines.append(
            [row.model, row.form, f"{row.plain:.4f}", decibels(row.plain), f"{row.treble:.4f}", size]
        )
    earlier = [[name, "earlier", f"{value:.3f}", decibels(value), "", ""] for name, value in BEFORE.items()]
    title = f"Error-to-signal ratio on {unseen.name}, {unseen.seconds:.1f} s never heard in training"
    columns = ["imitation", "runs as", "ESR", "in dB", "ESR, pre-\nemphasis", "size\nKiB"]
    return table(title, columns, [*lines, [], *earlier], left=2)


def decibels(ratio: float) -> str:
    """A ratio of energies in dB."""
    return f"{10 * np.log10(ratio):.1f}"


def clock_table(clocks: Sequence[tuple[str, Clock]]) -> Table:
    """The time of every file at every length of block."""
    lines: list[list[str]] = []
    for number, (form, clock) in enumerate(clocks):
        if number and clocks[number - 1][0] != form:
            lines.append([])
        wall = [f"{clock.deadline:.2f}", f"{clock.median:.3f}", f"{clock.worst:.1f}"]
        own = [f"{value:.3f}" for value in (clock.own_median, clock.own_worst)]
        late = f"{clock.late / clock.blocks:.2%}"
        lines.append([form, str(clock.block), *wall, late, *own, f"{clock.factor:.1f}x"])
    columns = [
        "file",
        "block",
        "dead-\nline",
        "median",
        "worst",
        "late",
        "own\nmedian",
        "own\nworst",
        "sound\nto own",
    ]
    return table("Against the clock, in ms: 44.1 kHz, one thread, the state carried", columns, lines)


def as_json(
    rows: Sequence[Row],
    clocks: Sequence[tuple[str, Clock]],
    recordings: Recordings,
    losses: Sequence[float],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "settings": {**settings, "filter_taps": TAPS},
        "recordings": {
            "seen": [{"name": pair.name, "seconds": pair.seconds} for pair in recordings.seen],
            "unseen": {"name": recordings.unseen.name, "seconds": recordings.unseen.seconds},
        },
        "imitations": [
            {
                "model": row.model,
                "as": row.form,
                "esr": row.plain,
                "esr_with_pre_emphasis": row.treble,
                "file": row.path and row.path.name,
                "bytes": row.path and row.path.stat().st_size,
            }
            for row in rows
        ],
        "earlier": BEFORE,
        "clocks": [{"as": form, **clock._asdict()} for form, clock in clocks],
        "losses": list(losses),
        "machine": machine.describe(),
    }
