"""To and from `keras.layers.LSTM`."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from keras_lstm_plus.interop.common import check_built, refuse_beyond, weights_of
from keras_lstm_plus.layer import LSTMPlus

_WAY_OUT = "Keep LSTMPlus, which Keras saves, loads and exports like any layer of its own."


def from_keras(layer: keras.layers.LSTM) -> LSTMPlus:
    """The same layer as an `LSTMPlus`: every argument, the weights, the dropout's seed, the kept state.

    Args:
        layer: a built `keras.layers.LSTM`, kernel `[input, 4 * units]`, gates i, f, c, o, of any dtype.

    Raises:
        TypeError: it is another kind of layer.
        ValueError: it has no weights yet.

    Source: the equations of `keras.layers.LSTM`, which are those of the standard variant.

    Example:
        >>> import numpy as np
        >>> x = np.ones((2, 5, 3), "float32")
        >>> theirs = keras.layers.LSTM(4, return_sequences=True)
        >>> expected = theirs(x)
        >>> bool(np.allclose(from_keras(theirs)(x), expected, atol=1e-6))
        True

        All of a model's layers at once:

        >>> model = keras.Sequential([keras.Input((None, 3)), theirs, keras.layers.Dense(1)])
        >>> def ours(layer):
        ...     return from_keras(layer) if isinstance(layer, keras.layers.LSTM) else layer
        >>> type(keras.models.clone_model(model, clone_function=ours).layers[0]).__name__
        'LSTMPlus'
    """
    if isinstance(layer, LSTMPlus) or not isinstance(layer, keras.layers.LSTM):
        hint = (
            " Convert its forward_layer and backward_layer, and join them by bidirectional()."
            if isinstance(layer, keras.layers.Bidirectional)
            else ""
        )
        raise TypeError(f"from_keras takes a keras.layers.LSTM, received {type(layer).__name__}.{hint}")
    check_built("from_keras", layer)
    return _copy(layer, LSTMPlus, layer.get_config())


def to_keras(layer: LSTMPlus) -> keras.layers.LSTM:
    """The same layer as a `keras.layers.LSTM`, if Keras has it.

    `chrono` and the initializers of other variants have done their work when the weights exist; they are not
    carried.

    Args:
        layer: a built `LSTMPlus` of the standard variant, with any activations, as long as candidate and
            output have the same.

    Raises:
        TypeError: it is another kind of layer.
        ValueError: it has no weights yet, or something that Keras's layer has not; the message names it.

    Source: the equations of `keras.layers.LSTM`.

    Example:
        >>> layer = LSTMPlus(4, return_sequences=True)
        >>> layer.build((None, None, 3))
        >>> [weight.shape for weight in to_keras(layer).get_weights()]
        [(3, 16), (4, 16), (16,)]
    """
    weights_of("to_keras", layer)  # checks the layer
    activations = ("candidate_activation", "output_activation", "recurrent_activation")
    refuse_beyond("to_keras", layer, "keras.layers.LSTM", (*activations, "use_bias"), _WAY_OUT)
    functions = layer.cell.activations
    if functions.candidate is not functions.output:
        raise ValueError(
            f"to_keras: layer {layer.name!r} has {layer.spec.candidate_activation} for the candidate and "
            f"{layer.spec.output_activation} for the output; keras.layers.LSTM has one activation for both. "
            f"{_WAY_OUT}"
        )
    if layer.weight_drop:
        raise ValueError(
            f"to_keras: layer {layer.name!r} has weight_drop={layer.weight_drop}, which keras.layers.LSTM "
            f"cannot do while training. {_WAY_OUT}"
        )
    names = keras.layers.LSTM(1).get_config()
    config = {name: value for name, value in layer.get_config().items() if name in names}
    # The variant may have brought an activation that the argument does not show.
    config["activation"] = keras.activations.serialize(functions.candidate)
    config["recurrent_activation"] = keras.activations.serialize(functions.gate)
    config["use_bias"] = layer.use_bias
    return _copy(layer, keras.layers.LSTM, config)


def _copy(layer: Any, kind: Any, config: dict[str, Any]) -> Any:
    """A layer of that kind and config with everything that `layer` holds."""
    new = kind.from_config(config)
    new.build((layer.states[0].shape[0] if layer.stateful else None, None, layer.cell.kernel.shape[0]))
    pairs = zip(new.variables, layer.variables, strict=True)  # the weights and the seed of the dropout
    states = zip(new.states, layer.states, strict=True) if layer.stateful else ()
    for mine, theirs in (*pairs, *states):
        mine.assign(ops.convert_to_tensor(theirs))
    return new
