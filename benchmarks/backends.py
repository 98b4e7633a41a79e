"""Training on Keras's other backends, with the engine and without: `python -m benchmarks.backends`.

A gradient step (forward, and backward to all weights) of this layer and of `keras.layers.LSTM` on the same
data: on JAX compiled as `fit` compiles it, on PyTorch eagerly as `fit` runs it, with `torch.nn.LSTM` beside
it. One process a backend, in which the contestants take turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from benchmarks.engine_switch import WITHOUT, engine_is_here, without
from benchmarks.tables import Sheet, geometric_mean
from benchmarks.turns import Figures, interleave

BACKENDS = {"jax": "JAX", "torch": "PyTorch"}
SIZES = [(64, 50, 32, 64), (64, 100, 64, 128), (128, 35, 256, 256)]  # batch, time, inputs, units
Results = dict[str, dict[str, Figures]]  # by size and contestant


def main(
    runs: Annotated[int, typer.Option(min=1, help="Counted rounds for each size.")] = 7,
    quick: Annotated[bool, typer.Option("--quick", help="The smallest size, two rounds.")] = False,
    backend: Annotated[str, typer.Option(help="Measure here: Keras runs on this one already.")] = "",
) -> None:
    """Print how much faster the engine is on each backend that is installed."""
    runs, sizes = (min(runs, 2), SIZES[:1]) if quick else (runs, SIZES)
    if backend:
        print(json.dumps({" x ".join(map(str, size)): measure(size, runs) for size in sizes}))
        return
    for name, title in BACKENDS.items():
        command = [sys.executable, "-m", "benchmarks.backends", "--backend", name, "--runs", str(runs)]
        environment = {**os.environ, "KERAS_BACKEND": name}
        done = subprocess.run(
            [*command, *["--quick"] * quick], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            typer.echo(f"{title}: left out ({done.stderr.strip().splitlines()[-1]})", err=True)
            continue
        sheet(title, json.loads(done.stdout.splitlines()[-1])).print()


def sheet(title: str, results: Results) -> Sheet:
    """The fastest run of each, and how many times as fast that is as the layer without the engine."""
    names = list(next(iter(results.values())))
    table = Sheet(
        f"{title}: one gradient step, ms (fastest), and times as fast as {WITHOUT}", ["size", *names]
    )
    ratios: dict[str, list[float]] = {name: [] for name in names}
    for size, found in results.items():
        row = [size]
        for name in names:
            ratio = found[WITHOUT]["min"] / found[name]["min"]
            ratios[name].append(ratio)
            row.append(f"{found[name]['min']:.3g}" + (f" {ratio:.2f}x" if name != WITHOUT else ""))
        table.rows.append(row)
    means = [f"{geometric_mean(ratios[name]):.2f}x" if name != WITHOUT else "" for name in names]
    table.means.append(["mean", *means])
    return table


def measure(size: tuple[int, int, int, int], runs: int) -> dict[str, Figures]:
    """On the backend that Keras has here."""
    import keras
    import numpy as np

    from keras_lstm_plus import LSTMPlus

    batch, time, inputs, units = size
    x = np.random.default_rng(0).normal(size=(batch, time, inputs)).astype("float32")
    step = _jax_step if keras.backend.backend() == "jax" else _torch_step
    layers = [cls(units, return_sequences=True) for cls in (keras.layers.LSTM, LSTMPlus, LSTMPlus)]
    for layer in layers:
        layer.build((None, None, inputs))
    steps = {"Keras": step(layers[0], x), WITHOUT: without(step(layers[1], x))}
    if engine_is_here():
        steps["LSTMPlus"] = step(layers[2], x)
    if keras.backend.backend() == "torch":
        steps["torch.nn.LSTM"] = _torch_own(x, units)
    return interleave(steps, runs)


def _jax_step(layer: Any, x: Any) -> Callable[[], Any]:
    import jax

    weights = [variable.value for variable in layer.trainable_variables]
    fixed = [variable.value for variable in layer.non_trainable_variables]
    data = jax.numpy.asarray(x)

    def loss(weights: Any, data: Any) -> Any:
        shown, _ = layer.stateless_call(weights, fixed, data, training=True)
        return jax.numpy.sum(jax.numpy.square(shown))

    step = jax.jit(jax.grad(loss))
    return lambda: jax.block_until_ready(step(weights, data))


def _torch_step(layer: Any, x: Any) -> Callable[[], Any]:
    import torch

    data = torch.from_numpy(x)
    weights = [variable.value for variable in layer.trainable_variables]
    return lambda: torch.autograd.grad(layer(data, training=True).square().sum(), weights)


def _torch_own(x: Any, units: int) -> Callable[[], Any]:
    import torch

    lstm, data = torch.nn.LSTM(x.shape[2], units, batch_first=True), torch.from_numpy(x)
    return lambda: torch.autograd.grad(lstm(data)[0].square().sum(), list(lstm.parameters()))


if __name__ == "__main__":
    typer.run(main)
