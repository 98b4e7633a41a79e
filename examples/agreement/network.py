"""Networks of one size that differ in their recurrent layer alone: words in, the next word out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from examples.agreement.grammar import LENGTH, VOCABULARY
from keras_lstm_plus import LSTMPlus

EMBEDDING = 16
SIZE = 5400  # weights of a whole network, about

MAKERS: Mapping[str, Callable[..., keras.Layer]] = {
    "SimpleRNN": keras.layers.SimpleRNN,
    "GRU": keras.layers.GRU,
    **{
        name: lambda units, variant=name, **kw: LSTMPlus(units, variant, **kw)
        for name in ("lstm_1997", "standard", "peephole", "cifg")
    },
}


def build(name: str, units: int) -> keras.Model:
    """Word numbers `[batch, 40]`, 0 for none, to probabilities of the next word, `[batch, vocabulary]`.

    Args:
        name: of the recurrent layer, one of `MAKERS`.
    """
    words = keras.Input((LENGTH,), dtype="int32", name="words")
    x = keras.layers.Embedding(len(VOCABULARY), EMBEDDING, mask_zero=True, name="embedding")(words)
    x = MAKERS[name](units, name="memory")(x)
    following = keras.layers.Dense(len(VOCABULARY), activation="softmax", name="next")(x)
    return keras.Model(words, following)


def units_for(name: str, size: int = SIZE) -> int:
    """How many units bring the network closest to so many weights."""
    return min(range(1, 200), key=lambda units: abs(weights(name, units) - size))


def weights(name: str, units: int) -> int:
    """The number of weights of a network, by formula: a network of each size need not be built."""
    inputs = EMBEDDING
    matrix = units * (inputs + units + 1)
    recurrent = {
        "SimpleRNN": matrix,
        "GRU": 3 * matrix + 3 * units,  # Keras adds a bias to the recurrent product, too
        "lstm_1997": 3 * matrix,
        "standard": 4 * matrix,
        "peephole": 4 * matrix + 3 * units,
        "cifg": 3 * matrix,
    }[name]
    return len(VOCABULARY) * (inputs + units + 1) + recurrent


def parts(model: keras.Model) -> tuple[Any, Any, Any]:
    """The three layers: embedding, memory and the next word."""
    return model.get_layer("embedding"), model.get_layer("memory"), model.get_layer("next")
