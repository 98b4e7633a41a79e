"""The network: one small LSTM, a number out of it, and the dry guitar added to that.

After Wright et al. 2020, https://doi.org/10.3390/app10030766: the LSTM has only to learn what the pedal does
to the sound, not to pass the sound on.
"""

from __future__ import annotations

from typing import Any

import keras

from keras_lstm_plus import LSTMPlus

UNITS = 16
# A guitar's samples are small. With the LSTM fed ten times as much, and its output divided by ten, a training
# reaches in a minute what it does not reach in an hour without; `streaming` puts both into the weights.
SCALE = 10.0


def training(units: int = UNITS) -> keras.Model:
    """`dry [batch, time, 1]`, h and c `[batch, units]` -> `[wet [batch, time, 1], h, c]`."""
    dry = keras.Input((None, 1), name="dry")
    h, c = keras.Input((units,), name="h"), keras.Input((units,), name="c")
    lstm = LSTMPlus(units, return_sequences=True, return_state=True, name="lstm")
    memory, *after = lstm(keras.layers.Rescaling(SCALE)(dry), initial_state=[h, c])
    change = keras.layers.Rescaling(1 / SCALE)(keras.layers.Dense(1, name="change")(memory))
    return keras.Model([dry, h, c], [keras.layers.Add()([dry, change]), *after])


def streaming(trained: keras.Model) -> keras.Model:
    """The same network for use, `dry [batch, time, 1]` -> `wet [batch, time, 1]`, without the two scales."""
    lstm, change = trained.get_layer("lstm"), trained.get_layer("change")
    dry = keras.Input((None, 1), name="dry")
    plain = LSTMPlus(lstm.units, return_sequences=True, name="lstm")
    dense = keras.layers.Dense(1, name="change")
    model = keras.Model(dry, keras.layers.Add(name="wet")([dry, dense(plain(dry))]))
    kernel, *rest = lstm.get_weights()
    plain.set_weights([kernel * SCALE, *rest])
    dense.set_weights([weight / SCALE for weight in change.get_weights()])
    return model


def silence(rows: int, units: int) -> tuple[Any, Any]:
    """h and c at the start of a recording, `[rows, units]` each."""
    return keras.ops.zeros((rows, units)), keras.ops.zeros((rows, units))
