"""What one gradient step adds to the peak memory of a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from benchmarks.engine_switch import SWITCH, WITHOUT, engine_is_here


def peak_memory(batch: int, time: int, inputs: int, units: int) -> dict[str, float]:
    """By contestant, in MB."""
    found = {}
    for name in ("Keras", *((WITHOUT,) if engine_is_here() else ()), "LSTMPlus", "LSTMPlus peephole"):
        command = [sys.executable, "-m", "benchmarks.memory", name, *map(str, (batch, time, inputs, units))]
        environment = {**os.environ, **({SWITCH: "0"} if name == WITHOUT else {})}
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if run.returncode:
            raise OSError(f"The process that measures the memory of {name} failed: {run.stderr[-500:]}")
        found[name] = float(run.stdout)
    return found


def main(name: str, *size: str) -> None:
    """Print what a step of `name` adds."""
    from benchmarks import contestants as c
    from edge.benchmark.machine import peak_memory_mb

    batch, time, inputs, units = map(int, size)
    small = np.zeros((batch, 2, inputs), "float32")
    standard, peephole = c.layers(inputs, units)
    layer = {"Keras": c.stock(standard), "LSTMPlus peephole": peephole}.get(name, standard)
    c.gradient_step(layer, small)()  # what TensorFlow itself takes
    before = peak_memory_mb() or 0.0
    x = np.random.default_rng(0).normal(size=(batch, time, inputs)).astype("float32")
    c.gradient_step(layer, x)()
    print((peak_memory_mb() or 0.0) - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
