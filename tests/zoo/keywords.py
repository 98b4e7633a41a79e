"""Keywords and wake words: small networks that listen all the time."""

from __future__ import annotations

import keras

from tests.zoo.architecture import COARSE, LSTM, architecture
from tests.zoo.signals import sensors

layers = keras.layers
HELLO = "Zhang et al., Hello Edge: keyword spotting on microcontrollers (2017)"


@architecture(f"{HELLO}: the LSTM", sensors(10), 25, 49)
def hello_edge_lstm(lstm: LSTM) -> keras.Model:
    """Small: 118 units; 25 frames of 10 MFCCs."""
    return keras.Sequential([keras.Input((None, 10)), lstm(118), layers.Dense(12, activation="softmax")])


@architecture(f"{HELLO}: the CRNN, with an LSTM for its GRU", sensors(10), 49, scaled="48 filters, 60 units")
def hello_edge_crnn(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((49, 10))
    x = layers.Reshape((49, 10, 1))(inputs)
    x = layers.Conv2D(24, (10, 4), strides=(2, 2), padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Reshape((25, 5 * 24))(x)
    x = lstm(48)(lstm(48, return_sequences=True)(x))
    x = layers.Dense(84, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(12, activation="softmax")(x))


@architecture(
    "Arik et al., Convolutional recurrent networks for small-footprint keyword spotting (2017)",
    sensors(20),
    40,
    scaled="40 bands, 151 frames, 32 filters",
)
def arik_crnn(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((40, 20))
    x = layers.Reshape((40, 20, 1))(inputs)
    x = layers.Conv2D(16, (20, 5), strides=(8, 2), activation="relu", padding="same")(x)
    x = layers.Reshape((5, 10 * 16))(x)
    for _ in range(2):
        x = layers.Bidirectional(lstm(32, return_sequences=True))(x)
    x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


@architecture(
    "de Andrade et al., A neural attention model for speech command recognition (2018): Att-RNN",
    sensors(20),
    48,
    scaled="80 bands, 125 frames, 64 units",
    refused=COARSE,
)
def speech_commands_attention(lstm: LSTM) -> keras.Model:
    """The middle step asks, all steps answer."""
    inputs = keras.Input((48, 20))
    x = layers.Reshape((48, 20, 1))(inputs)
    x = layers.BatchNormalization()(layers.Conv2D(10, (5, 1), activation="relu", padding="same")(x))
    x = layers.BatchNormalization()(layers.Conv2D(1, (5, 1), activation="relu", padding="same")(x))
    x = layers.Reshape((48, 20))(x)
    for _ in range(2):
        x = layers.Bidirectional(lstm(24, return_sequences=True))(x)
    query = layers.Dense(48)(layers.Lambda(lambda value: value[:, 24])(x))
    scores = layers.Softmax(name="scores")(layers.Dot(axes=[1, 2])([query, x]))
    x = layers.Dot(axes=[1, 1])([scores, x])
    x = layers.Dense(32, activation="relu")(layers.Dense(64, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(36, activation="softmax")(x))


@architecture(
    "Sun et al., Max-pooling loss training of LSTM networks for keyword spotting (2016): frame by frame",
    sensors(20),
    40,
    70,
    options={"state": "carry"},
    as_stream=True,
    scaled="64 units with projection, 20 bands and their context",
)
def wake_word_stream(lstm: LSTM) -> keras.Model:
    """Built for one frame a call, stateful, as it runs."""
    return keras.Sequential(
        [
            keras.Input(batch_shape=(1, 1, 20)),
            lstm(48, return_sequences=True, stateful=True),
            lstm(48, stateful=True),
            layers.Dense(2, activation="softmax"),
        ]
    )


@architecture(
    "MLPerf Tiny's keywords (Banbury et al., 2021), 49 frames of 10 MFCCs: its DS-CNN before an LSTM",
    sensors(10),
    49,
    scaled="64 filters",
)
def mlperf_tiny_ds_lstm(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((49, 10))
    x = layers.Reshape((49, 10, 1))(inputs)
    x = layers.Conv2D(24, (10, 4), strides=(2, 2), padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    for _ in range(2):
        x = layers.DepthwiseConv2D((3, 3), padding="same")(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Conv2D(24, 1)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Reshape((25, 5 * 24))(x)
    return keras.Model(inputs, layers.Dense(12, activation="softmax")(lstm(40)(x)))


@architecture(
    "Rybakov et al., Streaming keyword spotting on mobile devices (2020): causal convolutions, an LSTM",
    sensors(20),
    40,
    60,
    scaled="40 bands, 256 units",
)
def streaming_kws_causal(lstm: LSTM) -> keras.Model:
    """Causal convolutions over time before the LSTM."""
    inputs = keras.Input((None, 20))
    x = layers.DepthwiseConv1D(5, padding="valid")(layers.ZeroPadding1D((4, 0))(inputs))
    x = layers.Dense(32, activation="relu")(x)
    x = layers.Conv1D(32, 3, padding="causal", activation="relu")(x)
    x = lstm(40, return_sequences=True)(x)
    return keras.Model(inputs, layers.Dense(12)(x))
