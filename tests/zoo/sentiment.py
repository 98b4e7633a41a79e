"""Whole texts into one answer: sentiment, topics, toxic comments."""

from __future__ import annotations

from typing import Any

import keras

from tests.zoo.architecture import LSTM, Inputs, architecture
from tests.zoo.signals import tokens, words

layers = keras.layers
WORDS = 500


@architecture(
    "keras.io, Bidirectional LSTM on IMDB (Chollet, 2020)",
    tokens(WORDS),
    20,
    37,
    scaled="20,000 words of 128, 64 units",
)
def imdb_bilstm(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(WORDS, 32)(ids)
    x = layers.Bidirectional(lstm(32, return_sequences=True))(x)
    x = layers.Bidirectional(lstm(32))(x)
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))


@architecture(
    "Keras repository, examples/imdb_lstm.py (2016)", tokens(WORDS), 24, 40, scaled="20,000 words, 128 units"
)
def imdb_lstm(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(WORDS, 32),
            lstm(48, dropout=0.2, recurrent_dropout=0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


@architecture(
    "Keras repository, examples/imdb_cnn_lstm.py (2016)", tokens(WORDS), 60, scaled="20,000 words of 128"
)
def imdb_cnn_lstm(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((60,), dtype="int32"),
            layers.Embedding(WORDS, 32),
            layers.Dropout(0.25),
            layers.Conv1D(64, 5, activation="relu"),
            layers.MaxPooling1D(4),
            lstm(70),
            layers.Dense(1),
            layers.Activation("sigmoid"),
        ]
    )


@architecture(
    "TensorFlow tutorial, Text classification with an RNN (2019), after its TextVectorization",
    tokens(WORDS, padded=True),
    24,
    33,
    scaled="1,000 words of 64, 64 units",
    refused={"micro": "not int64. To do: let whole numbers be int32"},
)
def tf_text_classification(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int64"),
            layers.Embedding(WORDS, 32, mask_zero=True),
            layers.Bidirectional(lstm(32, return_sequences=True)),
            layers.Bidirectional(lstm(24)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1),
        ]
    )


@architecture(
    "TensorFlow tutorial, Text classification with an RNN (2019), with its TextVectorization",
    words(["the film", "was a good one", "was not", "at all good", "a bore"]),
    1,
    refused={"all": "TextVectorization"},
)
def tf_text_vectorization(lstm: LSTM) -> keras.Model:
    text = keras.Input((1,), dtype="string")
    vocabulary = ["the", "film", "was", "a", "good", "one", "not", "at", "all", "bore"]
    x = layers.TextVectorization(vocabulary=vocabulary)(text)
    x = layers.Embedding(20, 16, mask_zero=True)(x)
    x = layers.Bidirectional(lstm(16))(x)
    return keras.Model(text, layers.Dense(1)(x))


@architecture(
    "Brownlee, Sequence classification with LSTM networks (2016); no Input, so its ids are float",
    tokens(WORDS, kind="float32"),
    40,
    scaled="5,000 words, 500 of a text",
)
def brownlee_imdb(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [layers.Embedding(WORDS, 32), lstm(100), layers.Dense(1, activation="sigmoid")], name="review"
    )


@architecture(
    "Kaggle, Jigsaw toxic comments (2018): pooled BiLSTM and BiGRU, copied in many kernels",
    tokens(WORDS),
    24,
    31,
    scaled="300 wide words, 80 units",
    refused=dict.fromkeys(("float", "float16", "dynamic", "int8"), "writing it out needs a fixed length"),
)
def toxic_pooled_bilstm_bigru(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.SpatialDropout1D(0.2)(layers.Embedding(WORDS, 40)(ids))
    x = layers.Bidirectional(lstm(32, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(32, return_sequences=True))(x)
    mean, largest = layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)
    x = layers.Concatenate()([mean, largest])
    return keras.Model(ids, layers.Dense(6, activation="sigmoid")(x))


@architecture(
    "Zhou et al., Attention-based BiLSTM for relation classification (2016)",
    tokens(WORDS, padded=True),
    20,
    29,
    scaled="100 units, words of 100",
)
def relation_attention_bilstm(lstm: LSTM) -> keras.Model:
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(WORDS, 50)(ids)
    h = layers.Bidirectional(lstm(40, return_sequences=True), merge_mode="sum")(x)
    scores = layers.Dense(1, use_bias=False)(layers.Activation("tanh")(h))
    weights = layers.Softmax(axis=1)(scores)
    context = layers.Flatten()(layers.Dot(axes=1)([weights, h]))
    return keras.Model(ids, layers.Dense(19, activation="softmax")(layers.Activation("tanh")(context)))


def _sentences(rng: Any, samples: int, steps: int) -> Inputs:
    (flat,) = tokens(WORDS)(rng, samples * steps, 8)
    return [flat.reshape(samples, steps, 8)]


@architecture(
    "Yang et al., Hierarchical attention networks (2016); Keras version by Liao (2017), with LSTM",
    _sentences,
    6,
    scaled="15 sentences of 100 words of 100, 100 units",
)
def hierarchical_attention(lstm: LSTM) -> keras.Model:
    def attend(h: Any) -> Any:
        scores = layers.Dense(1, use_bias=False)(layers.Dense(32, activation="tanh")(h))
        return layers.Flatten()(layers.Dot(axes=1)([layers.Softmax(axis=1)(scores), h]))

    words_in = keras.Input((8,), dtype="int32")
    h = layers.Bidirectional(lstm(24, return_sequences=True))(layers.Embedding(WORDS, 32)(words_in))
    sentence = keras.Model(words_in, attend(h), name="sentence_encoder")
    text = keras.Input((6, 8), dtype="int32")
    x = layers.TimeDistributed(sentence)(text)
    x = attend(layers.Bidirectional(lstm(24, return_sequences=True))(x))
    return keras.Model(text, layers.Dense(5, activation="softmax")(x))
