"""To and from Keras: a layer, a wrapper of layers, or a whole model in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from keras_lstm_plus.interop.keras_copies import (
    OWN,
    STOCK,
    build_as,
    by_code,
    check,
    compile_as,
    fill,
    is_one,
    keep_choices,
    objects_of,
)
from keras_lstm_plus.interop.keras_lstm import ours, theirs
from keras_lstm_plus.private import flat_layers, is_functional, replaced, trusted


def from_keras(layer: Any) -> Any:
    """The same layer or model with `LSTMPlus` for `keras.layers.LSTM`: all arguments, weights, seeds, states.

    In a model (Sequential or functional, with several inputs and outputs, nested, shared layers included)
    every LSTM is turned, also within `Bidirectional`, `TimeDistributed`, `RNN` and `StackedRNNCells`; all
    other layers are copied. What was compiled stays compiled, with the state of its optimizer. The names
    stay.

    Args:
        layer: a built `keras.layers.LSTM`, of any dtype; a layer that holds some; or a model.

    Raises:
        TypeError: there is no `keras.layers.LSTM` in it, or it is a subclassed model or LSTM, whose code this
            cannot change.
        ValueError: it has no weights yet.

    Source: the equations of `keras.layers.LSTM`, which are those of the standard variant.

    Example:
        >>> import numpy as np
        >>> x = np.ones((2, 5, 3), "float32")
        >>> theirs = keras.layers.LSTM(4, return_sequences=True)
        >>> expected = theirs(x)
        >>> bool(np.allclose(from_keras(theirs)(x), expected, atol=1e-6))
        True

        All of a model at once, and back:

        >>> model = keras.Sequential([keras.Input((None, 3)), theirs, keras.layers.Dense(1)])
        >>> turned = from_keras(model)
        >>> [type(layer).__name__ for layer in turned.layers]
        ['LSTMPlus', 'Dense']
        >>> bool(np.allclose(to_keras(turned)(x), model(x), atol=1e-6))
        True
    """
    return _Turn("from_keras", STOCK, ours).run(layer)


def to_keras(layer: Any) -> Any:
    """The same layer or model with `keras.layers.LSTM` for `LSTMPlus`, if Keras has it; as `from_keras`.

    `chrono` and the initializers of other variants have done their work when the weights exist; they are not
    carried.

    Args:
        layer: a built `LSTMPlus` of the standard variant, with any activations, as long as candidate and
            output have the same; a layer that holds some; or a model.

    Raises:
        TypeError: there is no `LSTMPlus` in it, or it is a subclassed model, whose code this cannot change.
        ValueError: it has no weights yet, or something that Keras's layer has not; the message names it.

    Source: the equations of `keras.layers.LSTM`.

    Example:
        >>> from keras_lstm_plus import LSTMPlus
        >>> layer = LSTMPlus(4, return_sequences=True)
        >>> layer.build((None, None, 3))
        >>> [weight.shape for weight in to_keras(layer).get_weights()]
        [(3, 16), (4, 16), (16,)]
    """
    return _Turn("to_keras", OWN, theirs).run(layer)


class _Turn:
    """One way from one kind of layer to the other, of everything in a model."""

    def __init__(self, function: str, kinds: tuple[type, ...], turn: Callable[[Any], Any]) -> None:
        self.function, self.kinds, self.turn = function, kinds, turn
        self.done: dict[int, tuple[Any, Any]] = {}  # old and new by the id of the old: shared layers stay so

    def run(self, old: Any) -> Any:
        check(self.function, self.kinds, old)
        with trusted(), keras.saving.custom_object_scope(objects_of(old)):
            new = self.copy(old)
            if not isinstance(old, keras.Model):
                build_as(new, old)
        for before, after in self.done.values():
            self._refuse_what_is_left(before, after)
            if not isinstance(before, keras.Model):
                fill(after, before)
        if isinstance(old, keras.Model):
            compile_as(self.function, new, old)
        return new

    def copy(self, old: Any) -> Any:
        """A new one, the same for the same old one; the weights come later."""
        if id(old) not in self.done:
            graph = isinstance(old, keras.Sequential) or is_functional(old)
            self.done[id(old)] = (old, self._model(old) if graph else self._layer(old))
        return self.done[id(old)][1]

    def _model(self, old: Any) -> Any:
        with replaced([old], "compiled", lambda _: False):  # it is compiled when it has its weights
            new = keras.models.clone_model(old, clone_function=self.copy)
        if type(new) is not type(old):
            raise TypeError(by_code(self.function, old))
        if not old.trainable:
            new.trainable = False
        return new

    def _layer(self, old: Any) -> Any:
        if type(old) in self.kinds:
            return self.turn(old)
        try:
            new = type(old).from_config(self._turned(old.get_config()))
        except (NotImplementedError, TypeError, ValueError) as error:
            if str(error).startswith(self.function):
                raise
            raise TypeError(
                f"{self.function}: layer {old.name!r} ({type(old).__name__}) cannot be copied, because its "
                "get_config() does not give all that its constructor takes; write one that does "
                f"({str(error).splitlines()[0]})."
            ) from error
        keep_choices(new, old)
        return new

    def _turned(self, value: Any) -> Any:
        """A config with the layers and cells in it turned."""
        if isinstance(value, dict):
            if is_one(value, self.kinds):
                turned = self.turn(keras.saving.deserialize_keras_object(value))
                return keras.saving.serialize_keras_object(turned)
            return {key: self._turned(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._turned(inner) for inner in value)
        return value

    def _refuse_what_is_left(self, old: Any, new: Any) -> None:
        if any(type(inner) in self.kinds for inner in flat_layers(new)):
            raise TypeError(by_code(self.function, old))
