"""Masks: whatever steps do not count, the file gives what Keras gives, in every form that a layer takes.

Each model has many heads, one a way of using a mask, and is converted once; hypothesis then thinks of masks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.aliases import Array
from edge.convert import ConversionError, convert
from edge.convert.tracing import masks
from tests.helpers.keras_models import FEATURES, randomised, recurrent, relative_error
from tests.helpers.runtimes import Runtime

layers = keras.layers

LONGEST, FIXED, TOKENS, UNITS = 40, 6, 20, 5
# Which steps count, by the kind of mask: `rng` draws, `n` is the length.
KINDS: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "right": lambda rng, n: np.arange(n) < rng.integers(1, n + 1),
    "left": lambda rng, n: np.arange(n) >= rng.integers(0, n),
    "both": lambda rng, n: (np.arange(n) >= n // 4) & (np.arange(n) < n - n // 4),
    "holes": lambda rng, n: rng.random(n) < 0.5,
    "nothing": lambda rng, n: np.zeros(n, bool),
    "everything": lambda rng, n: np.ones(n, bool),
}
FORWARDS = ("stock_every", "stock_zeros", "peephole_last", "stacked_last", "rnn_every")
BACKWARDS = ("backwards_every", "backwards_zeros", "backwards_last", "concat_every", "sum_last")
MERGED = ("stock_zeros_last", "mul_every", "ave_last", "apart_every")
INTEGER = ("stock_every", "peephole_last", "backwards_zeros")
PLAIN = ("stock_every", "stock_zeros_last", "peephole_last", "gru_zeros")
QUICK = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def head(name: str, x: Any, mask: Any) -> Any:
    """The output of that name: a kind of layer, and a way of giving its output under a mask."""
    kind, *_ = name.split("_")
    options: dict[str, Any] = {
        "return_sequences": not name.endswith("_last"),
        "zero_output_for_mask": "_zeros" in name,
    }
    if kind == "stacked":  # the mask passes through the layer below
        below = recurrent("stock", UNITS, return_sequences=True)(x, mask=mask)
        return recurrent("peephole", UNITS, name=name, **options)(below, mask=mask)
    if kind == "memory":
        return recurrent("peephole", UNITS, return_state=True, name=kind, **options)(x, mask=mask)
    if kind == "rnn":
        return layers.SimpleRNN(UNITS, name=name, **options)(x, mask=mask)
    if kind == "gru":
        return layers.GRU(UNITS, name=name, **options)(x, mask=mask)
    if kind == "backwards":
        return recurrent("peephole", UNITS, go_backwards=True, name=name, **options)(x, mask=mask)
    if kind in ("stock", "peephole"):
        return recurrent(kind, UNITS, name=name, **options)(x, mask=mask)
    inner = {
        "concat": recurrent("stock", UNITS, **options),
        "sum": recurrent("peephole", UNITS, **options),
        "mul": recurrent("cifg", UNITS, **options),
        "ave": layers.SimpleRNN(UNITS, **options),
        "apart": recurrent("stock", UNITS, **options),
    }[kind]
    merge = None if kind == "apart" else kind
    done = layers.Bidirectional(inner, merge_mode=merge, name=name)(x, mask=mask)
    return layers.Concatenate(name=f"{name}_both")(done) if merge is None else done


def masked_model(source: str, names: tuple[str, ...], length: int | None = None) -> keras.Model:
    """A model with these heads, and a mask from one of three sources.

    `"masking"`: a step of nothing but -1 does not count. `"embedding"`: token 0 does not count, and has a
    vector that would be noticed. `"input"`: the mask is an input of its own, and what stands where it says no
    may be anything.
    """
    x = keras.Input((length, FEATURES), name="x")
    inputs, y, mask = x, x, None
    if source == "masking":
        y = layers.Masking(-1.0)(x)
    elif source == "embedding":
        inputs = keras.Input((length,), dtype="int32", name="x")
        y = layers.Embedding(TOKENS, FEATURES, mask_zero=True)(inputs)
    else:
        mask = keras.Input((length,), dtype="bool", name="mask")
        inputs = [x, mask]
    outputs = [head(name, y, mask) for name in names]
    return randomised(keras.Model(inputs, outputs))


MODELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "forwards": ("masking", FORWARDS),
    "backwards": ("embedding", BACKWARDS),
    "merged": ("input", MERGED),
    "integer": ("embedding", INTEGER),
    "plain": ("masking", (*PLAIN, "backwards_zeros")),
    "stream": ("masking", PLAIN),
    "state": ("masking", ("memory_states",)),
}

model_of = cache(lambda name: masked_model(*MODELS[name]))


def data(source: str, mask: Array, seed: int = 0) -> list[Array]:
    """Inputs of a model, `[samples, time, ...]` each, with that mask, `[samples, time]`."""
    rng = np.random.default_rng(seed)
    if source == "embedding":
        return [np.where(mask, rng.integers(1, TOKENS, mask.shape), 0).astype(np.int32)]
    x = rng.normal(size=(*mask.shape, FEATURES)).astype(np.float32)
    if source == "masking":
        return [np.where(mask[..., None], x, np.float32(-1))]
    return [np.where(mask[..., None], x, np.float32(100)), mask]


def some_masks(samples: int, length: int, seed: int) -> Array:
    """`[samples, length]`, of all kinds in turn."""
    rng, kinds = np.random.default_rng(seed), list(KINDS.values())
    return np.stack([kinds[n % len(kinds)](rng, length) for n in range(samples)])


@st.composite
def mask_sets(draw: st.DrawFn) -> list[Array]:
    """Several masks `[1, time]` of lengths of their own: of a kind, or drawn bit by bit."""
    found = []
    for length in draw(st.lists(st.integers(1, LONGEST), min_size=1, max_size=6)):
        bits = st.lists(st.booleans(), min_size=length, max_size=length)
        kind = draw(st.sampled_from([*KINDS, "bits"]))
        seed = draw(st.integers(0, 100))
        made = draw(bits) if kind == "bits" else KINDS[kind](np.random.default_rng(seed), length)
        found.append(np.array(made, bool)[None])
    return found


def in_keras(model: keras.Model) -> Callable[[list[Array]], list[Array]]:
    """The model as one function for inputs of any length."""
    specs = [tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    function = tf.function(
        lambda *x: model(list(x) if len(x) > 1 else x[0], training=False),
        input_signature=specs,
        autograph=False,
    ).get_concrete_function()
    return lambda x: [np.asarray(value) for value in function(*map(tf.constant, x))]


keras_of = cache(lambda name: in_keras(model_of(name)))


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """converted(name, quantize, lowering): the file of one of `MODELS`, made once for both runtimes."""
    folder = tmp_path_factory.mktemp("masks")

    @cache
    def make(name: str, quantize: str | None = None, lowering: str = "fused") -> Path:
        options: dict[str, Any] = {"lowering": lowering}
        length = 20
        if lowering == "unrolled":
            options["length"] = length = FIXED
        x = data(MODELS[name][0], some_masks(96 if quantize else 6, length, 1), 1)
        given = x if len(x) > 1 else x[0]
        result = convert(model_of(name), folder / f"{name}.tflite", quantize, given, **options)
        assert {layer.lowering for layer in result.layers} == {lowering}
        return result.path

    return make


def rounds(x: list[Array]) -> list[list[Array]]:
    """One call of a file a sample."""
    return [[value[n : n + 1] for value in x] for n in range(len(x[0]))]


def check(model: keras.Model, found: list[Array], wanted: list[Array], note: Any = "") -> None:
    """All outputs within 1e-5."""
    for name, value, right in zip(model.output_names, found, wanted, strict=True):
        np.testing.assert_allclose(value, right, atol=1e-5, err_msg=f"{name} {note}")


@pytest.mark.parametrize("name", ["forwards", "backwards", "merged"])
@given(sets=mask_sets(), seed=st.integers(0, 100))
@QUICK
def test_fused_is_keras(
    name: str, sets: list[Array], seed: int, converted: Callable[..., Path], runtime: Runtime
) -> None:
    x = [data(MODELS[name][0], mask, seed) for mask in sets]
    for each, mask, found in zip(x, sets, runtime.run(converted(name), x), strict=True):
        check(model_of(name), found, keras_of(name)(each), mask.astype(int))


def test_int8(converted: Callable[..., Path], runtime: Runtime) -> None:
    mask = some_masks(60, 20, 2)
    x = data("embedding", mask, 2)
    found = runtime.run(converted("integer", "int8"), rounds(x))
    outputs = [np.concatenate(each) for each in zip(*found, strict=True)]
    for name, value, wanted in zip(INTEGER, outputs, keras_of("integer")(x), strict=True):
        assert relative_error(value, wanted) < 0.03, name
        if name.endswith("zeros"):
            assert not value[~mask[:, ::-1]].any()  # exactly zero, as in Keras


def test_unrolled(converted: Callable[..., Path], runtime: Runtime) -> None:
    x = data("masking", some_masks(24, FIXED, 4), 4)
    found = runtime.run(converted("plain", None, "unrolled"), rounds(x))
    check(
        model_of("plain"), [np.concatenate(each) for each in zip(*found, strict=True)], keras_of("plain")(x)
    )


def test_step(converted: Callable[..., Path], runtime: Runtime) -> None:
    """One step at a time, each from the states before: after a step the outputs are those of the prefix."""
    model, path = model_of("stream"), converted("stream", None, "step")
    mask = some_masks(12, FIXED, 5)
    x = data("masking", mask, 5)
    found_layers = [layer for layer in model.layers if isinstance(layer, layers.RNN)]
    sizes = [size for layer in found_layers for size in keras.tree.flatten(layer.state_size)]
    states = [np.zeros((len(mask), int(size)), np.float32) for size in sizes]
    for step in range(FIXED):
        calls = rounds([x[0][:, step : step + 1], *states])
        outputs = [np.concatenate(each) for each in zip(*runtime.run(path, calls), strict=True)]
        found, states = outputs[: len(PLAIN)], outputs[len(PLAIN) :]
        wanted = keras_of("stream")([x[0][:, : step + 1]])
        check(model, found, [value[:, -1:] if value.ndim > 2 else value for value in wanted], step)


@pytest.mark.parametrize("state", ["carry", "explicit"])
def test_a_mask_and_a_state_that_goes_on_are_refused(state: str, tmp_path: Path) -> None:
    """The padding would go into the state."""
    model = masked_model("masking", ("stock_every",))
    with pytest.raises(
        ValueError, match="'stock_every' .*mask.*padding would go into the state.*Use .*state='reset'"
    ):
        convert(model, tmp_path / "m.tflite", state=state, lowering="fused")
    assert not list(tmp_path.iterdir())


def test_a_mask_and_return_state_are_refused(tmp_path: Path) -> None:
    """By the integer operator: the others keep their cells over the padding (test_encoders)."""
    x = data("masking", some_masks(12, FIXED, 6), 6)
    with pytest.raises(ValueError, match="'memory' .*mask and gives its state.*Use lowering='step', or quantize='dynamic'"):
        convert(model_of("state"), tmp_path / "m.tflite", "int8", x[0], lowering="fused")
    assert not list(tmp_path.iterdir())


def test_the_way_out_of_that(converted: Callable[..., Path], runtime: Runtime) -> None:
    """Written out, the states are those of the last step that counts."""
    x = data("masking", some_masks(12, FIXED, 6), 6)
    found = runtime.run(converted("state", None, "unrolled"), rounds(x))
    check(
        model_of("state"), [np.concatenate(each) for each in zip(*found, strict=True)], keras_of("state")(x)
    )


def test_what_lacks_the_operators_of_a_mask_says_so(tmp_path: Path) -> None:
    model = masked_model("masking", ("stock_last",))
    with pytest.raises(ValueError, match="a mask needs operators that .* lacks. Use lowering='unrolled'"):
        convert(model, tmp_path / "m.tflite", target="microcontroller", length=FIXED, lowering="fused")


@pytest.mark.parametrize("kind", ["left", "holes"])
def test_steps_that_are_not_moved_are_noticed(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If `packed` forgot to move the steps, the file would not be kept."""
    packed = masks.packed
    monkeypatch.setattr(masks, "packed", lambda x, mask: (x, packed(x, mask)[1]))
    model = masked_model("masking", ("stock_every",))
    mask = np.stack([KINDS[kind](np.random.default_rng(seed), 20) for seed in range(6)])
    with pytest.raises(ConversionError, match="was not kept: output 'stock_every' differs from Keras"):
        convert(model, tmp_path / "m.tflite", None, data("masking", mask)[0], lowering="fused")
    assert not list(tmp_path.iterdir())
