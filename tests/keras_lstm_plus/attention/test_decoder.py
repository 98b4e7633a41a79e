"""Attention decoders against NumPy, and what else a layer of Keras owes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import GridLSTMCell, LSTMPlus, LSTMPlusCell
from keras_lstm_plus.attention import (
    AttentionCell,
    AttentionDecoder,
    BahdanauAttention,
    LuongAttention,
    join_states,
)
from tests.helpers import attention_check
from tests.helpers.attention_check import DECODERS
from tests.keras_lstm_plus.attention import by_hand

RNG = np.random.default_rng(0)
BATCH, TIME, POSITIONS, UNITS = 3, 5, 6, 4
X = RNG.normal(size=(BATCH, TIME, 2))
MEMORY = RNG.normal(size=(BATCH, POSITIONS, UNITS))
TARGETS_MASK = np.array([[1] * 5, [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
MEMORY_MASK = np.array([[1] * 6, [1, 0, 1, 1, 0, 0], [0] * 6], bool)  # the last has nothing to look at
KINDS: dict[str, Any] = {
    "bahdanau": lambda: BahdanauAttention(7),
    **{kind: lambda kind=kind: LuongAttention(kind) for kind in ("dot", "scaled_dot", "general", "concat")},
}
CELLS: dict[str, Any] = {
    "peephole": lambda: LSTMPlusCell(UNITS, "peephole"),
    "stacked": lambda: keras.layers.StackedRNNCells([LSTMPlusCell(5, "cifg"), LSTMPlusCell(UNITS)]),
}


@pytest.fixture(autouse=True)
def _in_float64() -> Any:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


def decoder_of(cell: str, kind: str, **options: Any) -> AttentionDecoder:
    own = {
        name: options.pop(name) for name in ("attention_units", "attend", "input_feeding") if name in options
    }
    layer = AttentionDecoder(AttentionCell(CELLS[cell](), KINDS[kind](), **own), True, True, **options)
    layer.build(X.shape, MEMORY.shape)
    for weight in layer.trainable_weights:
        weight.assign(RNG.normal(size=weight.shape) * 0.8)
    return layer


def states_of(layer: AttentionDecoder) -> list[np.ndarray]:
    return [RNG.normal(size=(BATCH, size)) for size in layer.cell.cell_state_sizes]


def right(
    layer: AttentionDecoder, kind: str, states: list[np.ndarray], masks: tuple[Any, Any]
) -> list[np.ndarray]:
    said, seen = (
        np.ones(a.shape[:2], bool) if m is None else m for a, m in zip((X, MEMORY), masks, strict=True)
    )
    rows = []
    for n in range(BATCH):
        pairs = [(states[k][n], states[k + 1][n]) for k in range(0, len(states), 2)]
        outputs, alignments, last = by_hand.decode(layer.cell, kind, X[n], MEMORY[n], pairs, said[n], seen[n])
        rows.append([outputs, alignments, *last])
    return [np.stack(each) for each in zip(*rows, strict=True)]


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
@pytest.mark.parametrize(("cell", "kind", "options"), DECODERS)
def test_it_is_the_equations(cell: str, kind: str, options: dict[str, Any], masked: bool) -> None:
    layer = decoder_of(cell, kind, **options)
    states = states_of(layer)
    masks = (TARGETS_MASK, MEMORY_MASK) if masked else (None, None)
    found = layer(X, MEMORY, initial_state=states, targets_mask=masks[0], memory_mask=masks[1])
    for one, other in zip(found, right(layer, kind, states, masks), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert not masked or not np.any(found[1][2])  # nothing to look at: zeros, and no NaN


@pytest.mark.parametrize("way", ["graph", "xla", "unrolled", "chunks"])
def test_every_way_is_the_same(way: str) -> None:
    layer = decoder_of("stacked", "general")
    states = states_of(layer)
    want = layer(X, MEMORY, initial_state=states, memory_mask=MEMORY_MASK)
    if way == "chunks":  # the states of one call, a' among them, are where the next goes on
        first = layer(X[:, :2], MEMORY, initial_state=states, memory_mask=MEMORY_MASK)
        second = layer(X[:, 2:], MEMORY, initial_state=first[2:], memory_mask=MEMORY_MASK)
        got = [np.concatenate([a, b], axis=1) for a, b in zip(first[:2], second[:2], strict=True)] + second[
            2:
        ]
    elif way == "unrolled":
        other = AttentionDecoder.from_config({**layer.get_config(), "unroll": True})
        other.build(X.shape, MEMORY.shape)
        other.set_weights(layer.get_weights())
        got = other(X, MEMORY, initial_state=states, memory_mask=MEMORY_MASK)
    else:
        free = [tf.TensorSpec((None, None, a.shape[-1]), "float64") for a in (X, MEMORY)]

        @tf.function(jit_compile=way == "xla", input_signature=free)
        def run(x: Any, memory: Any) -> Any:
            return layer(x, memory, initial_state=states, memory_mask=MEMORY_MASK)

        got = run(X, MEMORY)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("kind", ["bahdanau", "general"])
def test_the_gradient_is_that_of_finite_differences(kind: str) -> None:
    layer = decoder_of("peephole", kind)
    states = states_of(layer)
    sources = [*layer.trainable_weights, tf.Variable(MEMORY), tf.Variable(states[1])]
    pulls = [RNG.normal(size=shape) for shape in ((BATCH, TIME, 4), (BATCH, TIME, POSITIONS))]

    @tf.function
    def value() -> Any:
        found = layer(
            X,
            tf.convert_to_tensor(sources[-2]),
            initial_state=[states[0], sources[-1]],
            targets_mask=TARGETS_MASK,
            memory_mask=MEMORY_MASK,
        )
        return sum(tf.reduce_sum(a * b) for a, b in zip(found[:2], pulls, strict=True))

    variables = [each if isinstance(each, tf.Variable) else each.value for each in sources]
    with tf.GradientTape() as tape:
        loss = value()
    gradients = tape.gradient(loss, variables)
    for source, gradient in zip(sources, gradients, strict=True):
        direction = RNG.normal(size=source.shape)
        start = np.asarray(source)
        sides = []
        for sign in (1, -1):
            source.assign(start + sign * 1e-6 * direction)
            sides.append(float(value()))
        source.assign(start)
        slope = (sides[0] - sides[1]) / 2e-6
        assert abs(slope) > 1e-6
        assert abs(slope - float(np.sum(np.asarray(gradient) * direction))) < 1e-7 * max(1.0, abs(slope)), (
            source
        )


@pytest.mark.parametrize("policy", ["float32", pytest.param("mixed_float16", marks=pytest.mark.slow)])
def test_a_bidirectional_encoder_with_a_mask_trains_and_comes_back(policy: str, tmp_path: Path) -> None:
    """To say backwards what was read: impossible without looking at the memory in turn."""
    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(1)
    read, said = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    both = keras.layers.Bidirectional(LSTMPlus(8, return_sequences=True, return_state=True))
    memory, *states = both(keras.layers.Embedding(6, 8, mask_zero=True)(read))
    noise: dict[str, Any] = {"dropout": 0.02, "recurrent_dropout": 0.02, "zoneout_cell": 0.02}
    cell = AttentionCell(LSTMPlusCell(16, **noise), LuongAttention("general"))
    heard = keras.layers.Embedding(7, 8)(said)
    a = AttentionDecoder(cell)(heard, memory, initial_state=join_states(states))
    model = keras.Model([read, said], keras.layers.Dense(6, dtype="float32")(a))
    letters = RNG.integers(1, 6, (64, 4))
    letters[32:, 3] = 0
    answers = np.array([[*row[row > 0][::-1], 0][:4] for row in letters])
    asked = np.concatenate([np.full((64, 1), 6), answers[:, :-1]], axis=1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03), loss, jit_compile=False)
    losses = model.fit([letters, asked], answers, epochs=30, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < 0.35 * losses[0]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    want = np.asarray(model([letters, asked]))
    np.testing.assert_array_equal(again([letters, asked]), want)
    longer = np.pad(letters, ((0, 0), (0, 2)))  # more padding says nothing new
    np.testing.assert_allclose(model([longer, asked]), want, atol=1e-5 if policy == "float32" else 0.02)


def test_in_half_the_bits_it_is_close() -> None:
    layer = decoder_of("stacked", "concat")
    states = states_of(layer)
    want = layer(X, MEMORY, initial_state=states, memory_mask=MEMORY_MASK)
    keras.config.set_dtype_policy("mixed_float16")
    half = AttentionDecoder(AttentionCell(CELLS["stacked"](), KINDS["concat"]()), True, True)
    half.build(X.shape, MEMORY.shape)
    half.set_weights(layer.get_weights())
    got = half(X, MEMORY, initial_state=states, memory_mask=MEMORY_MASK)
    assert half.trainable_weights[-1].dtype == "float32"
    for one, other in zip(got, want, strict=True):
        assert one.dtype == "float16"
        np.testing.assert_allclose(one, other, atol=0.02)


@pytest.mark.parametrize("cell", ["gru", "lstm", "grid"])
@pytest.mark.parametrize("attention", ["bahdanau", "general"])
def test_other_cells_remember_what_they_saw(cell: str, attention: str) -> None:
    """Two memories that differ at one position alone: all steps notice, and the last state does."""
    cells = {"gru": keras.layers.GRUCell, "lstm": keras.layers.LSTMCell, "grid": GridLSTMCell}
    layer = AttentionDecoder(AttentionCell(cells[cell](4), KINDS[attention]()), return_state=True)
    other = MEMORY.copy()
    other[:, 2] += 1
    first, second = layer(X, MEMORY), layer(X, other)
    for a, b in zip(first, second, strict=True):
        assert np.abs(np.asarray(a) - np.asarray(b)).max() > 1e-4
    assert [tuple(state.shape) for state in first[1:]] == [(3, size) for size in layer.cell.state_size]


@pytest.mark.parametrize("check", [attention_check.check_zoneout, attention_check.check_the_small_ones])
def test_what_the_other_backends_are_asked_too(check: Any) -> None:
    check()


def test_an_attention_of_whole_sequences_is_that_of_its_steps() -> None:
    for make in KINDS.values():
        attention = make()
        context, alignments = attention(RNG.normal(size=(3, 5, 4)), MEMORY, memory_mask=MEMORY_MASK)
        query = RNG.normal(size=(3, 5, 4))
        context, alignments = attention(query, MEMORY, memory_mask=MEMORY_MASK)
        for t in range(5):
            one, where = attention(query[:, t], MEMORY, memory_mask=MEMORY_MASK)
            np.testing.assert_allclose(context[:, t], one, atol=1e-12)
            np.testing.assert_allclose(alignments[:, t], where, atol=1e-12)
