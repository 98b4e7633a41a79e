"""What goes into a Keras model and what comes out, as flat lists with names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np


class Input(NamedTuple):
    """One input of a model, for one sequence: `shape` starts with 1 and has None for a free axis."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Signature(NamedTuple):
    """The inputs of a model, and the structure (tensor, list or dictionary) in which it takes them."""

    inputs: tuple[Input, ...]
    structure: Any


def signature_of(model: keras.Model, data: Any = None) -> Signature:
    """The signature of a model that knows its input: built from `keras.Input`, or called once.

    A subclassed model knows shapes only; `data`, inputs for it, shows which of them are integers.

    Raises:
        ValueError: the model was never called, so nobody knows what it takes.
    """
    if isinstance(model, keras.Sequential):
        structure = model.inputs[0] if model.built else None
    elif hasattr(model, "inputs") and model.inputs:  # functional
        structure = model.input
    else:
        structure = _structure_of_first_call(model, data)
    if structure is None:
        raise ValueError(
            f"Model {model.name!r} was never called, so the shape of its input is unknown. Call it once on "
            "data, or on model(keras.Input((None, features))) to leave the length of the sequences free."
        )
    tensors = keras.tree.flatten_with_path(structure)
    inputs = tuple(
        Input(
            getattr(tensor, "name", None) or _name(path, "input"),
            (1, *tensor.shape[1:]),
            keras.backend.standardize_dtype(tensor.dtype),
        )
        for path, tensor in tensors
    )
    return Signature(inputs, structure)


def run(model: keras.Model, signature: Signature, tensors: Sequence[Any]) -> dict[str, Any]:
    """The outputs of `model` by name, for inference, from its inputs in the order of the signature."""
    outputs = model(keras.tree.pack_sequence_as(signature.structure, list(tensors)), training=False)
    flat = keras.tree.flatten_with_path(outputs)
    if isinstance(model, keras.Sequential):
        names = [model.layers[-1].name]
    else:
        names = getattr(model, "output_names", None) or [_name(path, "output") for path, _ in flat]
    return dict(zip(_unique(names), (tensor for _, tensor in flat), strict=True))


def _structure_of_first_call(model: keras.Model, data: Any) -> Any:
    """The inputs of a subclassed model as Keras noted them when it was first called."""
    shapes = (model.get_build_config() or {}).get("input_shape")
    if shapes is None or not all(layer.built for layer in model._flatten_layers()):
        return None
    values = iter(keras.tree.flatten(data))

    def spec(shape: tuple[int | None, ...]) -> keras.InputSpec:
        dtype = np.asarray(next(values, 0.0)).dtype
        return keras.InputSpec(shape=tuple(shape), dtype="int32" if dtype.kind in "iu" else model.input_dtype)

    return keras.tree.map_shape_structure(spec, shapes)


def _name(path: tuple[Any, ...], kind: str) -> str:
    """`input`, `input_1`, or the key of a dictionary."""
    return "_".join(str(key) if isinstance(key, str) else f"{kind}_{key}" for key in path) or kind


def _unique(names: Sequence[str]) -> list[str]:
    """The names, a repeated one with its position behind it."""
    return [
        name if name not in names[:position] else f"{name}_{position}" for position, name in enumerate(names)
    ]
