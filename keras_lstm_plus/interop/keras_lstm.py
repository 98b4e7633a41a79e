"""One layer or cell, to and from `keras.layers.LSTM`; whole models are in `keras_models`."""

from __future__ import annotations

from typing import Any

import keras

from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.interop.common import refuse_beyond
from keras_lstm_plus.layer import LSTMPlus

_WAY_OUT = "Keep LSTMPlus, which Keras saves, loads and exports like any layer of its own."
_ACTIVATIONS = ("candidate_activation", "output_activation", "recurrent_activation")


def ours(layer: Any) -> LSTMPlus | LSTMPlusCell:
    """A Keras layer or cell as one of ours, not built yet."""
    if isinstance(layer, keras.layers.LSTMCell):
        return LSTMPlusCell.from_config({**layer.get_config(), "implementation": layer.implementation})
    own = {"implementation": layer.cell.implementation, "use_cudnn": layer.use_cudnn}
    return LSTMPlus.from_config({**layer.get_config(), **own})


def theirs(layer: LSTMPlus | LSTMPlusCell) -> Any:
    """One of ours as a layer or cell of Keras, not built yet; a ValueError if Keras has none such."""
    cell: Any = getattr(layer, "cell", layer)
    kind = keras.layers.LSTMCell if cell is layer else keras.layers.LSTM
    what = f"to_keras: layer {layer.name!r}"
    refuse_beyond("to_keras", layer, "keras.layers.LSTM", (*_ACTIVATIONS, "use_bias"), _WAY_OUT)
    functions = cell.activations
    if functions.candidate is not functions.output:
        raise ValueError(
            f"{what} has {cell.spec.candidate_activation} for the candidate and "
            f"{cell.spec.output_activation} for the output; keras.layers.LSTM has one activation for both. "
            f"{_WAY_OUT}"
        )
    if cell.weight_drop:
        raise ValueError(
            f"{what} has weight_drop={cell.weight_drop}, which keras.layers.LSTM cannot do while training. "
            f"{_WAY_OUT}"
        )
    names = kind(1).get_config()
    config = {name: value for name, value in layer.get_config().items() if name in names}
    # The variant may have brought an activation that the argument does not show.
    config["activation"] = keras.activations.serialize(functions.candidate)
    config["recurrent_activation"] = keras.activations.serialize(functions.gate)
    config["use_bias"] = cell.use_bias
    config["implementation"] = cell.implementation
    if cell is not layer:
        config["use_cudnn"] = layer.use_cudnn
    return kind.from_config(config)
