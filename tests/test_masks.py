"""Masks: whatever steps do not count, the file gives what Keras gives, in every form that a layer takes.

Each model has many heads, one a way of using a mask, and is converted once; hypothesis then thinks of masks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.convert import ConversionError, convert, masks
from tests.convertible import FEATURES, randomised, recurrent, relative_error
from tests.runtimes import Runtime

layers = keras.layers
Array = np.ndarray

LONGEST, FIXED, TOKENS, UNITS = 40, 9, 20, 5
# Steps of a sequence that do not count, by the kind of mask: `rng` draws, `n` is the length.
KINDS: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "right": lambda rng, n: np.arange(n) < rng.integers(1, n + 1),
    "left": lambda rng, n: np.arange(n) >= rng.integers(0, n),
    "both": lambda rng, n: (np.arange(n) >= n // 4) & (np.arange(n) < n - n // 4),
    "holes": lambda rng, n: rng.random(n) < 0.5,
    "nothing": lambda rng, n: np.zeros(n, bool),
    "everything": lambda rng, n: np.ones(n, bool),
}
QUICK = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def heads(x: Any, mask: Any = None, plain_rnn: bool = True) -> dict[str, Any]:
    """Outputs by name: every kind of layer, with every way of giving its output under a mask."""

    def lstm(name: str, variant: str = "stock", every: bool = True, **options: Any) -> Any:
        return recurrent(variant, UNITS, return_sequences=every, name=name, **options)

    def both(name: str, merge: str | None, every: bool, variant: str = "stock") -> Any:
        inner = recurrent(variant, UNITS, return_sequences=every)
        return layers.Bidirectional(inner, merge_mode=merge, name=name)

    found: list[Any] = [
        lstm("stock_every"),
        lstm("stock_last", every=False),
        lstm("stock_zeros", zero_output_for_mask=True),
        lstm("stock_zeros_last", every=False, zero_output_for_mask=True),
        lstm("peephole_every", "peephole"),
        lstm("peephole_last", "peephole", every=False),
        lstm("backwards_every", "peephole", go_backwards=True),
        lstm("backwards_last", every=False, go_backwards=True),
        lstm("backwards_zeros", go_backwards=True, zero_output_for_mask=True),
        both("concat_every", "concat", every=True),
        both("concat_last", "concat", every=False, variant="peephole"),
        both("sum_every", "sum", every=True, variant="peephole"),
        both("mul_every", "mul", every=True),
        both("ave_last", "ave", every=False),
        both("apart_every", None, every=True),
    ]
    if plain_rnn:
        found += [
            layers.SimpleRNN(UNITS, return_sequences=True, name="rnn_every"),
            layers.SimpleRNN(UNITS, name="rnn_last"),
            layers.Bidirectional(layers.SimpleRNN(UNITS, return_sequences=True), name="rnn_both"),
        ]
    outputs = {layer.name: layer(x, mask=mask) if mask is not None else layer(x) for layer in found}
    forwards, backwards = outputs.pop("apart_every")
    below = lstm("below")(x, mask=mask) if mask is not None else lstm("below")(x)
    above = lstm("stacked_last", "peephole", every=False)  # the mask passes through the layer below
    return {
        **outputs,
        "apart_forwards": layers.Identity(name="apart_forwards")(forwards),
        "apart_backwards": layers.Identity(name="apart_backwards")(backwards),
        "stacked_last": above(below, mask=mask) if mask is not None else above(below),
    }


def by_masking(length: int | None = None, **options: Any) -> keras.Model:
    """A step of nothing but the masked value does not count."""
    x = keras.Input((length, FEATURES), name="x")
    return randomised(keras.Model(x, heads(layers.Masking(-1.0)(x), **options)))


def by_embedding(length: int | None = None, **options: Any) -> keras.Model:
    """Token 0 does not count, and has a vector that would be noticed."""
    x = keras.Input((length,), dtype="int32", name="x")
    return randomised(keras.Model(x, heads(layers.Embedding(TOKENS, FEATURES, mask_zero=True)(x), **options)))


def by_input() -> keras.Model:
    """The mask is an input of its own: what stands where it says no may be anything."""
    x, mask = keras.Input((None, FEATURES), name="x"), keras.Input((None,), dtype="bool", name="mask")
    return randomised(keras.Model([x, mask], heads(x, mask)))


BUILD: dict[str, Callable[[], keras.Model]] = {
    "masking": by_masking,
    "embedding": by_embedding,
    "input": by_input,
}
model_of = cache(lambda name: BUILD[name]())


def data(name: str, mask: Array, seed: int = 0) -> list[Array]:
    """Inputs of a model, `[samples, time, ...]` each, with that mask, `[samples, time]`."""
    rng = np.random.default_rng(seed)
    if name == "embedding":
        return [np.where(mask, rng.integers(1, TOKENS, mask.shape), 0).astype(np.int32)]
    x = rng.normal(size=(*mask.shape, FEATURES)).astype(np.float32)
    if name == "masking":
        return [np.where(mask[..., None], x, np.float32(-1))]
    return [np.where(mask[..., None], x, np.float32(100)), mask]


def some_masks(samples: int, length: int, seed: int) -> Array:
    """`[samples, length]`, of all kinds in turn."""
    rng, kinds = np.random.default_rng(seed), list(KINDS.values())
    return np.stack([kinds[n % len(kinds)](rng, length) for n in range(samples)])


@st.composite
def mask_sets(draw: st.DrawFn) -> list[Array]:
    """Several masks of lengths of their own: drawn bit by bit, or of a kind."""
    found = []
    for length in draw(st.lists(st.integers(1, LONGEST), min_size=1, max_size=4)):
        bits = st.lists(st.booleans(), min_size=length, max_size=length).map(lambda b: np.array(b, bool))
        of_kind = st.builds(
            lambda kind, seed, n: KINDS[kind](np.random.default_rng(seed), n),
            st.sampled_from(sorted(KINDS)),
            st.integers(0, 1000),
            st.just(length),
        )
        found.append(draw(bits | of_kind)[None])
    return found


@cache
def in_keras(name: str) -> Callable[[list[Array]], dict[str, Array]]:
    """The model as one function for inputs of any length."""
    model = model_of(name)
    specs = [tf.TensorSpec((None, None, *tensor.shape[2:]), tensor.dtype) for tensor in model.inputs]
    function = tf.function(
        lambda *x: model(list(x) if len(x) > 1 else x[0], training=False),
        input_signature=specs,
        autograph=False,
    ).get_concrete_function()
    return lambda x: {key: np.asarray(value) for key, value in function(*map(tf.constant, x)).items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("masks")


@pytest.fixture(scope="module")
def converted(folder: Path) -> Iterator[Callable[..., Path]]:
    """converted(name, quantize): the fused file, made once for both runtimes."""

    @cache
    def make(name: str, quantize: str | None = None) -> Path:
        path = folder / f"{name}-{quantize}.tflite"
        x = data(name, some_masks(96 if quantize else 12, 20, 1), 1)
        result = convert(model_of(name), path, quantize, x, lowering="fused")
        assert result.lowering == "fused"
        assert result.ops["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 23
        return path

    yield make


def rows_of(x: list[Array]) -> list[list[Array]]:
    return [[value[n : n + 1] for value in x] for n in range(len(x[0]))]


@pytest.mark.parametrize("name", BUILD)
@given(sets=mask_sets(), seed=st.integers(0, 100))
@QUICK
def test_fused_is_keras(
    name: str, sets: list[Array], seed: int, converted: Callable[..., Path], runtime: Runtime
) -> None:
    x = [data(name, mask, seed) for mask in sets]
    found = runtime.run(converted(name), x)
    for each, mask, outputs in zip(x, sets, found, strict=True):
        wanted = in_keras(name)(each)
        for key, value in zip(model_of(name).output_names, outputs, strict=True):
            np.testing.assert_allclose(value, wanted[key], atol=1e-5, err_msg=f"{key}, mask {mask}")
