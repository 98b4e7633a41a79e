"""How near the training engine comes to what the machine can multiply: `python -m benchmarks.engine_rate`.

The engine alone, called with arrays, forwards and backwards to all weights. Counted are its products: of x
and h with the kernels for the sums of a step, and backwards those for the gradient of h and of the kernels;
what gates and cells cost on top lowers the share. Beside it what the cores reach in multiply-adds on
registers, all at once.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from benchmarks.roofline import Roofline
from benchmarks.tables import Sheet

SIZES = [
    *((64, 100, 64, 64), (64, 100, 64, 128), (64, 50, 128, 192), (128, 30, 128, 256)),
    *((256, 20, 64, 64), (256, 20, 256, 256)),
]  # batch, time, inputs, units


class Rate(NamedTuple):
    """Billions of operations a second: two for a multiply-add."""

    forwards: float
    both: float
    machine: float


def main(
    runs: Annotated[int, typer.Option(min=1, help="Rounds for each size; the fastest counts.")] = 15,
    threads: Annotated[int, typer.Option(min=1, help="Cores to use.")] = len(os.sched_getaffinity(0)),
    quick: Annotated[bool, typer.Option("--quick", help="One size, three rounds.")] = False,
) -> None:
    """Print the rate of each size and its share of the machine's."""
    title = f"The engine on {threads} cores, GFLOP/s: what it reaches of the machine's multiply-adds"
    columns = ["batch x time x inputs x units", "forwards", "both ways", "machine", "forwards", "both ways"]
    sheet = Sheet(title, columns)
    limit = Roofline()
    for size in SIZES[:1] if quick else SIZES:
        found = measure(size, 3 if quick else runs, threads, limit)
        sheet.rows.append(
            [
                " x ".join(map(str, size)),
                *(f"{value:.0f}" for value in found),
                *(f"{value / found.machine:.0%}" for value in found[:2]),
            ]
        )
    sheet.print()


def measure(size: tuple[int, int, int, int], runs: int, threads: int, limit: Roofline) -> Rate:
    """The fastest of several rounds, of each."""
    from keras_lstm_plus.native import Given, Layer, find_engine
    from keras_lstm_plus.spec import LSTMSpec

    batch, time, inputs, units = size
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> Any:
        return rng.normal(scale=shape[0] ** -0.5, size=shape).astype(np.float32)

    state = np.zeros((batch, units), np.float32)
    x = rng.normal(size=(batch, time, inputs)).astype(np.float32)
    kernels = (draw(inputs, 4 * units), draw(units, 4 * units))
    given = Given(x, *kernels, state, state, np.zeros(4 * units, np.float32))
    engine, layer = find_engine(), Layer(LSTMSpec(), units, True, False, threads)
    slopes = (rng.normal(size=(batch, time, units)).astype(np.float32), None, None)
    best = [float("inf")] * 2
    machine = machine_rate(limit, threads)
    for _ in range(runs):
        started = perf_counter()
        shown = engine.forward(layer, given, keep=True)
        forwards = perf_counter() - started
        engine.backward(layer, given, shown, slopes, of_x=False)
        both = perf_counter() - started
        best = [min(best[0], forwards), min(best[1], both)]
    one = 2 * batch * time * 4 * units / 1e9  # operations for each row of the kernels
    rows = inputs + units
    machine = max(machine, machine_rate(limit, threads))
    return Rate(one * rows / best[0], one * (2 * rows + units) / best[1], machine)


def machine_rate(limit: Roofline, threads: int) -> float:
    """Of all these cores at once, GFLOP/s."""
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda _: limit.rates(1024).multiply_adds, range(threads))
    return 2 * sum(found) / 1e9


if __name__ == "__main__":
    typer.run(main)
