"""What comes next: weather, traffic, power, prices, rivers; several inputs, several outputs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tests.zoo.architecture import COARSE, LSTM, architecture, cell_of
from tests.zoo.signals import classes, sensors, together

layers = keras.layers
TUTORIAL = "TensorFlow tutorial, Time series forecasting (2020)"


@architecture(
    "keras.io, Timeseries forecasting for weather prediction (2020)", sensors(7), 60, scaled="120 steps"
)
def keras_weather(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((60, 7))
    return keras.Model(inputs, layers.Dense(1)(lstm(32)(inputs)))


@architecture(f"{TUTORIAL}: an answer at each step", sensors(19), 24, 40)
def tf_forecast_wide(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [keras.Input((None, 19)), lstm(32, return_sequences=True), layers.Dense(units=19)]
    )


@architecture(f"{TUTORIAL}: one shot", sensors(19), 24, 40)
def tf_forecast_one_shot(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None, 19)),
            lstm(32, return_sequences=False),
            layers.Dense(24 * 19),
            layers.Reshape([24, 19]),
        ]
    )


class Residual(keras.Model):
    """The tutorial's ResidualWrapper: the model says what changes."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.model = model

    def call(self, inputs: Any, training: bool = False) -> Any:
        return inputs + self.model(inputs, training=training)


@architecture(f"{TUTORIAL}: residual, subclassed", sensors(19), 24)
def tf_forecast_residual(lstm: LSTM) -> keras.Model:
    inner = keras.Sequential([lstm(32, return_sequences=True), layers.Dense(19)])
    return Residual(inner)


class FeedBack(keras.Model):
    """The tutorial's autoregressive model: a layer warms up, then its cell eats what it said."""

    def __init__(self, cell: Any, steps: int, features: int) -> None:
        super().__init__()
        self.steps = steps
        self.cell = cell
        self.memory = layers.RNN(cell, return_state=True)
        self.answer = layers.Dense(features)

    def call(self, inputs: Any, training: bool = False) -> Any:
        x, *state = self.memory(inputs)
        said = [self.answer(x)]
        for _ in range(1, self.steps):
            x, state = self.cell(said[-1], states=state, training=training)
            said.append(self.answer(x))
        return ops.stack(said, axis=1)


@architecture(
    f"{TUTORIAL}: autoregressive, subclassed, RNN and its cell",
    sensors(19),
    24,
    scaled="24 steps",
    refused=COARSE,
)
def tf_forecast_feedback(lstm: LSTM) -> keras.Model:
    return FeedBack(cell_of(lstm)(32), 8, 19)


ROADS = np.random.default_rng(5).uniform(size=(12, 12)) < 0.3


