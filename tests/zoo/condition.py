"""The state of machines and of people: what breaks, what a heart does; gaps, padding, norming inside."""

from __future__ import annotations

import keras
import numpy as np

from tests.zoo.architecture import LSTM, architecture
from tests.zoo.signals import classes, frames, mapped, padded_sensors, sensors, together, words

layers = keras.layers


@architecture(
    "Zheng et al., LSTM network for remaining useful life (2017); Azure's template (Uz, 2017)",
    sensors(25),
    50,
)
def engine_failure(lstm: LSTM) -> keras.Model:
    """Published size: NASA's C-MAPSS, 50 cycles of 25 sensors, 100 and 50 units."""
    return keras.Sequential(
        [
            keras.Input((50, 25)),
            lstm(100, return_sequences=True),
            layers.Dropout(0.2),
            lstm(50),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


@architecture(
    "Peters, Exploring NASA's turbofan dataset (2020): padded in front with -99",
    padded_sensors(14, -99.0, before=True),
    30,
)
def turbofan_masked_99(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((30, 14)),
            layers.Masking(mask_value=-99.0),
            lstm(64, activation="tanh"),
            layers.Dense(1),
        ]
    )


@architecture(
    "Brownlee, How to handle missing timesteps (2017): Masking(-1)",
    padded_sensors(2, -1.0, before=True),
    12,
    20,
)
def missing_steps_masked_1(lstm: LSTM) -> keras.Model:
    return keras.Sequential([keras.Input((None, 2)), layers.Masking(-1.0), lstm(5), layers.Dense(1)])


@architecture(
    "Harutyunyan et al., MIMIC-III benchmarks (2019): Masking(0), BiLSTM, LSTM",
    padded_sensors(20, 0.0),
    30,
    48,
    scaled="76 features",
)
def mimic_mortality(lstm: LSTM) -> keras.Model:
    """Published size: 16 units."""
    x = inputs = keras.Input((None, 20))
    x = layers.Masking()(x)
    x = layers.Bidirectional(lstm(8, return_sequences=True, dropout=0.3))(x)
    x = layers.Dropout(0.3)(lstm(16, dropout=0.3)(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


@architecture(
    "Oh et al., Arrhythmia diagnosis using CNN and LSTM with variable length heart beats (2018)",
    sensors(1),
    200,
    scaled="1,000 samples",
)
def arrhythmia_cnn_lstm(lstm: LSTM) -> keras.Model:
    """Published size: filters of 3, 6 and 6, 20 units."""
    inputs = keras.Input((200, 1))
    x = inputs
    for filters, width in ((3, 20), (6, 10), (6, 5)):
        x = layers.Conv1D(filters, width, activation="relu", padding="same")(x)
        x = layers.MaxPooling1D(2)(x)
    x = layers.Dense(20, activation="relu")(lstm(20)(x))
    return keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.Dense(10, activation="relu")(x)))


@architecture(
    "Supratak and Guo, TinySleepNet (2020): a CNN on each epoch, an LSTM over the night",
    frames(0, 128, 1),
    5,
    8,
    scaled="30 s at 100 Hz, 128 filters, 128 units",
)
def tiny_sleep_net(lstm: LSTM) -> keras.Model:
    epoch = keras.Input((128, 1))
    y = layers.Conv1D(16, 16, strides=4, padding="same", use_bias=False)(epoch)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.MaxPooling1D(4)(y)
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv1D(16, 8, padding="same", use_bias=False)(y)))
    features = keras.Model(epoch, layers.Flatten()(layers.MaxPooling1D(2)(y)), name="epoch_features")
    night = keras.Input((None, 128, 1))
    x = lstm(32, return_sequences=True)(layers.TimeDistributed(features)(night))
    return keras.Model(night, layers.Dense(5, activation="softmax")(x))


@architecture(
    "keras.io, Structured data with preprocessing layers (2020): Normalization in the model, then an LSTM",
    mapped(sensors(4), lambda x: x * np.array([1, 30, 0.02, 500], "f") + np.array([0, 100, 1, 2000], "f")),
    24,
    40,
)
def normalization_inside(lstm: LSTM) -> keras.Model:
    """Raw readings of four units go in."""
    norm = layers.Normalization(mean=[0.0, 100.0, 1.0, 2000.0], variance=[1.0, 900.0, 4e-4, 2.5e5])
    inputs = keras.Input((None, 4))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(lstm(24)(norm(inputs))))


@architecture(
    "keras.io, Structured data with preprocessing layers (2020): IntegerLookup in the model, then an LSTM",
    together(mapped(classes(30), lambda x: 10 * x), sensors(3)),
    16,
    refused={"all": "IntegerLookup"},
)
def integer_lookup(lstm: LSTM) -> keras.Model:
    place, readings = keras.Input((1,), dtype="int64", name="place"), keras.Input((16, 3), name="readings")
    index = layers.IntegerLookup(vocabulary=[10 * n for n in range(30)])(place)
    where = layers.Flatten()(layers.Embedding(31, 6)(index))
    x = layers.Concatenate()([lstm(24)(readings), where])
    return keras.Model([place, readings], layers.Dense(1)(x))


@architecture(
    "TensorFlow Recommenders tutorial, Retrieval using a sequential model (2022): StringLookup, LSTM for GRU",
    words([f"film {n}" for n in range(30)]),
    10,
    refused={"all": "StringLookup"},
    scaled="32 units there too",
)
def string_lookup(lstm: LSTM) -> keras.Model:
    films = keras.Input((10,), dtype="string")
    index = layers.StringLookup(vocabulary=[f"film {n}" for n in range(30)])(films)
    return keras.Model(films, lstm(32)(layers.Embedding(31, 32)(index)))
