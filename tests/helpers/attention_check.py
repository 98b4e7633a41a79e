"""Run by test_backends.py with KERAS_BACKEND set: attention on that backend, against NumPy."""

from __future__ import annotations

import tempfile
import warnings
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from keras_lstm_plus import GridLSTMCell, LSTMPlus, LSTMPlusCell
from keras_lstm_plus.attention import (
    AttentionCell,
    AttentionDecoder,
    BahdanauAttention,
    LuongAttention,
    decoder_step,
    join_states,
    plot_alignments,
)
from tests.keras_lstm_plus.attention import by_hand

RNG = np.random.default_rng(0)
UNITS = 4
X = RNG.normal(size=(3, 5, 2)).astype("float32")
MEMORY = RNG.normal(size=(3, 6, UNITS)).astype("float32")
TARGETS_MASK = np.array([[1] * 5, [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
MEMORY_MASK = np.array([[1] * 6, [1, 0, 1, 1, 0, 0], [0] * 6], bool)  # the last has nothing to look at
# The cell, the attention, and what is asked of them.
DECODERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("peephole", "bahdanau", {}),
    ("stacked", "bahdanau", {"attention_units": 0}),
    ("peephole", "bahdanau", {"attend": "after", "attention_units": 3}),
    ("peephole", "dot", {}),
    ("stacked", "scaled_dot", {"attention_units": 0}),
    ("stacked", "general", {"attention_units": 9}),
    ("peephole", "general", {"attend": "before"}),
    ("peephole", "concat", {"input_feeding": False}),
)


def decoder_of(cell: str, kind: str, options: dict[str, Any], **more: Any) -> AttentionDecoder:
    cells = [LSTMPlusCell(5, "cifg"), LSTMPlusCell(UNITS)]
    inner = keras.layers.StackedRNNCells(cells) if cell == "stacked" else LSTMPlusCell(UNITS, "peephole")
    attention = BahdanauAttention(7) if kind == "bahdanau" else LuongAttention(kind)
    layer = AttentionDecoder(AttentionCell(inner, attention, **options), True, True, **more)
    layer.build(X.shape, MEMORY.shape)
    layer.set_weights([0.8 * RNG.normal(size=each.shape) for each in layer.get_weights()])
    return layer


def by_numpy(layer: AttentionDecoder, kind: str, states: list[Any], said: Any, seen: Any) -> list[Any]:
    rows = []
    for n in range(len(X)):
        pairs = [(states[k][n], states[k + 1][n]) for k in range(0, len(states), 2)]
        outputs, where, last = by_hand.decode(layer.cell, kind, X[n], MEMORY[n], pairs, said[n], seen[n])
        rows.append([outputs, where, *last])
    return [np.stack(each) for each in zip(*rows, strict=True)]


def same(found: Any, right: Any, message: str, atol: float = 1e-5) -> None:
    for one, other in zip(found, right, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(one), other, atol=atol, err_msg=message)


def check_values() -> None:
    """In a loop and written out, with masks and without, in one piece and in two."""
    for cell, kind, options in DECODERS:
        layer = decoder_of(cell, kind, options)
        unrolled = decoder_of(cell, kind, options, unroll=True)
        unrolled.set_weights(layer.get_weights())
        states = [RNG.normal(size=(3, size)).astype("float32") for size in layer.cell.cell_state_sizes]
        for said, seen in ((None, None), (TARGETS_MASK, MEMORY_MASK)):
            masks = (np.ones((3, 5), bool) if said is None else said, np.ones((3, 6), bool))
            right = by_numpy(layer, kind, states, masks[0], masks[1] if seen is None else seen)
            name = f"{cell} {kind} {options} {'masked' if said is not None else ''}"
            given = {"memory_mask": seen}
            found = layer(X, MEMORY, initial_state=states, targets_mask=said, **given)
            same(found, right, name)
            same(
                unrolled(X, MEMORY, initial_state=states, targets_mask=said, **given),
                right,
                f"{name} unrolled",
            )
            if said is None:
                first = layer(X[:, :2], MEMORY, initial_state=states)
                second = layer(X[:, 2:], MEMORY, initial_state=first[2:])
                joined = [ops.concatenate(both, axis=1) for both in zip(first[:2], second[:2], strict=True)]
                same([*joined, *second[2:]], right, f"{name} in two pieces")
    figure = plot_alignments(found[1][0])
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), right[1][0], atol=1e-5)


