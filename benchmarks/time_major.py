"""Is the time-major form faster for a batch larger than one? `python -m benchmarks.time_major`.

The fused operator runs a batch-major input one row at a time; a time-major one lets it multiply all rows at
once. This rewrites a converted file of a fixed batch to `time_major`, a TRANSPOSE before and after each
operator, and measures both side by side, with the file for single rows, called once a row.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import typer

STEPS, INPUTS = 50, 32
CASES = [
    (32, 8, None),
    (32, 8, "dynamic"),
    (32, 8, "int8"),
    (128, 16, None),
    (128, 16, "dynamic"),
    (256, 4, None),
]


def main(quick: bool = typer.Option(False, "--quick", help="The first case alone.")) -> None:
    """Print how many times as fast the time-major form is."""
    import keras
    from rich.console import Console
    from rich.table import Table

    from edge.benchmark.host import benchmark
    from edge.convert import convert
    from keras_lstm_plus import LSTMPlus

    table = Table(
        "cells", "batch", "quantize", title=f"Two layers, {STEPS} steps, {INPUTS} inputs, one thread"
    )
    for header in ("batch-major, ms", "time-major, ms", "ratio", "one row at a time, ms", "difference/σ"):
        table.add_column(header, justify="right")
    x = np.random.default_rng(0).normal(size=(32, STEPS, INPUTS)).astype("float32")
    for units, batch, quantize in CASES[:1] if quick else CASES:
        keras.utils.set_random_seed(0)
        inputs = keras.Input((STEPS, INPUTS))
        lstm = LSTMPlus(units)(LSTMPlus(units, return_sequences=True)(inputs))
        model = keras.Model(inputs, keras.layers.Dense(10)(lstm))
        with TemporaryDirectory() as folder:
            major, time, single = (Path(folder) / f"{name}.tflite" for name in ("batch", "time", "single"))
            convert(model, major, quantize, x, batch=batch)
            convert(model, single, quantize, x)
            time.write_bytes(time_major(major.read_bytes()))
            files = benchmark([major, time, single], runs=100)["files"]
        first, second, third = (file["inference_ms"]["median"] for file in files)
        figures = (f"{first:.2f}", f"{second:.2f}", f"{first / second:.2f}x", f"{batch * third:.2f}")
        table.add_row(str(units), str(batch), str(quantize), *figures, f"{files[1]['error']['relative']:.1e}")
    Console().print(table)


def time_major(content: bytes) -> bytes:
    """The file with each fused LSTM in time-major form, between two TRANSPOSEs."""
    from edge.convert.graph import flatbuffer as fb
    from edge.convert.graph import operators

    model = fb.load(content)
    order = fb.add_constant(model, "time_first", np.array([1, 0, 2], np.int32))

    def turned(index: int, name: str) -> int:
        batch, time, *rest = fb.tensor_shape(model, index)
        new = fb.add_tensor(model, name, (time, batch, *rest), fb.tensor_dtype(model, index))
        fb.copy_type(model, index, new)
        return new

    def transpose(source: int, target: int) -> Any:
        options = operators.schema.TransposeOptionsT()
        return operators._operator(model, "TRANSPOSE", 2, [source, order], [target], options)

    for number, operator in enumerate(operators.named(model, operators.LSTM)):
        source, result = operator.inputs[0], operator.outputs[0]
        into, out = turned(source, f"time_first_{number}"), turned(result, f"time_first_{number}_out")
        operator.builtinOptions.timeMajor = True
        operator.inputs, operator.outputs = [into, *list(operator.inputs)[1:]], [out]
        operators.insert_before(model, operator, transpose(source, into))
        operators.insert_after(model, operator, transpose(out, result))
    return fb.pack(model)


if __name__ == "__main__":
    typer.run(main)
