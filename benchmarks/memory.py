"""One gradient step in a process of its own: prints what it added to the peak memory, in MB."""

from __future__ import annotations

import sys

import numpy as np


def main(name: str, *size: str) -> None:
    from benchmarks import contestants as c
    from edge.benchmark.machine import peak_memory_mb

    batch, time, inputs, units = map(int, size)
    small = np.zeros((batch, 2, inputs), "float32")
    standard, _ = c._layers(inputs, units)
    layer = standard if name.startswith("LSTMPlus") else c._stock(standard)
    c._step(layer, small)()  # what TensorFlow itself takes
    before = peak_memory_mb() or 0.0
    x = np.random.default_rng(0).normal(size=(batch, time, inputs)).astype("float32")
    c._step(layer, x)()
    print((peak_memory_mb() or 0.0) - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
