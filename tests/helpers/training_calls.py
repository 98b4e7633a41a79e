"""Random calls of the training engine, and what is wrong with its answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge.aliases import Array
from keras_lstm_plus.native import Engine, Given, Gradients, Layer, Shown
from keras_lstm_plus.spec import LSTMSpec
from tests.helpers import training_oracle as oracle

SPECS = {
    "standard": LSTMSpec(),
    "peephole": LSTMSpec(peephole=True),
    "no bias": LSTMSpec(use_bias=False),
    "coupled": LSTMSpec(input_gate="coupled", peephole=True),
    "open i": LSTMSpec(input_gate="open", peephole=True),
    "open f": LSTMSpec(forget_gate="open", peephole=True),
    "open o": LSTMSpec(output_gate="open", peephole=True),
    "candidate alone": LSTMSpec(input_gate="open", forget_gate="open", output_gate="open"),
    "clipped": LSTMSpec(cell_clip=0.3, peephole=True),
    "projected": LSTMSpec(projection_units=5, projection_clip=0.1, use_bias=False),
    "projected to more": LSTMSpec(projection_units=70, input_gate="coupled"),
    "diagonal": LSTMSpec(recurrence="diagonal", peephole=True),
    "all of it": LSTMSpec(
        projection_units=7, projection_clip=0.2, cell_clip=0.4, peephole=True, output_gate="open"
    ),
}
# Batch, time, inputs, units: one and odd ones, no step, no sequence, more rows than a tile or a chunk has.
SIZES = [(1, 5, 3, 1), (5, 4, 2, 17), (3, 1, 1, 3), (7, 9, 5, 63), (2, 0, 3, 4), (0, 3, 2, 5), (101, 3, 4, 8)]
WAYS: list[dict[str, Any]] = [
    {},
    {"every_step": False},
    {"hold": "rows", "backwards": True},
    {"hold": "units", "threads": 3},
    {"masks": True, "hold": "rows", "every_step": False},
]

NAMES = {"recurrent": "recurrent_kernel", "peephole": "peephole_kernel", "projection": "projection_kernel"}


def random_call(
    spec: LSTMSpec,
    size: tuple[int, int, int, int],
    *,
    every_step: bool = True,
    backwards: bool = False,
    threads: int = 1,
    hold: str = "",
    masks: bool = False,
    seed: int = 0,
) -> tuple[Layer, Given]:
    """A layer and what it is given.

    Args:
        size: batch, time, inputs, units.
        hold: `"rows"`, as a mask of the caller, or `"units"`, as zoneout.
        masks: dropout of h', for every gate.
    """
    batch, time, inputs, units = size
    rng = np.random.default_rng(seed)
    outputs = spec.output_units(units)
    shapes = spec.weight_shapes(inputs, units)

    def draw(*shape: int, scale: float = 0.7) -> Array:
        return rng.normal(scale=scale, size=shape).astype(np.float32)

    def held(width: int) -> Array | None:
        return rng.random((time, batch, 1 if hold == "rows" else width)) < 0.3 if hold else None

    weights = {
        name: draw(*shapes[weight], scale=shapes[weight][0] ** -0.5 if len(shapes[weight]) > 1 else 0.7)
        for name, weight in ((name, NAMES.get(name, name)) for name in oracle.SLOPED)
        if weight in shapes
    }
    given = Given(
        x=draw(batch, time, inputs),
        h0=draw(batch, outputs),
        c0=draw(batch, units),
        hold_h=held(outputs),
        hold_c=held(units),
        masks=(rng.random((len(spec.gates), batch, outputs)) < 0.7).astype(np.float32) / 0.7
        if masks
        else None,
        **weights,
    )
    return Layer(spec, units, every_step, backwards, threads), given


def slopes_of(layer: Layer, given: Given) -> list[Array]:
    """A random gradient of every result: of h of every step, of the final h and c."""
    rng = np.random.default_rng(9)
    batch, time, _ = given.x.shape
    shapes = ((batch, time, given.h0.shape[1]), given.h0.shape, given.c0.shape)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def answer(engine: Engine, layer: Layer, given: Given, of_x: bool = True) -> tuple[Shown, Gradients]:
    """What the engine shows, and the gradient along `slopes_of`."""
    d_out, d_h, d_c = slopes_of(layer, given)
    shown = engine.forward(layer, given, keep=True)
    return shown, engine.backward(layer, given, shown, (d_out if layer.every_step else None, d_h, d_c), of_x)


def worst_error(engine: Engine, layer: Layer, given: Given) -> float:
    """The largest relative error of a value, or of the derivative along a random direction of an array."""
    shown, found = answer(engine, layer, given)
    options = layer.spec.to_dict()
    wide: dict[str, Any] = {
        name: value.astype(np.float64) if value is not None and value.dtype == np.float32 else value
        for name, value in given._asdict().items()
    }
    every, h, c = oracle.run(options, wide, layer.reversed)
    errors = [relative(shown.h, h), relative(shown.c, c)]
    if shown.out is not None:
        errors.append(relative(shown.out, every))
    slopes = slopes_of(layer, given)
    slopes[0] *= layer.every_step
    rng = np.random.default_rng(5)
    for name in oracle.SLOPED:
        gradient = getattr(found, name)
        if gradient is None or not gradient.size:
            continue
        along = rng.normal(size=gradient.shape)
        right = oracle.derivative(options, wide, layer.reversed, slopes, {name: along})
        size = float(np.linalg.norm(along) * np.linalg.norm(gradient.astype(np.float64)))
        error = abs(float(np.sum(gradient * along)) - right)
        errors.append(error / size if size else error)
    return max(errors)


def relative(found: Array, right: Array) -> float:
    """The largest difference in units of the largest value; infinite where one is no number."""
    if not right.size:
        return 0.0 if found.shape == right.shape else np.inf
    error = np.abs(found - right).max() / max(np.abs(right).max(), 1e-12)
    return float(error) if np.isfinite(error) else np.inf