def check_the_small_ones() -> None:
    """No step of the targets, one position of the memory, none: no error, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for unroll in (False, True):
            layer = decoder_of("peephole", "general", {}, unroll=unroll)
            outputs, where, *_ = layer(X[:, :0], MEMORY)
            assert (tuple(outputs.shape), tuple(where.shape)) == ((3, 0, 4), (3, 0, 6))
            alone = ops.convert_to_numpy(layer(X, MEMORY[:, :1])[1])
            np.testing.assert_array_equal(alone, np.ones((3, 5, 1)))
            hidden = np.array([[True], [False], [True]])
            masked = ops.convert_to_numpy(layer(X, MEMORY[:, :1], memory_mask=hidden)[1])
            np.testing.assert_array_equal(masked[:, 0, 0], [1.0, 0.0, 1.0])
            # One position is as good as that one beside others that nobody may look at.
            only = np.array([[True, *[False] * 5]] * 3)
            both = layer(X, MEMORY[:, :1]), layer(X, MEMORY, memory_mask=only)
            same(both[0][:1], map(ops.convert_to_numpy, both[1][:1]), "one position")
            assert tuple(layer(X, MEMORY[:, :0])[1].shape) == (3, 5, 0)


def check_half_the_bits() -> None:
    layer = decoder_of("stacked", "concat", {"attention_units": 3})
    want = [ops.convert_to_numpy(each) for each in layer(X, MEMORY, memory_mask=MEMORY_MASK)]
    for policy in ("mixed_float16", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        half = decoder_of("stacked", "concat", {"attention_units": 3})
        keras.config.set_dtype_policy("float32")
        half.set_weights(layer.get_weights())
        found = half(X, MEMORY, memory_mask=MEMORY_MASK)
        assert {keras.backend.standardize_dtype(each.dtype) for each in found} == {
            policy.removeprefix("mixed_")
        }
        same(
            [ops.cast(each, "float32") for each in found],
            want,
            policy,
            0.02 if "b" not in policy[6:] else 0.1,
        )


def check_zoneout() -> None:
    """Masks are drawn for all steps before the loop: where three steps are held, only the others count."""
    noise: dict[str, Any] = {"zoneout_output": 0.4, "zoneout_cell": 0.4}
    zoned = keras.layers.StackedRNNCells([LSTMPlusCell(5, "cifg", **noise), LSTMPlusCell(UNITS, **noise)])
    layer = AttentionDecoder(AttentionCell(zoned, LuongAttention(), input_feeding=False), return_state=True)
    layer.build(X.shape, MEMORY.shape)
    states = [RNG.normal(size=(3, size)).astype("float32") for size in layer.cell.cell_state_sizes]
    hold = np.array([True, False, True, True, False])
    for unroll in (False, True):
        layer.unroll = unroll
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LSTMPlusCell, "zoneout_masks", lambda cell, leading: _held(cell, leading, hold))
            found = layer(X, MEMORY, initial_state=states, training=True)[1:]
        plain = [cell.spec for cell in zoned.cells]
        for cell in zoned.cells:
            cell.spec = cell.spec.with_options(zoneout_output=0.0, zoneout_cell=0.0)
        right = layer(X[:, ~hold], MEMORY, initial_state=states)[1:]
        for cell, spec in zip(zoned.cells, plain, strict=True):
            cell.spec = spec
        same(found, map(ops.convert_to_numpy, right), f"zoneout, unroll={unroll}")
        assert [cell.zone for cell in zoned.cells] == [None, None]
    drawn = [ops.convert_to_numpy(layer(X, MEMORY, training=True)[0]) for _ in range(2)]
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-4


def _held(cell: LSTMPlusCell, leading: Any, hold: np.ndarray) -> tuple[Any, Any]:
    time, batch = (int(size) for size in leading)
    return tuple(
        ops.convert_to_tensor(np.broadcast_to(hold[:, None, None], (time, batch, size)))
        for size in (cell.output_size, cell.units)
    )


def model_of(attention: Any) -> keras.Model:
    read, said = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32", name="said")
    both = keras.layers.Bidirectional(LSTMPlus(8, return_sequences=True, return_state=True))
    memory, *states = both(keras.layers.Embedding(6, 8, mask_zero=True)(read))
    noise: dict[str, Any] = {"dropout": 0.02, "recurrent_dropout": 0.02, "zoneout_cell": 0.02}
    cell = AttentionCell(LSTMPlusCell(16, **noise), attention)
    heard = keras.layers.Embedding(7, 8)(said)
    a = AttentionDecoder(cell)(heard, memory, initial_state=join_states(states))
    return keras.Model([read, said], keras.layers.Dense(6, name="scores")(a))


def check_training() -> None:
    """To say backwards what was read; then saved, loaded, and taken apart into steps."""
    keras.utils.set_random_seed(1)
    letters = RNG.integers(1, 6, (64, 4))
    letters[32:, 3] = 0
    answers = np.array([[*row[row > 0][::-1], 0][:4] for row in letters])
    asked = np.concatenate([np.full((64, 1), 6), answers[:, :-1]], axis=1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for attention in (LuongAttention("general"), BahdanauAttention(8)):
        model = model_of(attention)
        model.compile(keras.optimizers.Adam(0.03), loss)
        losses = model.fit([letters, asked], answers, epochs=30, batch_size=32, verbose=0).history["loss"]
        assert losses[-1] < 0.35 * losses[0], losses
        want = ops.convert_to_numpy(model([letters, asked]))
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/model.keras")
            again = keras.models.load_model(f"{folder}/model.keras")
        same([again([letters, asked])], [want], "loaded")
        parts = decoder_step(model)
        shown = ops.convert_to_numpy(parts.step(parts.samples(letters, asked))["scores"])
        same([shown.reshape(4, 64, 6).swapaxes(0, 1)], [want], "step by step")


def check_other_cells() -> None:
    for cell in (keras.layers.GRUCell(4), keras.layers.LSTMCell(4), GridLSTMCell(4)):
        layer = AttentionDecoder(AttentionCell(cell, LuongAttention("dot")), return_state=True)
        other = MEMORY.copy()
        other[:, 2] += 1
        for one, changed in zip(layer(X, MEMORY), layer(X, other), strict=True):
            assert np.abs(ops.convert_to_numpy(one) - ops.convert_to_numpy(changed)).max() > 1e-4


if __name__ == "__main__":
    check_values()
    check_the_small_ones()
    check_half_the_bits()
    check_other_cells()
    check_zoneout()
    check_training()
    print("ok", keras.backend.backend())
