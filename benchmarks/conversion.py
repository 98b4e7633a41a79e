"""`python -m benchmarks.conversion`: how long a conversion takes, and how much memory.

A process of its own for each kind of numbers, so that the memory is that of one conversion, TensorFlow
included. The seconds are those of `convert` alone, with its check against Keras; the imports are not in them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

KINDS = ("float", "float16", "dynamic", "int8")
FEATURES, STEPS, SAMPLES = 32, 100, 200


def convert_once(kind: str, units: int) -> dict[str, float]:
    """Seconds, MiB and bytes for one file of a model with two LSTMs."""
    import tempfile
    import time
    from pathlib import Path

    import keras
    import numpy as np

    from edge.benchmark.machine import peak_memory_mb
    from edge.convert import convert
    from keras_lstm_plus import LSTMPlus

    keras.utils.set_random_seed(0)
    layers = [LSTMPlus(units, "peephole", return_sequences=True), LSTMPlus(units, "peephole")]
    model = keras.Sequential([keras.Input((None, FEATURES)), *layers, keras.layers.Dense(10)])
    x = np.random.default_rng(0).normal(size=(SAMPLES, STEPS, FEATURES)).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        result = convert(model, Path(folder) / "model.tflite", None if kind == "float" else kind, x)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_mb": peak_memory_mb() or float("nan"), "bytes": result.size}


def main(
    units: Annotated[int, typer.Option(min=1, help="Cells in each of the two layers.")] = 256,
    one: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Time and memory of converting two LSTM layers, calibrated and checked on 200 sequences of 100 steps."""
    if one is not None:
        print(json.dumps(convert_once(one, units)))
        return
    table = Table(title=f"Converting 2 x {units} peephole cells", title_justify="left")
    for name in ("numbers", "seconds", "peak memory, MiB", "file, KiB"):
        table.add_column(name, justify="right")
    console = Console()
    for kind in KINDS:
        with console.status(f"converting to {kind}"):
            command = [sys.executable, "-m", "benchmarks.conversion", "--one", kind, "--units", str(units)]
            done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"The conversion to {kind} failed: {done.stderr[-500:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        table.add_row(
            kind, f"{found['seconds']:.1f}", f"{found['peak_mb']:,.0f}", f"{found['bytes'] / 1024:,.0f}"
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
