"""Training speed, side by side in one run: `python -m benchmarks.training`.

One gradient step (forward and backward, with respect to all weights) on the same data and weights: the median
time, and how many times as fast as `keras.layers.LSTM` in its own best setting (plain graph or XLA). Then an
epoch of `model.fit`; how the cost grows with time and batch; the peak memory. The contestants take turns, so
that a noisy machine is as noisy for each.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Annotated, Any

import typer

Steps = dict[str, Callable[[], Any]]

# batch, time, inputs, units: a sensor, a keyboard, speech, a language model, a long recording
SIZES = [(32, 100, 32, 64), (64, 100, 64, 128), (32, 50, 256, 512), (16, 400, 16, 32), (128, 30, 128, 256)]
OURS = ("LSTMPlus", "LSTMPlus peephole")
PAUSE = 0.05  # seconds: PyTorch's threads spin for a while after their work, on the next one's cores
KERAS = ("Keras", "Keras, XLA")


def main(
    runs: Annotated[int, typer.Option(help="Counted rounds for each size.")] = 9,
    quick: Annotated[bool, typer.Option("--quick", help="Two small sizes, nothing else.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
) -> None:
    """Measure LSTMPlus against keras.layers.LSTM, BlockLSTMV2 and torch.nn.LSTM."""
    from benchmarks import contestants as c
    from benchmarks.tables import print_growth, print_sizes

    sizes = SIZES[:1] + SIZES[3:4] if quick else SIZES
    results: dict[str, Any] = {"machine": machine(), "steps": {}, "fit": {}, "growth": {}}
    for size in sizes:
        results["steps"][" x ".join(map(str, size))] = interleave(c.gradient_steps(*size), runs)
    print_sizes("One gradient step (median, ms)", results["steps"], KERAS, OURS)
    if not quick:
        for size in SIZES[:3]:
            results["fit"][" x ".join(map(str, size))] = interleave(c.epochs(*size), runs)
        print_sizes("One epoch of model.fit, 10 batches (median, ms)", results["fit"], KERAS[:1], OURS)
        results["growth"] = {
            "time": {t: interleave(c.ours(16, t, 16, 32), 3) for t in (100, 1000, 10_000)},
            "batch": {b: interleave(c.ours(b, 100, 16, 32), 3) for b in (16, 64, 256)},
            "memory, MB": {t: c.peak_memory(16, t, 16, 32) for t in (100, 1000, 10_000)},
        }
        print_growth(results["growth"])
    if out is not None:
        draft = out.with_name(out.name + ".draft")
        draft.write_text(json.dumps(results, indent=1))
        draft.replace(out)


def interleave(steps: Steps, runs: int) -> dict[str, float]:
    """Median time of each in milliseconds, in turns, after two warm-up rounds."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(-2, runs):
        for name, step in steps.items():
            sleep(PAUSE)
            start = perf_counter()
            step()
            if round_ >= 0:
                times[name].append(1e3 * (perf_counter() - start))
    return {name: median(values) for name, values in times.items()}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    import keras
    import tensorflow as tf

    from edge.benchmark.machine import describe

    return {
        **describe(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


if __name__ == "__main__":
    typer.run(main)
