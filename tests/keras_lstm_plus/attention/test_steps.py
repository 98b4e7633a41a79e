"""A trained model taken apart: step by step it says what it says as a whole."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from keras_lstm_plus import GridLSTMCell, LSTMPlus, LSTMPlusCell
from keras_lstm_plus.attention import (
    AttentionCell,
    AttentionDecoder,
    BahdanauAttention,
    LuongAttention,
    decoder_step,
)
from tests.helpers.attention_models import SAID, encoder_decoder, forced, keras_decoder

TOKENS = np.random.default_rng(0).integers(1, SAID, (1, 5))


@pytest.mark.parametrize("kind", ["luong", "bahdanau", "masked"])
def test_steps_are_the_whole(kind: str) -> None:
    model = encoder_decoder(kind)
    parts = decoder_step(model)
    word = np.array([[3, 1, 4, 1, 0, 0]])
    told = {name: np.asarray(value) for name, value in parts.encoder(word).items()}
    np.testing.assert_allclose(
        forced(keras_decoder(parts), told, TOKENS[0]), model([word, TOKENS])[0], atol=1e-5
    )
    model.trainable_weights[-1].assign_add(np.ones(SAID))  # shared: what is trained on is seen
    np.testing.assert_allclose(
        forced(keras_decoder(parts), told, TOKENS[0]), model([word, TOKENS])[0], atol=1e-5
    )


@pytest.mark.parametrize("cell", [keras.layers.GRUCell(4), GridLSTMCell(4)], ids=["gru", "grid"])
@pytest.mark.parametrize("attention", [BahdanauAttention(3), LuongAttention("dot")], ids=["before", "after"])
def test_other_cells_from_zeros(cell: Any, attention: Any) -> None:
    cell, attention = (type(each).from_config(each.get_config()) for each in (cell, attention))
    read, said = keras.Input((None, 3), name="read"), keras.Input((None, 2), name="said")
    memory = LSTMPlus(4, return_sequences=True)(read)
    a = AttentionDecoder(AttentionCell(cell, attention, attention_units=0))(said, memory)
    model = keras.Model([read, said], keras.layers.Dense(3, "softmax", name="scores")(a))
    parts = decoder_step(model)
    assert {each.name for each in parts.step.inputs} >= {"said", "memory"}  # by which a file is fed
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 3)).astype("float32"), rng.normal(size=(2, 4, 2)).astype("float32")
    samples = parts.samples(x, y)
    by_step = np.asarray(parts.step(samples)["scores"]).reshape(4, 2, 3).transpose(1, 0, 2)
    np.testing.assert_allclose(by_step, model([x, y]), atol=1e-5)


def build(before: Any = None, behind: Any = None, twice: bool = False) -> keras.Model:
    read, said = keras.Input((None, 3), name="read"), keras.Input((None, 2), name="said")
    memory = LSTMPlus(4, return_sequences=True)(read)
    heard = before(said) if before else said
    decoder = AttentionDecoder(AttentionCell(LSTMPlusCell(4), LuongAttention()))
    a = decoder(heard, memory)
    a = decoder(a[..., :2], memory) if twice else a
    return keras.Model([read, said], behind(a) if behind else a)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: build(before=LSTMPlus(2, return_sequences=True)),
            "stands before the decoder and looks at several",
        ),
        (
            lambda: build(behind=keras.layers.Conv1D(2, 3, padding="same")),
            "stands behind the decoder and looks",
        ),
        (lambda: build(twice=True), "calls 2"),
        (lambda: keras.Sequential([keras.Input((None, 3)), LSTMPlus(4)]), "takes a functional model apart"),
        (lambda: LSTMPlus(4), "takes a functional model apart"),
    ],
)
def test_what_has_no_step(make: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        decoder_step(make())
