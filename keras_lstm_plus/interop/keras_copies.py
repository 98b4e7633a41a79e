"""What a copy of a layer or model takes over from the old one, and which cannot be copied."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import FunctionType
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.grid_lstm import GridLSTM, GridLSTMCell
from keras_lstm_plus.interop.common import check_built
from keras_lstm_plus.layer import LSTMPlus
from keras_lstm_plus.private import compile_arguments, flat_layers, is_functional, trusted

STOCK: tuple[type, ...] = (keras.layers.LSTM, keras.layers.LSTMCell)
OWN: tuple[type, ...] = (LSTMPlus, LSTMPlusCell)


def is_one(config: dict[str, Any], kinds: tuple[type, ...]) -> bool:
    """Whether Keras wrote this dictionary for a layer or cell of that kind."""
    if kinds is OWN:
        return config.get("registered_name") in [keras.saving.get_registered_name(kind) for kind in kinds]
    names = [kind.__name__ for kind in kinds]
    return config.get("class_name") in names and config.get("module") == "keras.layers"


def check(function: str, kinds: tuple[type, ...], old: Any) -> None:
    """Refuse what holds nothing to turn, has no weights, or computes something else."""
    received = type(old).__name__
    inside: list[Any] = flat_layers(old) if isinstance(old, keras.layers.Layer) else []
    if not any(isinstance(layer, kinds) for layer in inside):
        hint = "; from_keras turns a keras.layers.LSTM into one" if isinstance(old, STOCK) else ""
        one = "a keras.layers.LSTM" if kinds is STOCK else "an LSTMPlus layer"
        raise TypeError(
            f"{function} takes {one}, or a layer or model that holds some, received {received}{hint}."
        )
    if isinstance(old, keras.Model) and not (isinstance(old, keras.Sequential) or is_functional(old)):
        raise TypeError(by_code(function, old))
    for layer in (old, *inside):
        check_built(function, layer)
    for layer in inside:
        if kinds is OWN and isinstance(layer, (GridLSTM, GridLSTMCell)):
            raise ValueError(
                f"to_keras: layer {layer.name!r} is a {type(layer).__name__}, which Keras has not. Keep it: "
                "Keras saves, loads and exports it like any layer of its own."
            )
        parent = next((kind.__name__ for kind in kinds if isinstance(layer, kind)), None)
        if parent and type(layer) not in kinds:
            raise TypeError(
                f"{function}: layer {layer.name!r} is of the class {type(layer).__name__}, a {parent} that "
                "may compute something else; write its class anew, and give it the weights by set_weights."
            )


def by_code(function: str, old: Any) -> str:
    """What is said of a layer or model whose class makes its layers itself."""
    there, here = (
        ("LSTMPlus", "keras.layers.LSTM") if function == "from_keras" else ("keras.layers.LSTM", "LSTMPlus")
    )
    return (
        f"{function}: {old.name!r} is of the class {type(old).__name__}, whose code makes its layers or has "
        f"methods of its own, which a copy would not have; write {there} for {here} in that code, and give "
        "the new one the weights: new.set_weights(old.get_weights())."
    )


def objects_of(old: Any) -> dict[str, Any]:
    """Classes and functions of the user's own that the layers hold, so that Keras finds them by name."""
    inside = flat_layers(old)
    return _own([*inside, *(value for layer in inside for value in vars(layer).values())])


def _own(values: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        named = value if isinstance(value, (FunctionType, type)) else type(value)
        if named.__module__.partition(".")[0] not in ("keras", "builtins", "tensorflow", "numpy"):
            found[named.__name__] = named
    return found


def build_as(new: Any, old: Any) -> None:
    """Build a layer outside of any model for the shape that the old one was built for."""
    if isinstance(old, keras.layers.RNN):
        batch = old.states[0].shape[0] if old.stateful else None
        new.build((batch, None, *_features(old)))
    elif not new.built:
        new.build_from_config(old.get_build_config())


def _features(layer: Any) -> tuple[int, ...]:
    cell = layer.cell
    while hasattr(cell, "cells"):
        cell = cell.cells[0]
    return (cell.kernel.shape[0],)


def fill(new: Any, old: Any) -> None:
    """Give a built layer all that another of the same structure holds: weights, seeds, kept states."""
    pairs = list(zip(new.variables, old.variables, strict=True))
    for mine, other in zip(flat_layers(new), flat_layers(old), strict=True):
        if getattr(other, "stateful", False):
            pairs += zip(keras.tree.flatten(mine.states), keras.tree.flatten(other.states), strict=True)
        if hasattr(other, "get_vocabulary") and mine.vocabulary_size() != other.vocabulary_size():
            mine.set_vocabulary(other.get_vocabulary())
    for value, held in pairs:
        value.assign(ops.convert_to_tensor(held))
    for layer in flat_layers(new):
        if isinstance(layer, keras.layers.Normalization) and layer.built:
            layer.finalize_state()  # it computes by a copy of its variables


def keep_choices(new: Any, old: Any) -> None:
    """What Keras leaves out of its configs."""
    for mine, other in zip(flat_layers(new), flat_layers(old), strict=False):
        if isinstance(other, (*STOCK, *OWN)):
            for name in ("use_cudnn", "implementation", "dropout_mask_count"):
                if name in vars(other):
                    setattr(mine, name, vars(other)[name])


def compile_as(function: str, new: Any, old: Any) -> None:
    """Compile the new model as the old one is, with the state of its optimizer."""
    if not old.compiled:
        return
    given = keras.tree.flatten(compile_arguments(old))
    try:
        with trusted(), keras.saving.custom_object_scope(_own(given)):
            new.compile_from_config(old.get_compile_config())
    except (TypeError, ValueError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        warnings.warn(
            f"{function}: model {new.name!r} is not compiled as the old one is ({reason}): call compile().",
            stacklevel=4,
        )
        return
    if old.optimizer is not None and old.optimizer.built:
        new.optimizer.build(new.trainable_variables)
        for mine, other in zip(new.optimizer.variables, old.optimizer.variables, strict=True):
            mine.assign(ops.convert_to_tensor(other))
