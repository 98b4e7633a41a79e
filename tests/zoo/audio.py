"""Sound in, sound out or its meaning: noise suppression, amplifiers, events, emotions, music."""

from __future__ import annotations

import keras
from keras import ops

from tests.zoo.architecture import LSTM, architecture
from tests.zoo.signals import mapped, sensors, together, tokens, vectors

layers = keras.layers
BINS, UNITS = 65, 40
DTLN = "Westhausen and Meyer, Dual-signal transformation LSTM network (2020)"
DTLN_WIDTHS = "257 bins, 128 units"


@architecture(
    f"{DTLN}: first stage, frame by frame, its states as inputs and outputs",
    together(mapped(sensors(BINS), abs), vectors(2, UNITS, 2, scale=0.5)),
    1,
    scaled=DTLN_WIDTHS,
)
def dtln_first_stage(lstm: LSTM) -> keras.Model:
    magnitude = keras.Input((1, BINS), name="magnitude")
    states = keras.Input((2, UNITS, 2), name="states")
    x, kept = magnitude, []
    for layer in range(2):
        before = [states[:, layer, :, 0], states[:, layer, :, 1]]
        x, h, c = lstm(UNITS, return_sequences=True, return_state=True, unroll=True)(x, initial_state=before)
        kept.append(ops.stack([h, c], axis=-1))
    mask = layers.Dense(BINS, activation="sigmoid", name="mask")(x)
    return keras.Model([magnitude, states], [mask, ops.stack(kept, axis=1)])


@architecture(f"{DTLN}: second stage over whole clips", sensors(BINS), 20, 33, scaled=DTLN_WIDTHS)
def dtln_second_stage(lstm: LSTM) -> keras.Model:
    """A learned transformation, normed at each step, masked, and back."""
    frames = keras.Input((None, BINS))
    encoded = layers.Conv1D(48, 1, use_bias=False)(frames)
    x = layers.LayerNormalization()(encoded)
    x = layers.Dropout(0.25)(lstm(UNITS, return_sequences=True)(x))
    x = lstm(UNITS, return_sequences=True)(x)
    mask = layers.Dense(48, activation="sigmoid")(x)
    estimated = layers.Multiply()([encoded, mask])
    return keras.Model(frames, layers.Conv1D(BINS, 1, padding="causal", use_bias=False)(estimated))


@architecture(
    "Valin, RNNoise (2018): its graph, with an LSTM for the noise spectrum between its GRUs",
    sensors(42),
    30,
    50,
)
def rnnoise_like(lstm: LSTM) -> keras.Model:
    """Published widths: 24, 48 and 96; two outputs."""
    features = keras.Input((None, 42))
    x = layers.Dense(24, activation="tanh")(features)
    voice = layers.GRU(24, return_sequences=True, recurrent_activation="sigmoid", reset_after=False)(x)
    active = layers.Dense(1, activation="sigmoid", name="vad")(voice)
    noise = lstm(48, return_sequences=True)(layers.Concatenate()([x, voice, features]))
    joined = layers.Concatenate()([voice, noise, features])
    denoised = layers.GRU(96, activation="tanh", return_sequences=True, reset_after=False)(joined)
    return keras.Model(features, [layers.Dense(22, activation="sigmoid", name="gains")(denoised), active])


@architecture(
    "Wright, Damskägg and Välimäki, Real-time black-box modelling with recurrent networks (2019)",
    mapped(sensors(1), lambda x: 0.3 * x),
    40,
    60,
)
def amplifier(lstm: LSTM) -> keras.Model:
    """Published size: 32 units, and the guitar added to what they say."""
    guitar = keras.Input((None, 1))
    x = layers.Dense(1)(lstm(32, return_sequences=True)(guitar))
    return keras.Model(guitar, layers.Add()([x, guitar]))


@architecture(
    "Çakır et al., Convolutional recurrent networks for polyphonic sound event detection (2017)",
    sensors(16),
    32,
    scaled="40 bands, 96 filters, 96 units, 256 frames",
)
def sound_events(lstm: LSTM) -> keras.Model:
    """Pooled over the bands alone: an answer for each frame."""
    inputs = keras.Input((32, 16))
    x = layers.Reshape((32, 16, 1))(inputs)
    for pool in (4, 2):
        x = layers.Conv2D(16, 3, padding="same")(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.MaxPooling2D((1, pool))(x)
    x = layers.Reshape((32, 2 * 16))(x)
    x = layers.Bidirectional(lstm(24, return_sequences=True), merge_mode="mul")(x)
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(6, activation="sigmoid"))(x))


@architecture(
    "Zhao, Mao and Chen, Speech emotion recognition using 1D & 2D CNN LSTM networks (2019)",
    sensors(1),
    256,
    scaled="128 filters, 256 units",
)
def speech_emotion(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((256, 1))
    x = inputs
    for filters in (16, 16, 24, 24):
        x = layers.Conv1D(filters, 3, padding="same")(x)
        x = layers.Activation("elu")(layers.BatchNormalization()(x))
        x = layers.MaxPooling1D(2)(x)
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(lstm(40)(x)))


@architecture(
    "Skúli, How to generate music using an LSTM in Keras (2017): Classical-Piano-Composer",
    mapped(tokens(60, kind="float32"), lambda x: x[..., None] / 60),
    30,
    scaled="3 layers of 512 units, 100 notes",
)
def piano_composer(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((30, 1)),
            lstm(64, return_sequences=True, recurrent_dropout=0.3),
            lstm(64, return_sequences=True, recurrent_dropout=0.3),
            lstm(64),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(48),
            layers.Activation("relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(60),
            layers.Activation("softmax"),
        ]
    )


@architecture(
    "TensorFlow tutorial, Generate music with an RNN (2021): pitch, step and duration", sensors(3), 25
)
def music_three_heads(lstm: LSTM) -> keras.Model:
    """Published size: 128 units, 25 notes."""
    inputs = keras.Input((25, 3))
    x = lstm(128)(inputs)
    heads = [layers.Dense(128, name="pitch"), layers.Dense(1, name="step"), layers.Dense(1, name="duration")]
    return keras.Model(inputs, [head(x) for head in heads])


@architecture(
    "Kelly and Knottenbelt, Neural NILM: appliances from one meter (2015)",
    sensors(1),
    48,
    scaled="128 and 256 units",
)
def neural_nilm(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((48, 1)),
            layers.Conv1D(16, 4, padding="same", activation="linear"),
            layers.Bidirectional(lstm(32, return_sequences=True), merge_mode="concat"),
            layers.Bidirectional(lstm(48), merge_mode="concat"),
            layers.Dense(64, activation="tanh"),
            layers.Dense(1, activation="linear"),
        ]
    )
