"""`python -m benchmarks.conversion`: how long a conversion takes, and how much memory beside the model.

A process of its own for each kind of numbers, so that the memory is that of one conversion. Time and memory
are those of `convert` alone, with its check against Keras: the imports and the model are not in them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

KINDS = ("float", "float16", "dynamic", "int8")
FEATURES, STEPS, SAMPLES = 32, 100, 200
WORDS, EMBEDDED, CELLS = 20_000, 512, 1024


class Which(str, Enum):
    """A small model, and one whose weights are what a conversion has to carry."""

    layers = "layers"
    keyboard = "keyboard"


def built(which: str, units: int) -> tuple[Any, Any, str]:
    """A Keras model, input for it, and what it is."""
    import keras
    import numpy as np

    from keras_lstm_plus import LSTMPlus

    keras.utils.set_random_seed(0)
    rng, layers = np.random.default_rng(0), keras.layers
    if which == Which.layers:
        stack = [LSTMPlus(units, "peephole", return_sequences=True), LSTMPlus(units, "peephole")]
        model = keras.Sequential([keras.Input((None, FEATURES)), *stack, layers.Dense(10)])
        x = rng.normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
        return model, x, f"2 x {units} peephole cells"
    stack = [LSTMPlus(CELLS, return_sequences=True), LSTMPlus(CELLS)]
    ends = layers.Embedding(WORDS, EMBEDDED), layers.Dense(WORDS)  # 8 bits hold no softmax of so many
    model = keras.Sequential([keras.Input((None,), dtype="int32"), ends[0], *stack, ends[1]])
    return model, rng.integers(0, WORDS, (8, 20)), f"2 x {CELLS} cells between {WORDS:,} words"


def convert_once(which: str, kind: str, units: int) -> dict[str, Any]:
    """Seconds, MiB and bytes for one file."""
    import tempfile
    import time

    from edge.convert import convert

    model, x, title = built(which, units)
    weights = sum(weight.shape.num_elements() for weight in (v.value for v in model.variables)) * 4
    with tempfile.TemporaryDirectory() as folder:
        before = _from_here()
        start = time.perf_counter()
        result = convert(model, Path(folder) / "model.tflite", None if kind == "float" else kind, x)
        seconds = time.perf_counter() - start
    return {
        "title": f"{title}, {weights / 1e6:.0f} MB of weights",
        "seconds": seconds,
        "added_mb": _memory("VmHWM") - before,
        "bytes": result.size,
    }


def _from_here() -> float:
    """What the process holds now, in MiB; its peak is counted anew from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def main(
    which: Annotated[Which, typer.Option("--model", help="What is converted.")] = Which.layers,
    units: Annotated[int, typer.Option(min=1, help="Cells in each of the two layers.")] = 256,
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Time and memory of converting two LSTM layers, calibrated and checked."""
    if not Path("/proc/self/clear_refs").exists():
        raise SystemExit("Memory is read from /proc, which this system does not have: run it on Linux.")
    if one is not None:
        print(json.dumps(convert_once(which.value, one, units)))
        return
    table = Table(title_justify="left")
    for name in ("numbers", "seconds", "memory beside the model, MiB", "file, KiB"):
        table.add_column(name, justify="right")
    console = Console()
    for kind in KINDS:
        with console.status(f"converting to {kind}"):
            options = ["--model", which.value, "--one", kind, "--units", str(units)]
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.conversion", *options], capture_output=True, text=True
            )
        if done.returncode:
            raise SystemExit(f"The conversion to {kind} failed: {done.stderr[-500:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        table.title = f"Converting {found['title']}"
        table.add_row(
            kind, f"{found['seconds']:.1f}", f"{found['added_mb']:,.0f}", f"{found['bytes'] / 1024:,.0f}"
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
