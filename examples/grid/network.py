"""Grids and stacks of as many weights: symbols in, digits out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import keras

from examples.grid.data import SYMBOLS, steps
from keras_lstm_plus import GridLSTM, LSTMPlus

DIGITS = 10


class Kind(NamedTuple):
    """A shape of network: how many layers (blocks), and whether it is a grid, with weights shared or not."""

    depth: int
    grid: bool
    tied: bool = False


KINDS: Mapping[str, Kind] = {
    "tied grid, 4 deep": Kind(4, grid=True, tied=True),
    "grid, 2 deep": Kind(2, grid=True),
    "stack of 4": Kind(4, grid=False),
    "stack of 2": Kind(2, grid=False),
}


def build(name: str, digits: int, size: int, seed: int) -> keras.Sequential:
    """One-hot symbols `[batch, time, 11]` to scores of the ten digits, `[batch, time, 10]`.

    Args:
        name: of `KINDS`.
        digits: of the numbers that are added.
        size: about so many weights.
    """
    keras.utils.set_random_seed(seed)
    kind, units = KINDS[name], units_for(name, size)
    layers: list[keras.layers.Layer]
    if kind.grid:
        layers = [GridLSTM(units, kind.depth, tied=kind.tied, return_sequences=True, name="grid")]
    else:
        layers = [LSTMPlus(units, return_sequences=True, name=f"lstm_{n}") for n in range(kind.depth)]
    shape = (steps(digits), SYMBOLS)
    return keras.Sequential(
        [keras.Input(shape, name="symbols"), *layers, keras.layers.Dense(DIGITS, name="digits")]
    )


def units_for(name: str, size: int) -> int:
    """How many units bring the network closest to so many weights."""
    return min(range(2, 400), key=lambda units: abs(weights(name, units) - size))


def weights(name: str, units: int) -> int:
    """The number of weights, by formula: a network of each size need not be built."""
    kind = KINDS[name]

    def lstm(inputs: int) -> int:
        return 4 * units * (inputs + units + 1)

    answer = DIGITS * (units + 1)
    if not kind.grid:
        return lstm(SYMBOLS) + (kind.depth - 1) * lstm(units) + answer
    blocks = 1 if kind.tied else kind.depth
    return units * (SYMBOLS + 1) + 2 * blocks * lstm(units) + answer
