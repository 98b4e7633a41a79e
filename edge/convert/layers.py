"""The LSTM layers of a Keras model: found, read as values, and refused where they cannot be converted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_lstm_plus.spec import LSTMSpec


@dataclass(frozen=True)
class LSTMCall:
    """One use of an LSTM layer: the name of its placeholder and what the operator must compute."""

    placeholder: str
    layer: str
    spec: LSTMSpec
    units: int
    weights: dict[str, np.ndarray]


def lstm_layers(model: keras.Model) -> list[Any]:
    """The LSTM layers of a model, those inside of other layers and models included."""
    return [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.RNN) and spec_of(layer.cell) is not None
    ]


def spec_of(cell: Any) -> LSTMSpec | None:
    """The variant that a recurrent cell computes; None for one that is no LSTM."""
    spec = getattr(cell, "spec", None)
    if isinstance(spec, LSTMSpec):
        return spec
    if type(cell) is not keras.layers.LSTMCell:
        return None
    activation = cell.activation.__name__
    return LSTMSpec(
        candidate_activation=activation,
        output_activation=activation,
        recurrent_activation=cell.recurrent_activation.__name__,
        use_bias=cell.use_bias,
    )


def read_call(layer: Any, placeholder: str) -> LSTMCall:
    """The value of one call of `layer`: its variant and weights as they are now."""
    spec = spec_of(layer.cell)
    assert spec is not None  # lstm_layers saw to it
    inputs, units = int(layer.cell.kernel.shape[0]), int(layer.cell.units)
    with tf.init_scope():  # out of the graph that is being recorded
        weights = {
            name: np.asarray(keras.ops.convert_to_numpy(getattr(layer.cell, name)), np.float32)
            for name in spec.weight_shapes(inputs, units)
        }
    return LSTMCall(placeholder, layer.name, spec, units, weights)


def refusal(layer: Any, sequences: Any, initial_state: Any, mask: Any) -> str | None:
    """Why this call of `layer` cannot become an operator; None if it can."""
    spec = spec_of(layer.cell)
    assert spec is not None
    fusion = spec.fusion()
    if not fusion.possible:
        return (
            f"the variant {spec.name!r} does not fit into TensorFlow Lite's fused LSTM operator: "
            f"{fusion.reason}. Train a variant whose `spec.fusion().possible` is True."
        )
    if mask is not None:
        return (
            "it would receive a mask, and the fused operator has none. Cut each sequence to its own "
            "length (the time axis of the file is free) and build the model without Masking or mask_zero."
        )
    if initial_state is not None:
        return (
            "it is called with an initial_state, which is not converted. Let it start from zeros, or "
            'convert with state="carry", where each call goes on where the last one ended.'
        )
    if layer.return_state:
        return "return_state=True is not converted. Build the model with return_state=False."
    if layer.stateful:
        return (
            "stateful=True is not converted as such. Build the model with stateful=False and convert it "
            'with state="carry", where each call goes on where the last one ended.'
        )
    if layer.compute_dtype != "float32":
        return (
            f"it computes in {layer.compute_dtype}. Rebuild the model with the dtype policy 'float32', "
            "load the weights into it and convert that."
        )
    if sequences.shape[0] != 1:
        return (
            f"it receives {sequences.shape[0]} sequences at once where the file takes one (TimeDistributed "
            "around an LSTM, or a reshape into the batch axis). Move that axis out of the model."
        )
    return None


def without_lstm(model: keras.Model) -> str:
    """What to say of a model without an LSTM."""
    others = [layer.name for layer in model._flatten_layers() if isinstance(layer, keras.layers.RNN)]
    found = f" Its recurrent layers are {', '.join(others)}." if others else ""
    return (
        f"Model {model.name!r} has no LSTM layer (keras.layers.LSTM or LSTMPlus).{found} "
        "Without one, tf.lite.TFLiteConverter converts it."
    )
