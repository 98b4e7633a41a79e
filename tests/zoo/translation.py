"""Sequence to sequence: training models, and the encoders and decoders that they are cut into."""

from __future__ import annotations

from typing import Any

import keras

from tests.zoo.architecture import COARSE, LSTM, architecture
from tests.zoo.signals import of_length, one_hot, together, tokens, vectors

layers = keras.layers
SOURCE, TARGET, UNITS = 40, 50, 64
CHARACTERS = "keras.io, Character-level recurrent sequence-to-sequence model (Chollet, 2017)"
WIDTHS = "71 and 93 characters, 256 units"
WORDS = 300


@architecture(
    CHARACTERS,
    together(one_hot(SOURCE), of_length(one_hot(TARGET), 13)),
    18,
    25,
    scaled=WIDTHS,
    refused={"micro": "must have the shape [samples, 18 or more, 50]"},
)
def char_translator(lstm: LSTM) -> keras.Model:
    """The model that is trained: teacher forcing."""
    source, target = keras.Input((None, SOURCE)), keras.Input((None, TARGET))
    _, h, c = lstm(UNITS, return_state=True)(source)
    x, _, _ = lstm(UNITS, return_sequences=True, return_state=True)(target, initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(TARGET, activation="softmax")(x))


@architecture(CHARACTERS + ", its encoder", one_hot(SOURCE), 18, 25, scaled=WIDTHS)
def char_translator_encoder(lstm: LSTM) -> keras.Model:
    source = keras.Input((None, SOURCE))
    _, h, c = lstm(UNITS, return_state=True)(source)
    return keras.Model(source, [h, c])


@architecture(
    CHARACTERS + ", its decoder: one character a call",
    together(one_hot(TARGET), vectors(UNITS, scale=0.5), vectors(UNITS, scale=0.8)),
    1,
    scaled=WIDTHS,
    refused={**COARSE, "micro": "runs files of a fixed length"},
)
def char_translator_decoder(lstm: LSTM) -> keras.Model:
    target = keras.Input((None, TARGET), name="character")
    h, c = keras.Input((UNITS,), name="h"), keras.Input((UNITS,), name="c")
    x, new_h, new_c = lstm(UNITS, return_sequences=True, return_state=True)(target, initial_state=[h, c])
    return keras.Model([target, h, c], [layers.Dense(TARGET, activation="softmax")(x), new_h, new_c])


@architecture(
    "Chollet, A ten-minute introduction to sequence-to-sequence learning (2017), with words: its encoder",
    tokens(WORDS, padded=True),
    15,
    22,
    scaled="256 units",
)
def word_encoder_masked(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(WORDS, 32, mask_zero=True)(ids)
    _, h, c = lstm(48, return_state=True)(x)
    return keras.Model(ids, [h, c])


@architecture(
    "Sutskever, Vinyals and Le, Sequence to sequence learning (2014): the source is read backwards",
    together(tokens(WORDS), of_length(tokens(WORDS), 9)),
    12,
    scaled="4 layers of 1,000 units",
    refused={"micro": "runs files of a fixed length"},
)
def reversed_source(lstm: LSTM) -> keras.Model:
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((9,), dtype="int32", name="target")
    x = lstm(40, go_backwards=True, return_sequences=True)(layers.Embedding(WORDS, 32)(source))
    _, h, c = lstm(40, return_state=True)(x)
    y = lstm(40, return_sequences=True)(layers.Embedding(WORDS, 32)(target), initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(WORDS, activation="softmax")(y))


def _attending(lstm: LSTM, attention: Any, bidirectional: bool) -> keras.Model:
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    x = layers.Embedding(WORDS, 32)(source)
    if bidirectional:
        h = layers.Bidirectional(lstm(24, return_sequences=True))(x)
        y = lstm(48, return_sequences=True)(layers.Embedding(WORDS, 32)(target))
    else:
        h, *state = lstm(48, return_sequences=True, return_state=True)(x)
        y = lstm(48, return_sequences=True)(layers.Embedding(WORDS, 32)(target), initial_state=state)
    context = attention(y, h) if isinstance(attention, layers.MultiHeadAttention) else attention([y, h])
    y = layers.Dense(40, activation="tanh")(layers.Concatenate()([y, context]))
    return keras.Model([source, target], layers.Dense(WORDS)(y))


@architecture(
    "Luong, Pham and Manning, Effective approaches to attention (2015), keras.layers.Attention",
    together(tokens(WORDS), of_length(tokens(WORDS), 11)),
    14,
    20,
    scaled="4 layers of 1,000 units",
    refused={"micro": "must have the shape [samples, 14 or more]"},
)
def luong_attention(lstm: LSTM) -> keras.Model:
    return _attending(lstm, layers.Attention(), bidirectional=False)


@architecture(
    "Bahdanau, Cho and Bengio, Jointly learning to align and translate (2015), AdditiveAttention",
    together(tokens(WORDS), of_length(tokens(WORDS), 11)),
    14,
    20,
    scaled="1,000 units, GRU there",
    refused={"micro": "must have the shape [samples, 14 or more]"},
)
def bahdanau_attention(lstm: LSTM) -> keras.Model:
    return _attending(lstm, layers.AdditiveAttention(), bidirectional=True)


@architecture(
    "TensorFlow tutorial, Neural machine translation with attention (2022): MultiHeadAttention over an RNN",
    together(tokens(WORDS), of_length(tokens(WORDS), 11)),
    14,
    20,
    scaled="256 units, GRU there",
    refused={"micro": "must have the shape [samples, 14 or more]"},
)
def nmt_cross_attention(lstm: LSTM) -> keras.Model:
    return _attending(lstm, layers.MultiHeadAttention(num_heads=1, key_dim=48), bidirectional=True)


@architecture(
    "Wu et al., Google's neural machine translation system (2016): its encoder, residual",
    tokens(WORDS),
    14,
    22,
    scaled="8 layers of 1,024 units",
)
def gnmt_residual_encoder(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.Bidirectional(lstm(32, return_sequences=True))(layers.Embedding(WORDS, 32)(ids))
    x = lstm(32, return_sequences=True)(x)
    for _ in range(3):
        x = layers.Add()([x, lstm(32, return_sequences=True)(x)])
    return keras.Model(ids, layers.Dense(WORDS)(x))


@architecture(
    "keras.io, Sequence to sequence learning for performing number addition (2015)",
    one_hot(12),
    7,
    scaled="128 units",
)
def number_addition(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((7, 12)),
            lstm(96),
            layers.RepeatVector(4),
            lstm(96, return_sequences=True),
            layers.Dense(12, activation="softmax"),
        ]
    )
