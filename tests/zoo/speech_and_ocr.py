"""Sequences for CTC, from sound and from pictures; drawing and handwriting."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tests.zoo.architecture import COARSE, LSTM, architecture
from tests.zoo.signals import images, sensors, video

layers = keras.layers


@architecture(
    "Amodei et al., Deep Speech 2 (2016), as in keras.io, Automatic speech recognition using CTC (2021)",
    sensors(33),
    40,
    56,
    scaled="193 bins, 32 filters, 5 layers of 512 units, GRU on keras.io",
)
def deep_speech_2(lstm: LSTM) -> keras.Model:
    spectrogram = keras.Input((None, 33))
    x = layers.Reshape((-1, 33, 1))(spectrogram)
    for kernel, strides in (((11, 9), (2, 2)), ((11, 5), (1, 2))):
        x = layers.Conv2D(8, kernel, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Reshape((-1, 9 * 8))(x)
    for layer in range(3):
        x = layers.Bidirectional(lstm(24, return_sequences=True))(x)
        x = layers.Dropout(0.5)(x) if layer < 2 else x
    x = layers.ReLU()(layers.Dense(48)(x))
    return keras.Model(spectrogram, layers.Dense(32, activation="softmax")(layers.Dropout(0.5)(x)))


@architecture(
    "keras.io, OCR model for reading captchas (Nain, 2020)",
    images(64, 24),
    1,
    scaled="200 x 50 pixels, 128 and 64 units",
)
def captcha_ocr(lstm: LSTM) -> keras.Model:
    """The picture comes with its width first: the width is time."""
    image = keras.Input((64, 24, 1))
    x = image
    for filters in (16, 24):
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Reshape(target_shape=(16, 6 * 24))(x)
    x = layers.Dropout(0.2)(layers.Dense(48, activation="relu")(x))
    x = layers.Bidirectional(lstm(40, return_sequences=True, dropout=0.25))(x)
    x = layers.Bidirectional(lstm(24, return_sequences=True, dropout=0.25))(x)
    return keras.Model(image, layers.Dense(21, activation="softmax")(x))


@architecture(
    "Shi, Bai and Yao, An end-to-end trainable network for image-based sequence recognition: CRNN (2015)",
    images(32, 64),
    1,
    scaled="32 x 100 pixels, 64 to 512 filters, 256 units",
    refused=COARSE,
)
def crnn_line_ocr(lstm: LSTM) -> keras.Model:
    """Pooled to a height of one; the columns are the steps."""
    image = keras.Input((32, 64, 1))
    x = image
    for filters, pool in ((8, (2, 2)), (16, (2, 2)), (24, (2, 1)), (32, (2, 1))):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(pool)(layers.BatchNormalization()(x))
    x = layers.Conv2D(32, (2, 2), activation="relu")(x)
    x = layers.Lambda(lambda value: ops.squeeze(value, axis=1))(x)
    for _ in range(2):
        x = layers.Bidirectional(lstm(32, return_sequences=True))(x)
    return keras.Model(image, layers.Dense(37, activation="softmax")(x))


@architecture(
    "Assael et al., LipNet (2016); with LSTM by Renotte (2023)",
    video(24, 36, 1),
    10,
    scaled="75 frames of 46 x 140 pixels, 128, 256, 75 filters, 128 units",
    refused={"micro": "needs CONV_3D, which TensorFlow Lite Micro lacks"},
)
def lipnet(lstm: LSTM) -> keras.Model:
    frames = keras.Input((10, 24, 36, 1))
    x = frames
    for filters in (8, 12, 8):
        x = layers.Conv3D(filters, 3, padding="same")(x)
        x = layers.MaxPooling3D((1, 2, 2))(layers.Activation("relu")(x))
    x = layers.TimeDistributed(layers.Flatten())(x)
    for _ in range(2):
        x = layers.Dropout(0.5)(layers.Bidirectional(lstm(24, return_sequences=True))(x))
    return keras.Model(frames, layers.Dense(41, activation="softmax")(x))


@architecture(
    "TensorFlow tutorial, Recurrent neural networks for drawing classification: Quick, Draw! (2017)",
    sensors(3),
    40,
    scaled="48, 64, 96 filters, 3 layers of 128 units, 345 classes",
)
def quick_draw(lstm: LSTM) -> keras.Model:
    ink = keras.Input((40, 3))
    x = ink
    for filters, width in ((16, 5), (24, 5), (32, 3)):
        x = layers.Dropout(0.3)(layers.Conv1D(filters, width, padding="same")(x))
    for _ in range(3):
        x = layers.Bidirectional(lstm(24, return_sequences=True))(x)
    x = layers.Lambda(lambda value: ops.sum(value, axis=1) / 40.0)(x)
    return keras.Model(ink, layers.Dense(30)(x))


def _mixture(x: Any, mixtures: int) -> list[Any]:
    """The numbers of a mixture of two-dimensional Gaussians, and whether the pen is lifted."""
    shares = layers.Dense(mixtures, activation="softmax", name="shares")(x)
    means = layers.Dense(2 * mixtures, name="means")(x)
    spreads = layers.Dense(2 * mixtures, activation="exponential", name="spreads")(x)
    correlations = layers.Dense(mixtures, activation="tanh", name="correlations")(x)
    return [shares, means, spreads, correlations, layers.Dense(1, activation="sigmoid", name="lifted")(x)]


@architecture(
    "Graves, Generating sequences with recurrent neural networks (2013): handwriting prediction",
    sensors(3),
    30,
    45,
    scaled="3 layers of 400 units, 20 mixtures",
)
def handwriting_mixtures(lstm: LSTM) -> keras.Model:
    """Each layer sees the pen, and the output sees each layer."""
    pen = keras.Input((None, 3))
    hidden: list[Any] = []
    for _ in range(3):
        x = layers.Concatenate()([pen, hidden[-1]]) if hidden else pen
        hidden.append(lstm(40, return_sequences=True)(x))
    return keras.Model(pen, _mixture(layers.Concatenate()(hidden), 6))
