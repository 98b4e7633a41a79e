"""What all conversions share: arrays in, a built layer out, and what a peer cannot express."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from keras import ops

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.layer import LSTMPlus
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.step import Weights

# What foreign weights decide, so that no argument may contradict them.
_DECIDED = ("units", "variant", "activation", "recurrent_activation", "use_bias", "projection_units")


def as_array(value: Any) -> Array:
    """A tensor or array as float64 if it is that, else float32, which holds any half precision exactly."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if "bfloat16" in str(value.dtype):  # NumPy has no such type to read it as
            value = value.float()
    array = np.asarray(value)
    return array.astype("float64" if array.dtype == np.float64 else "float32", copy=False)


def layer_from_weights(
    function: str, spec: LSTMSpec, weights: Mapping[str, Array], arguments: dict[str, Any]
) -> LSTMPlus:
    """A built layer with these weights; float64 if they are and `arguments` do not say otherwise."""
    decided = [name for name in _DECIDED if name in arguments]
    if decided:
        raise TypeError(
            f"{function}: {', '.join(decided)} follow from the weights; leave them out, or build an LSTMPlus "
            "yourself and give it the weights of this one by set_weights."
        )
    if arguments.get("stateful"):
        raise ValueError(
            f"{function}: a stateful layer is built for one batch size, which weights do not tell; build "
            "LSTMPlus(..., stateful=True) for yours and give it the weights of a stateless one."
        )
    if any(value.dtype == np.float64 for value in weights.values()):
        arguments = {"dtype": "float64", **arguments}
    units = weights["kernel"].shape[-1] // len(spec.gates)
    layer = LSTMPlus(units, spec, **arguments)
    layer.build((None, None, weights["kernel"].shape[0]))
    for name, value in weights.items():
        getattr(layer.cell, name).assign(value)
    return layer


def weights_of(function: str, layer: Any) -> dict[str, Array]:
    """The weights of a built LSTMPlus by name, as arrays of their own."""
    if not isinstance(layer, LSTMPlus):
        raise TypeError(
            f"{function} takes an LSTMPlus layer, received {type(layer).__name__}; from_keras turns a "
            "keras.layers.LSTM into one."
        )
    check_built(function, layer)
    found = {name: getattr(layer.cell, name) for name in Weights._fields}
    arrays = {name: ops.convert_to_numpy(value) for name, value in found.items() if value is not None}
    return {name: np.array(as_array(value)) for name, value in arrays.items()}


def check_built(function: str, layer: Any) -> None:
    """Refuse a layer without weights."""
    if not layer.built:
        raise ValueError(
            f"{function}: layer {layer.name!r} has no weights yet; call it on data, or "
            "layer.build((None, None, features)), first."
        )


def refuse_beyond(
    function: str, layer: LSTMPlus | LSTMPlusCell, peer: str, allowed: Collection[str], way_out: str
) -> None:
    """Refuse a layer whose spec differs from the standard LSTM in a field that is not in `allowed`."""
    values = {field.name: getattr(layer.spec, field.name) for field in fields(LSTMSpec)[2:]}
    standard = LSTMSpec()
    beyond = [
        f"{name}={value!r}"
        for name, value in values.items()
        if name not in allowed and value != getattr(standard, name)
    ]
    if beyond:
        raise ValueError(
            f"{function}: layer {layer.name!r}, variant {layer.spec.name!r}, has {', '.join(beyond)}, which "
            f"{peer} cannot express. {way_out}"
        )
