"""Two texts at a time: similarity, inference, questions about stories."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tests.zoo.architecture import LSTM, architecture
from tests.zoo.signals import of_length, together, tokens

layers = keras.layers
WORDS = 300


def _two(length: int | None) -> list[Any]:
    return [keras.Input((length,), dtype="int32", name=name) for name in ("left", "right")]


@architecture(
    "Mueller and Thyagarajan, Siamese recurrent architectures: MaLSTM (2016); Cohen's Keras version (2017)",
    together(tokens(WORDS, padded=True), tokens(WORDS, padded=True)),
    15,
    scaled="words of 300",
)
def malstm(lstm: LSTM) -> keras.Model:
    """Published size: 50 units, shared; the Manhattan distance."""
    left, right = _two(15)
    words, shared = layers.Embedding(WORDS, 40), lstm(50)
    sides = [shared(words(each)) for each in (left, right)]
    distance = layers.Lambda(
        lambda pair: ops.exp(-0.1 * ops.sum(ops.abs(pair[0] - pair[1]), axis=1, keepdims=True))
    )
    return keras.Model([left, right], distance(sides))


@architecture(
    "Chen et al., Enhanced LSTM for natural language inference: ESIM (2017)",
    together(tokens(WORDS), of_length(tokens(WORDS), 10)),
    12,
    scaled="300 units",
)
def esim(lstm: LSTM) -> keras.Model:
    """Each side softly aligned with the other, composed by a second BiLSTM."""
    left, right = (
        keras.Input((12,), dtype="int32", name="left"),
        keras.Input((10,), dtype="int32", name="right"),
    )
    words, encode = layers.Embedding(WORDS, 32), layers.Bidirectional(lstm(24, return_sequences=True))
    compose = layers.Bidirectional(lstm(24, return_sequences=True))
    reduce = layers.Dense(32, activation="relu")
    a, b = encode(words(left)), encode(words(right))
    scores = layers.Dot(axes=-1)([a, b])
    for_b = layers.Softmax(axis=1)(scores)
    other_a = layers.Dot(axes=(2, 1))([layers.Softmax(axis=2)(scores), b])
    other_b = layers.Dot(axes=1)([for_b, a])
    pooled = []
    for own, other in ((a, other_a), (b, other_b)):
        joined = layers.Concatenate()(
            [own, other, layers.Subtract()([own, other]), layers.Multiply()([own, other])]
        )
        composed = compose(reduce(joined))
        pooled += [layers.GlobalAveragePooling1D()(composed), layers.GlobalMaxPooling1D()(composed)]
    x = layers.Dense(32, activation="tanh")(layers.Concatenate()(pooled))
    return keras.Model([left, right], layers.Dense(3, activation="softmax")(x))


@architecture(
    "Keras repository, examples/babi_memnn.py (2016), after Sukhbaatar et al.",
    together(tokens(40, padded=True), of_length(tokens(40), 5)),
    20,
    scaled="64 wide, 68 words of a story",
)
def babi_memory_network(lstm: LSTM) -> keras.Model:
    """Published size of its LSTM: 32 units."""
    story = keras.Input((20,), dtype="int32", name="story")
    question = keras.Input((5,), dtype="int32", name="question")
    asked = layers.Embedding(40, 32)(question)
    match = layers.Softmax()(layers.Dot(axes=(2, 2))([layers.Embedding(40, 32)(story), asked]))
    response = layers.Permute((2, 1))(layers.Add()([match, layers.Embedding(40, 5)(story)]))
    x = lstm(32)(layers.Concatenate()([response, asked]))
    return keras.Model([story, question], layers.Dense(40, activation="softmax")(x))


@architecture(
    "Keras repository, examples/babi_rnn.py (2015): story and question, each read",
    together(tokens(40, padded=True), of_length(tokens(40), 6)),
    24,
    scaled="100 units",
)
def babi_two_readers(lstm: LSTM) -> keras.Model:
    """The question is repeated at each word of the story."""
    story = keras.Input((24,), dtype="int32", name="story")
    question = keras.Input((6,), dtype="int32", name="question")
    asked = layers.RepeatVector(24)(lstm(32)(layers.Embedding(40, 32)(question)))
    x = layers.Add()([layers.Dropout(0.3)(layers.Embedding(40, 32)(story)), asked])
    return keras.Model([story, question], layers.Dense(40, activation="softmax")(lstm(32)(x)))
