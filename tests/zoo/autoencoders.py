"""Sequences into a vector and back: anomalies, reconstructions, molecules."""

from __future__ import annotations

import keras

from tests.zoo.architecture import COARSE, LSTM, architecture
from tests.zoo.signals import of_length, one_hot, sensors, together

layers = keras.layers


@architecture(
    "Brownlee, A gentle introduction to LSTM autoencoders (2018)",
    sensors(1),
    9,
    refused=COARSE,
)
def brownlee_autoencoder(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((9, 1)),
            lstm(100, activation="relu"),
            layers.RepeatVector(9),
            lstm(100, activation="relu", return_sequences=True),
            layers.TimeDistributed(layers.Dense(1)),
        ]
    )


@architecture(
    "Srivastava, Mansimov and Salakhutdinov, Unsupervised learning of video representations (2015); Brownlee",
    sensors(1),
    9,
    refused=COARSE,
)
def composite_autoencoder(lstm: LSTM) -> keras.Model:
    """Two decoders: what was, and what comes."""
    visible = keras.Input((9, 1))
    code = lstm(100, activation="relu")(visible)
    outputs = []
    for name, steps in (("reconstruction", 9), ("prediction", 8)):
        x = lstm(100, activation="relu", return_sequences=True)(layers.RepeatVector(steps)(code))
        outputs.append(layers.TimeDistributed(layers.Dense(1), name=name)(x))
    return keras.Model(visible, outputs)


@architecture(
    "Malhotra et al., LSTM-based encoder-decoder for anomaly detection (2016); Valkov, with Keras (2019)",
    sensors(3),
    30,
    scaled="64 units",
)
def anomaly_autoencoder(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((30, 3)),
            lstm(48),
            layers.Dropout(0.2),
            layers.RepeatVector(30),
            lstm(48, return_sequences=True),
            layers.Dropout(0.2),
            layers.TimeDistributed(layers.Dense(3)),
        ]
    )


@architecture(
    "Valkov, Time series anomaly detection using LSTM autoencoders: ECG5000 (2020): two down, two up",
    sensors(1),
    56,
    scaled="140 steps, 128 and 64 units",
)
def ecg_autoencoder(lstm: LSTM) -> keras.Model:
    x = inputs = keras.Input((56, 1))
    x = lstm(64, return_sequences=True)(x)
    x = lstm(16)(x)
    x = layers.RepeatVector(56)(x)
    x = lstm(16, return_sequences=True)(x)
    x = lstm(64, return_sequences=True)(x)
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(1))(x))


@architecture(
    "Park, Hoshi and Kemp, A multimodal anomaly detector: LSTM-VAE (2018), its mean",
    sensors(5),
    16,
    scaled="17 channels",
)
def lstm_vae_mean(lstm: LSTM) -> keras.Model:
    """Without the noise: mean and log variance of the code, and the reconstruction from the mean."""
    inputs = keras.Input((16, 5))
    h = lstm(32)(inputs)
    mean, spread = layers.Dense(8, name="mean")(h), layers.Dense(8, name="log_variance")(h)
    x = lstm(32, return_sequences=True)(layers.RepeatVector(16)(mean))
    return keras.Model(inputs, [layers.Dense(5, name="reconstruction")(x), mean, spread])


@architecture(
    "Bjerrum, Master your molecule generator: SMILES with LSTM cells (2017)",
    together(one_hot(24), of_length(one_hot(24), 20)),
    20,
    scaled="64 units, 64 of the code, 29 characters",
    refused=COARSE,
)
def molecule_autoencoder(lstm: LSTM) -> keras.Model:
    """The states of the encoder make a code, the code makes the states of the decoder."""
    given, before = keras.Input((20, 24), name="molecule"), keras.Input((20, 24), name="shifted")
    _, h, c = lstm(64, return_state=True)(given)
    code = layers.Dense(48, activation="relu")(layers.Concatenate()([h, c]))
    states = [layers.Dense(64, activation="relu")(code) for _ in range(2)]
    x = lstm(64, return_sequences=True)(before, initial_state=states)
    return keras.Model([given, before], layers.Dense(24, activation="softmax")(x))