class GraphConvolution(keras.layers.Layer):
    """Means over neighbouring roads, as in keras.io's example, on `[roads, batch, time, features]`."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units

    def build(self, shape: tuple[int, ...]) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.mean = (ROADS / np.maximum(ROADS.sum(axis=1, keepdims=True), 1)).astype("float32")

    def call(self, x: Any) -> Any:
        near = ops.tensordot(self.mean, x, axes=[[1], [0]])
        return ops.relu(ops.concatenate([ops.matmul(x, self.kernel), ops.matmul(near, self.kernel)], axis=-1))


class TrafficForecast(keras.layers.Layer):
    """Convolution over the roads, then one LSTM for each road."""

    def __init__(self, memory: Any, horizon: int) -> None:
        super().__init__()
        self.graph, self.memory, self.answer = GraphConvolution(10), memory, layers.Dense(horizon)

    def call(self, x: Any) -> Any:
        x = self.graph(ops.transpose(x, [2, 0, 1, 3]))
        roads, batch, steps, features = ops.shape(x)
        x = self.answer(self.memory(ops.reshape(x, (batch * roads, steps, features))))
        return ops.transpose(ops.reshape(x, (roads, batch, -1)), [1, 2, 0])


@architecture(
    "keras.io, Traffic forecasting using graph neural networks and LSTM (2021)",
    sensors(12, 1),
    12,
    scaled="26 roads, 64 units",
)
def traffic_lstm_gc(lstm: LSTM) -> keras.Model:
    speeds = keras.Input((12, 12, 1))
    return keras.Model(speeds, TrafficForecast(lstm(48, activation="relu"), 3)(speeds))


@architecture(
    "Brownlee, Multi-step LSTM forecasting of household power (2018): encoder and decoder",
    sensors(8),
    14,
    refused=COARSE,
)
def power_encoder_decoder(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((14, 8)),
            lstm(100, activation="relu"),
            layers.RepeatVector(7),
            lstm(100, activation="relu", return_sequences=True),
            layers.TimeDistributed(layers.Dense(100, activation="relu")),
            layers.TimeDistributed(layers.Dense(1)),
        ]
    )


@architecture(
    "Brownlee, How to develop LSTM models for time series forecasting (2018): vanilla, relu", sensors(1), 3
)
def brownlee_univariate(lstm: LSTM) -> keras.Model:
    return keras.Sequential([keras.Input((3, 1)), lstm(50, activation="relu"), layers.Dense(1)])


@architecture(
    "Brownlee, Time series forecasting with the LSTM in Python (2016): shampoo sales, stateful",
    sensors(1),
    30,
    50,
    options={"state": "carry"},
    as_stream=True,
)
def shampoo_stateful(lstm: LSTM) -> keras.Model:
    return keras.Sequential([keras.Input(batch_shape=(1, 1, 1)), lstm(4, stateful=True), layers.Dense(1)])


@architecture(
    "SuperDataScience, Deep learning A-Z (2017): Google's stock price, four layers with dropout",
    sensors(1),
    60,
    refused={**COARSE, "dynamic": COARSE["int8"]},
)
def stock_price(lstm: LSTM) -> keras.Model:
    model = keras.Sequential([keras.Input((60, 1))])
    for layer in range(4):
        model.add(lstm(units=50, return_sequences=layer < 3))
        model.add(layers.Dropout(0.2))
    model.add(layers.Dense(units=1))
    return model


@architecture(
    "Kratzert et al., Rainfall-runoff modelling using LSTM networks (2018)", sensors(5), 60, scaled="365 days"
)
def rainfall_runoff(lstm: LSTM) -> keras.Model:
    """Published size: two layers of 20 units."""
    inputs = keras.Input((60, 5))
    x = layers.Dropout(0.1)(lstm(20, return_sequences=True)(inputs))
    return keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.1)(lstm(20)(x))))


@architecture(
    "Lai et al., LSTNet (2018): convolution, memory, memory that skips days, linear highway",
    sensors(8),
    30,
    scaled="321 series, 100 filters, 168 steps",
)
def lstnet(lstm: LSTM) -> keras.Model:
    inputs = keras.Input((30, 8))
    x = layers.Conv1D(24, 6, activation="relu")(inputs)  # 25 steps
    recent = layers.GRU(24, activation="relu")(x)
    y = layers.Lambda(lambda value: value[:, -24:])(x)
    y = layers.Permute((2, 1, 3))(layers.Reshape((4, 6, 24))(y))
    skipped = layers.Flatten()(layers.TimeDistributed(lstm(5))(y))
    z = layers.Dense(8)(layers.Concatenate()([recent, skipped]))
    linear = layers.Permute((2, 1))(layers.Lambda(lambda value: value[:, -12:])(inputs))
    linear = layers.Reshape((8,))(layers.Dense(1)(linear))
    return keras.Model(inputs, layers.Add()([z, linear]))


@architecture(
    "Salinas, Flunkert and Gasthaus, DeepAR (2017): three layers, mean and spread",
    together(sensors(1), sensors(4), classes(10)),
    24,
    36,
)
def deep_ar(lstm: LSTM) -> keras.Model:
    """Published size: three layers of 40 units; what is known beforehand, and which series it is."""
    past = keras.Input((None, 1), name="past")
    known = keras.Input((None, 4), name="known")
    series = keras.Input((1,), dtype="int32", name="series")
    which = layers.Flatten()(layers.Embedding(10, 6)(series))
    spread_out = layers.Lambda(lambda pair: ops.tile(pair[0][:, None], (1, ops.shape(pair[1])[1], 1)))
    x = layers.Concatenate()([past, known, spread_out([which, past])])
    for _ in range(3):
        x = lstm(40, return_sequences=True)(x)
    spread = layers.Dense(1, activation="softplus", name="spread")(x)
    return keras.Model([past, known, series], [layers.Dense(1, name="mean")(x), spread])


@architecture(
    "Lim et al., Temporal fusion transformers (2019): static features start the LSTMs, attention follows",
    together(sensors(6), sensors(3), classes(8)),
    16,
    scaled="160 units, 4 heads",
)
def temporal_fusion(lstm: LSTM) -> keras.Model:
    past = keras.Input((16, 6), name="past")
    future = keras.Input((16, 3), name="future")
    store = keras.Input((1,), dtype="int32", name="store")
    static = layers.Dense(24, activation="elu")(layers.Flatten()(layers.Embedding(8, 8)(store)))
    states = [layers.Dense(24)(static), layers.Dense(24)(static)]
    before, h, c = lstm(24, return_sequences=True, return_state=True)(
        layers.Dense(24)(past), initial_state=states
    )
    after = lstm(24, return_sequences=True)(layers.Dense(24)(future), initial_state=[h, c])
    x = layers.Concatenate(axis=1)([before, after])
    gate = layers.Dense(24, activation="sigmoid")(x)
    x = layers.LayerNormalization()(layers.Multiply()([gate, layers.Dense(24)(x)]))
    seen = layers.MultiHeadAttention(2, 12)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization()(layers.Add()([x, seen]))
    ahead = layers.Lambda(lambda value: value[:, 16:])(x)
    return keras.Model([past, future, store], layers.Dense(3, name="quantiles")(ahead))


@architecture(
    "Géron, Hands-on machine learning, 2nd edition, ch. 15 (2019): a convolution of stride 2 before",
    sensors(1),
    50,
    70,
)
def strided_convolution(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None, 1)),
            layers.Conv1D(filters=20, kernel_size=4, strides=2, padding="valid"),
            lstm(20, return_sequences=True),
            lstm(20, return_sequences=True),
            layers.TimeDistributed(layers.Dense(10)),
        ]
    )


@architecture(
    "Géron, Hands-on machine learning, 2nd edition, ch. 15 (2019): SimpleRNN below the LSTM",
    sensors(1),
    30,
    50,
)
def simple_rnn_and_lstm(lstm: LSTM) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((None, 1)),
            layers.SimpleRNN(20, return_sequences=True),
            lstm(20),
            layers.Dense(10),
        ]
    )
