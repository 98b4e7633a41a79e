"""Pictures and films: captions, actions, digits row by row, games."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tests.zoo.architecture import COARSE, LSTM, Inputs, architecture
from tests.zoo.signals import images, mapped, sensors, together, tokens, vectors, video

layers = keras.layers
WORDS = 200


@architecture(
    "Donahue et al., Long-term recurrent convolutional networks (2015): LRCN",
    video(24, 24, 3),
    6,
    9,
    scaled="CaffeNet on 227 x 227 pixels, 256 units",
)
def lrcn_action(lstm: LSTM) -> keras.Model:
    timed = layers.TimeDistributed
    return keras.Sequential(
        [
            keras.Input((None, 24, 24, 3)),
            timed(layers.Conv2D(8, 3, padding="same", activation="relu")),
            timed(layers.MaxPooling2D(4)),
            timed(layers.Conv2D(16, 3, padding="same", activation="relu")),
            timed(layers.MaxPooling2D(2)),
            timed(layers.Flatten()),
            lstm(32),
            layers.Dense(5, activation="softmax"),
        ]
    )


def _features_and_mask(rng: Any, samples: int, steps: int) -> Inputs:
    lengths = rng.integers(4, steps + 1, samples)
    mask = np.arange(steps) < lengths[:, None]
    (features,) = mapped(sensors(64), lambda x: np.maximum(x, 0))(rng, samples, steps)
    return [features * mask[..., None], mask]


@architecture(
    "keras.io, Video classification with a CNN-RNN architecture (Paul, 2021), LSTM for GRU",
    _features_and_mask,
    12,
    scaled="20 frames of 2,048 features",
)
def video_features_masked(lstm: LSTM) -> keras.Model:
    """Features of the frames, and which of them are there, as a second input."""
    features = keras.Input((12, 64), name="features")
    mask = keras.Input((12,), dtype="bool", name="mask")
    x = lstm(16, return_sequences=True)(features, mask=mask)
    x = layers.Dropout(0.4)(lstm(8)(x))
    x = layers.Dense(8, activation="relu")(x)
    return keras.Model([features, mask], layers.Dense(5, activation="softmax")(x))


@architecture(
    "keras.io, Next-frame video prediction with convolutional LSTMs (2021)",
    video(16, 16, 1),
    5,
    scaled="64 x 64 pixels, 64 filters",
    refused={"micro": "needs CONV_3D, which TensorFlow Lite Micro lacks"},
)
def next_frame_convlstm(lstm: LSTM) -> keras.Model:
    frames = keras.Input((5, 16, 16, 1))
    x = layers.ConvLSTM2D(8, 5, padding="same", return_sequences=True, activation="relu")(frames)
    x = layers.BatchNormalization()(x)
    x = layers.ConvLSTM2D(8, 3, padding="same", return_sequences=True, activation="relu")(x)
    return keras.Model(frames, layers.Conv3D(1, 3, activation="sigmoid", padding="same")(x))


@architecture(
    "Vinyals et al., Show and tell (2015): the picture is the state that the LSTM starts from",
    together(vectors(128), tokens(WORDS)),
    10,
    14,
    scaled="512 units, 2,048 features",
)
def show_and_tell(lstm: LSTM) -> keras.Model:
    picture = keras.Input((128,), name="picture")
    caption = keras.Input((None,), dtype="int32", name="caption")
    h = layers.Dense(48, activation="tanh")(picture)
    c = layers.Dense(48)(picture)
    x = layers.Embedding(WORDS, 32)(caption)
    x = lstm(48, return_sequences=True)(x, initial_state=[h, c])
    return keras.Model([picture, caption], layers.Dense(WORDS, activation="softmax")(x))


@architecture(
    "Tanti, Gatt and Camilleri, the merge model (2017); Brownlee, photo captions (2017)",
    together(vectors(128), tokens(WORDS, padded=True)),
    12,
    scaled="256 units, 4,096 features, 34 words",
)
def merge_captioner(lstm: LSTM) -> keras.Model:
    picture = keras.Input((128,), name="picture")
    caption = keras.Input((12,), dtype="int32", name="caption")
    seen = layers.Dense(48, activation="relu")(layers.Dropout(0.5)(picture))
    said = layers.Dropout(0.5)(layers.Embedding(WORDS, 32, mask_zero=True)(caption))
    x = layers.Dense(48, activation="relu")(layers.Add()([seen, lstm(48)(said)]))
    return keras.Model([picture, caption], layers.Dense(WORDS, activation="softmax")(x))


@architecture(
    "Keras repository, examples/mnist_hierarchical_rnn.py (2016)",
    images(14, 14),
    1,
    scaled="28 x 28, 128 units",
)
def mnist_hierarchical(lstm: LSTM) -> keras.Model:
    """A row of pixels is a sequence, the picture is a sequence of rows."""
    image = keras.Input((14, 14, 1))
    rows = layers.TimeDistributed(lstm(32))(image)
    return keras.Model(image, layers.Dense(10, activation="softmax")(lstm(32)(rows)))


@architecture(
    "Keras guide, Working with RNNs (2019): MNIST row by row, Rescaling inside",
    mapped(images(28, 28), lambda x: (255 * x[..., 0]).astype("float32")),
    1,
)
def mnist_rows_rescaling(lstm: LSTM) -> keras.Model:
    """Published size: 64 units, 28 x 28 pixels of 0 to 255."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1.0 / 255),
            lstm(64),
            layers.BatchNormalization(),
            layers.Dense(10),
        ]
    )


@architecture(
    "Hausknecht and Stone, Deep recurrent Q-learning (2015): DRQN",
    video(28, 28, 1),
    4,
    scaled="84 x 84 pixels, 32 and 64 filters, 512 units",
)
def recurrent_q_network(lstm: LSTM) -> keras.Model:
    timed = layers.TimeDistributed
    screens = keras.Input((4, 28, 28, 1))
    x = timed(layers.Conv2D(8, 8, strides=4, activation="relu"))(screens)
    x = timed(layers.Conv2D(16, 4, strides=2, activation="relu"))(x)
    x = lstm(48)(timed(layers.Flatten())(x))
    return keras.Model(screens, layers.Dense(6)(x))


@architecture(
    "Ha and Schmidhuber, World models (2018): its memory, a mixture for the next picture, states in and out",
    together(sensors(19), vectors(64, scale=0.5), vectors(64, scale=0.8)),
    1,
    scaled="256 units, 5 mixtures of 32 numbers",
    refused=COARSE,
)
def world_model_memory(lstm: LSTM) -> keras.Model:
    seen = keras.Input((1, 19), name="picture_and_action")
    h, c = keras.Input((64,), name="h"), keras.Input((64,), name="c")
    x, new_h, new_c = lstm(64, return_sequences=True, return_state=True)(seen, initial_state=[h, c])
    mixture = layers.Reshape((1, 16, 9))(layers.Dense(3 * 3 * 16)(x))
    shares = layers.Softmax()(mixture[..., :3])
    spreads = layers.Activation("exponential")(mixture[..., 6:])
    return keras.Model([seen, h, c], [shares, mixture[..., 3:6], spreads, new_h, new_c])
