"""A label for every word: parts of speech, names, slots; masks, characters beside words."""

from __future__ import annotations

from typing import Any

import keras

from tests.zoo.architecture import LSTM, Inputs, architecture
from tests.zoo.signals import tokens

layers = keras.layers
WORDS, LETTERS, LONGEST = 400, 40, 7


def _words_and_letters(rng: Any, samples: int, steps: int) -> Inputs:
    (words,) = tokens(WORDS)(rng, samples, steps)
    (letters,) = tokens(LETTERS, padded=True)(rng, samples * steps, LONGEST)
    return [words, letters.reshape(samples, steps, LONGEST)]


@architecture(
    "Huang, Xu and Yu, Bidirectional LSTM-CRF for tagging (2015), without the CRF; masked padding",
    tokens(WORDS, padded=True),
    20,
    31,
    scaled="words of 50, 300 units",
)
def pos_tagger_masked(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(WORDS, 32, mask_zero=True)(ids)
    x = layers.Bidirectional(lstm(40, return_sequences=True))(x)
    return keras.Model(ids, layers.TimeDistributed(layers.Dense(12, activation="softmax"))(x))


@architecture(
    "Sterbak, Sequence tagging with LSTM networks, depends-on-the-definition.com (2017)",
    tokens(WORDS, padded=True),
    30,
    scaled="words of 50, 100 units, 50 steps",
)
def ner_fixed_length(lstm: LSTM) -> keras.Model:
    ids = keras.Input((30,), dtype="int32")
    x = layers.SpatialDropout1D(0.1)(layers.Embedding(WORDS, 40)(ids))
    x = layers.Bidirectional(lstm(40, return_sequences=True, recurrent_dropout=0.1))(x)
    return keras.Model(ids, layers.TimeDistributed(layers.Dense(17, activation="softmax"))(x))


@architecture(
    "Chiu and Nichols, Named entity recognition with bidirectional LSTM-CNNs (2016); Keras: kamalkraj",
    _words_and_letters,
    12,
    19,
    scaled="words of 50, 200 units, 52 letters of a word",
)
def ner_bilstm_cnn(lstm: LSTM) -> keras.Model:
    words = keras.Input((None,), dtype="int32", name="words")
    letters = keras.Input((None, LONGEST), dtype="int32", name="letters")
    y = layers.TimeDistributed(layers.Embedding(LETTERS, 16))(letters)
    y = layers.TimeDistributed(layers.Conv1D(16, 3, padding="same", activation="tanh"))(
        layers.Dropout(0.5)(y)
    )
    y = layers.TimeDistributed(layers.MaxPooling1D(LONGEST))(y)
    y = layers.TimeDistributed(layers.Flatten())(y)
    x = layers.Concatenate()([layers.Embedding(WORDS, 32)(words), layers.Dropout(0.5)(y)])
    x = layers.Bidirectional(lstm(32, return_sequences=True, dropout=0.5, recurrent_dropout=0.25))(x)
    outputs = layers.TimeDistributed(layers.Dense(9, activation="softmax"))(x)
    return keras.Model([words, letters], outputs)


@architecture(
    "Lample et al., Neural architectures for named entity recognition (2016): words spelt by an LSTM",
    _words_and_letters,
    12,
    scaled="words of 100, 100 units, letters 25",
)
def ner_char_bilstm(lstm: LSTM) -> keras.Model:
    words = keras.Input((12,), dtype="int32", name="words")
    letters = keras.Input((12, LONGEST), dtype="int32", name="letters")
    y = layers.TimeDistributed(layers.Embedding(LETTERS, 12, mask_zero=True))(letters)
    y = layers.TimeDistributed(layers.Bidirectional(lstm(12)))(y)
    x = layers.Concatenate()([layers.Embedding(WORDS, 32)(words), y])
    x = layers.Bidirectional(lstm(32, return_sequences=True))(x)
    return keras.Model([words, letters], layers.Dense(9, activation="softmax")(x))


@architecture(
    "Liu and Lane, Attention-based RNN for joint intent detection and slot filling (2016)",
    tokens(WORDS, padded=True),
    16,
    25,
    scaled="words of 64, 128 units",
)
def joint_intent_and_slots(lstm: LSTM) -> keras.Model:
    """Two outputs: one for the sentence, one for each word."""
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(WORDS, 32, mask_zero=True)(ids)
    h = layers.Bidirectional(lstm(32, return_sequences=True))(x)
    slots = layers.Dense(15, activation="softmax", name="slots")(h)
    last = layers.Bidirectional(lstm(24), merge_mode="ave")(h)
    return keras.Model(ids, [layers.Dense(7, activation="softmax", name="intent")(last), slots])


@architecture(
    "Tan et al., Deep semantic role labelling with self-attention (2018): recurrent and attention sublayers",
    tokens(WORDS),
    14,
    21,
    scaled="words of 100, 200 units, 8 heads, 10 layers",
)
def role_labels_self_attention(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(WORDS, 48)(ids)
    for _ in range(2):
        recurrent = layers.Bidirectional(lstm(48, return_sequences=True), merge_mode="sum")(x)
        x = layers.LayerNormalization()(layers.Add()([x, recurrent]))
        x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(4, 12)(x, x)]))
    return keras.Model(ids, layers.Dense(10, activation="softmax")(x))
