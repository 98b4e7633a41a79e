"""Models that give and take states, their files, and how an answer is checked."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.aliases import Array
from edge.convert import convert
from keras_lstm_plus import LSTMPlusCell
from tests.helpers.keras_models import FEATURES, motion, randomised, recurrent, relative_error
from tests.helpers.runtimes import Runtime

layers = keras.layers

UNITS, SAMPLES, STEPS = 6, 30, 6
Converted = Callable[..., Path]


def slow(*values: Any) -> Any:
    """A row that runs with `-m slow` alone."""
    return pytest.param(*values, marks=pytest.mark.slow)


def sequence(name: str = "x") -> Any:
    return keras.Input((None, FEATURES), name=name)


def encoder_decoder() -> keras.Model:
    """The decoder starts from where the encoder ended."""
    source, target = sequence("source"), sequence("target")
    _, *states = recurrent("peephole", UNITS, return_state=True, name="encoder")(source)
    y = recurrent("stock", UNITS, return_sequences=True, name="decoder")(target, initial_state=states)
    return keras.Model([source, target], layers.Dense(4, name="answer")(y))


def both_ways() -> keras.Model:
    """The same with both of them bidirectional: four states."""
    source, target = sequence("source"), sequence("target")
    encoder = layers.Bidirectional(recurrent("stock", UNITS, return_state=True), name="encoder")
    decoder = layers.Bidirectional(recurrent("stock", UNITS, return_sequences=True), name="decoder")
    _, *states = encoder(source)
    return keras.Model([source, target], layers.Dense(4)(decoder(target, initial_state=states)))


def states_as_ends() -> keras.Model:
    """Initial states are inputs of the model, final states outputs."""
    x, h, c = sequence(), keras.Input((UNITS,), name="h"), keras.Input((UNITS,), name="c")
    layer = recurrent("peephole", UNITS, return_sequences=True, return_state=True, name="memory")
    y, *states = layer(x, initial_state=[h, c])
    return keras.Model([x, h, c], [layers.Dense(3, name="answer")(y), *states])


def state_outputs() -> keras.Model:
    """No sequence comes out, only states: of a layer, and of another that reads backwards."""
    x = sequence()
    _, h, c = recurrent("stock", UNITS, return_state=True, name="forwards")(x)
    _, *back = recurrent("peephole", UNITS, return_state=True, go_backwards=True, name="backwards")(x)
    return keras.Model(x, [h, c, *back])


def called_twice() -> keras.Model:
    """One layer with two uses: two states, one set of weights."""
    x = sequence()
    twice = recurrent("peephole", FEATURES, return_sequences=True, name="twice")
    return keras.Model(x, layers.Dense(3, name="answer")(twice(twice(x))))


def stack() -> keras.Model:
    """Two layers and a head for every step."""
    y = recurrent("peephole", UNITS, return_sequences=True, name="first")(x := sequence())
    y = recurrent("stock", UNITS - 1, return_sequences=True, name="second")(y)
    return keras.Model(x, layers.Dense(3, name="answer")(y))


def other_cells() -> keras.Model:
    """What no fused operator exists for: a stack of cells, and a GRU."""
    cells = layers.StackedRNNCells([LSTMPlusCell(UNITS, "peephole"), layers.GRUCell(4)])
    y = layers.RNN(cells, return_sequences=True, name="stacked")(x := sequence())
    return keras.Model(x, layers.GRU(5, return_sequences=True, name="gru")(y))


BUILD = {
    build.__name__: build
    for build in (
        encoder_decoder,
        both_ways,
        states_as_ends,
        state_outputs,
        called_twice,
        stack,
        other_cells,
    )
}
model_of = cache(lambda name: randomised(BUILD[name]()))


def inputs_of(name: str, samples: int, lengths: tuple[int, int], seed: int) -> list[Array]:
    """Inputs for a model: sequences of these lengths, or a sequence and states."""
    rng = np.random.default_rng(seed)
    if name in ("encoder_decoder", "both_ways"):
        return [motion(samples, length, seed + n) for n, length in enumerate(lengths)]
    if name == "states_as_ends":
        shape = (samples, UNITS)
        h, c = rng.uniform(-0.8, 0.8, shape), rng.uniform(-2, 2, shape)
        return [motion(samples, lengths[0], seed), h.astype(np.float32), c.astype(np.float32)]
    return [motion(samples, lengths[0], seed)]


def only(x: list[Array]) -> Any:
    return x if len(x) > 1 else x[0]


def converter(folder: Path) -> Converted:
    """converter(folder)(name, quantize, ...): a file, made once for both runtimes."""

    @cache
    def make(
        name: str,
        quantize: str | None = None,
        state: str = "reset",
        lowering: str = "fused",
        length: int | None = None,
    ) -> Path:
        path = folder / f"{name}-{quantize}-{state}-{lowering}-{length}.tflite"
        lengths = (length or 2 * STEPS,) * 2 if lowering == "unrolled" else (2 * STEPS, STEPS)
        x = inputs_of(name, 96 if quantize == "int8" else 8, lengths, 20)
        result = convert(model_of(name), path, quantize, only(x), state, lowering=lowering, length=length)
        assert (result.lowering, result.state) == (lowering, state)
        return result.path

    return make


def check(found: Array, wanted: Array, quantize: str | None, limit: float = 0.03) -> None:
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    assert wanted.std() > 0.05  # there is something to be wrong about
    if quantize is None:
        np.testing.assert_allclose(found, wanted, atol=1e-5 * max(1.0, np.abs(wanted).max()))
    else:
        error = relative_error(found, wanted)
        assert error < limit, error


def call(runtime: Runtime, path: Path, x: list[Array]) -> list[Array]:
    """The outputs for all samples, each in a call of its own."""
    found = runtime.run(path, [[value[n : n + 1] for value in x] for n in range(len(x[0]))])
    return [np.concatenate(each) for each in zip(*found, strict=True)]
