"""Weight files that Keras wrote of a model with the other kind of layer."""

from __future__ import annotations

from contextlib import ExitStack
from os import PathLike
from typing import Any

import keras
import numpy as np

from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.layer import LSTMPlus
from keras_lstm_plus.private import flat_layers, saved_by_the_name_of

# In a .weights.h5 file an entry is called by its class, and LSTMPlus is not called LSTM.
_OTHER_NAMES = (
    ((LSTMPlus, "LSTM"), (LSTMPlusCell, "LSTMCell")),
    ((keras.layers.LSTM, "LSTMPlus"), (keras.layers.LSTMCell, "LSTMPlusCell")),
)


def load_weights(model: keras.Model, path: str | PathLike[str]) -> None:
    """`model.load_weights(path)`, also where the file is of the same model with the other kind of LSTM.

    A `.weights.h5` file of a model with `keras.layers.LSTM` goes into the same model with `LSTMPlus`, and the
    other way round; `.h5` files and TensorFlow checkpoints do so by themselves.

    Args:
        model: built, of any kind, subclassed too.
        path: of a file that `save_weights` wrote.

    Raises:
        ValueError: the file is of another model; the model has the weights that it had.

    Example:
        >>> import tempfile
        >>> def network(lstm):
        ...     return keras.Sequential([keras.Input((None, 3)), lstm(4), keras.layers.Dense(1)])
        >>> stock, own = network(keras.layers.LSTM), network(LSTMPlus)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     stock.save_weights(f"{folder}/stock.weights.h5")
        ...     load_weights(own, f"{folder}/stock.weights.h5")
        >>> all((a == b).all() for a, b in zip(own.get_weights(), stock.get_weights()))
        True
    """
    before = [np.array(keras.ops.convert_to_numpy(variable)) for variable in model.variables]
    layers = flat_layers(model)
    errors = []
    for names in ((), *_OTHER_NAMES):
        error = _load(
            model, path, {name: [one for one in layers if type(one) is kind] for kind, name in names}
        )
        if error is None:
            return
        errors.append(error)
        for variable, value in zip(model.variables, before, strict=True):
            variable.assign(value)
    raise ValueError(
        f"load_weights: {path} does not fit model {model.name!r}, whether or not LSTMPlus is taken for "
        f"keras.layers.LSTM: {' '.join(str(errors[0]).split())}"
    ) from errors[0]


def _load(model: keras.Model, path: Any, by_name: dict[str, list[Any]]) -> Exception | None:
    """What was wrong, if anything, with those layers called by those names."""
    with ExitStack() as stack:
        for name, layers in by_name.items():
            stack.enter_context(saved_by_the_name_of(name, layers))
        try:
            model.load_weights(path)
        except (ValueError, KeyError) as error:
            return error
    return None
