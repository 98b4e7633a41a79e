"""What a body does: inertial sensors, keypoints, typing."""

from __future__ import annotations

import keras

from tests.zoo.architecture import COARSE, LSTM, architecture
from tests.zoo.signals import frames, mapped, padded_sensors, sensors, together

layers = keras.layers


@architecture(
    "Chevalier, LSTMs for human activity recognition (2016): UCI HAR, two stacked",
    sensors(9),
    64,
    100,
    scaled="128 steps",
)
def chevalier_har(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None, 9)),
            layers.Dense(32, activation="relu"),
            lstm(32, return_sequences=True),
            lstm(32),
            layers.Dense(6, activation="softmax"),
        ]
    )


@architecture("Brownlee, LSTMs for human activity recognition (2018)", sensors(9), 64, scaled="128 steps")
def brownlee_har(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((64, 9)),
            lstm(100),
            layers.Dropout(0.5),
            layers.Dense(100, activation="relu"),
            layers.Dense(6, activation="softmax"),
        ]
    )


@architecture(
    "Brownlee, LSTMs for human activity recognition (2018): the CNN-LSTM, any number of windows",
    frames(0, 32, 9),
    4,
    6,
    scaled="64 filters",
)
def brownlee_har_cnn_lstm(lstm: LSTM) -> keras.Model:
    timed = layers.TimeDistributed
    return keras.Sequential(
        [
            keras.Input((None, 32, 9)),
            timed(layers.Conv1D(32, 3, activation="relu")),
            timed(layers.Conv1D(32, 3, activation="relu")),
            timed(layers.Dropout(0.5)),
            timed(layers.MaxPooling1D(2)),
            timed(layers.Flatten()),
            lstm(100),
            layers.Dropout(0.5),
            layers.Dense(100, activation="relu"),
            layers.Dense(6, activation="softmax"),
        ]
    )


@architecture(
    "Brownlee, LSTMs for human activity recognition (2018): the ConvLSTM",
    frames(4, 1, 32, 9),
    4,
    scaled="64 filters",
)
def brownlee_har_convlstm(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((4, 1, 32, 9)),
            layers.ConvLSTM2D(16, (1, 3), activation="relu"),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(6, activation="softmax"),
        ]
    )


@architecture(
    "Ordóñez and Roggen, DeepConvLSTM (2016): OPPORTUNITY",
    sensors(12),
    24,
    scaled="113 channels, 64 filters, 128 units",
)
def deep_conv_lstm(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((24, 12))
    x = layers.Reshape((24, 12, 1))(inputs)
    for _ in range(4):
        x = layers.Conv2D(16, (5, 1), activation="relu")(x)
    x = layers.Reshape((8, 12 * 16))(x)
    x = layers.Dropout(0.5)(lstm(48, return_sequences=True)(x))
    x = layers.Dropout(0.5)(lstm(48)(x))
    return keras.Model(inputs, layers.Dense(18, activation="softmax")(x))


@architecture(
    "Zhao et al., Deep residual bidir-LSTM for human activity recognition (2018)", sensors(9), 40, 64
)
def residual_bilstm_har(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((None, 9))
    x = layers.Dense(28, activation="relu")(inputs)
    for _ in range(2):
        y = x
        for _ in range(2):
            y = layers.Bidirectional(lstm(14, return_sequences=True))(y)
        x = layers.BatchNormalization()(layers.Add()([x, y]))
    last = layers.Lambda(lambda value: value[:, -1])(x)
    return keras.Model(inputs, layers.Dense(6, activation="softmax")(last))


@architecture(
    "Radu et al., Multimodal deep learning for activity and context recognition (2018): a branch a sensor",
    together(sensors(3), sensors(3, scale=4.0), sensors(1, scale=0.2)),
    40,
    56,
    scaled="128 units",
)
def sensor_fusion(lstm: LSTM) -> keras.Model:
    """Three sensors of three sizes, joined late."""
    named = [("accelerometer", 3), ("gyroscope", 3), ("pressure", 1)]
    inputs = [keras.Input((None, features), name=name) for name, features in named]
    branches = [lstm(24, return_sequences=True)(each) for each in inputs]
    x = lstm(32)(layers.Concatenate()(branches))
    x = layers.Dense(32, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(8, activation="softmax")(x))


@architecture(
    "Renotte, ActionDetectionforSignLanguage (2021): three relu LSTMs over MediaPipe's keypoints",
    mapped(sensors(66), lambda x: 0.5 + 0.2 * x),
    30,
    scaled="1,662 coordinates",
    refused={**COARSE, "dynamic": COARSE["int8"]},
)
def sign_language_relu(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((30, 66)),
            lstm(64, return_sequences=True, activation="relu"),
            lstm(128, return_sequences=True, activation="relu"),
            lstm(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


@architecture(
    "Acien et al., TypeNet: keystroke biometrics (2021): masked, normed between the layers",
    padded_sensors(5, 0.0),
    30,
    45,
    scaled="128 units, 70 keys",
)
def typenet(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((None, 5))
    x = layers.BatchNormalization()(layers.Masking(0.0)(inputs))
    x = lstm(48, return_sequences=True, recurrent_dropout=0.2)(x)
    x = layers.Dropout(0.5)(layers.BatchNormalization()(x))
    return keras.Model(inputs, lstm(48, recurrent_dropout=0.2)(x))


@architecture(
    "Karim et al., LSTM fully convolutional networks (2017): published 8 units beside 128, 256, 128 filters",
    sensors(1),
    60,
    scaled="128, 256, 128 filters",
)
def lstm_fcn(lstm: LSTM) -> keras.Model:
    """The LSTM sees the series as one step with all its values."""
    inputs = keras.Input((60, 1))
    x = layers.Dropout(0.8)(lstm(8)(layers.Permute((2, 1))(inputs)))
    y = inputs
    for filters, width in ((32, 8), (48, 5), (32, 3)):
        y = layers.Conv1D(filters, width, padding="same")(y)
        y = layers.Activation("relu")(layers.BatchNormalization()(y))
    y = layers.GlobalAveragePooling1D()(y)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.Concatenate()([x, y])))
