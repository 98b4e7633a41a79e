"""What goes into a Keras model and what comes out, as flat lists with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Length
from keras_lstm_plus.private import flat_layers


class Input(NamedTuple):
    """One input of a model, for one sequence: `shape` starts with 1 and has None for a free axis."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class Signature(NamedTuple):
    """The inputs of a model, and the structure (tensor, list or dictionary) in which it takes them.

    `batch` is the number of sequences at a time that the model insists on, None for any.
    """

    inputs: tuple[Input, ...]
    structure: Any
    batch: int | None = None

    def with_batch(self, batch: int) -> Signature:
        """The same for that many sequences at a time.

        Raises:
            ValueError: the model insists on another number.
        """
        if self.batch not in (None, batch):
            raise ValueError(
                f"The model takes {self.batch} sequences at a time, as it was built; batch={batch} does not "
                f"fit. Give batch={self.batch}, or build the model with a free batch axis."
            )
        return self._replace(inputs=tuple(i._replace(shape=(batch, *i.shape[1:])) for i in self.inputs))

    def with_length(self, length: Length) -> Signature:
        """The same with that many time steps wherever the time axis, the second, is free.

        Args:
            length: of all of them, or of each by the name of the input.

        Raises:
            ValueError: the length of the model is another already; a name is missing, or is that of no input
                with a free time axis.
        """
        if isinstance(length, Mapping):
            return self._with_lengths(length)
        if not self.is_free:
            fixed = sorted({str(i.shape[1]) for i in self.inputs if len(i.shape) > 1})
            if str(length) in fixed:
                return self
            raise ValueError(
                f"length={length} does not fit: the model has a time axis of {' and '.join(fixed)} steps. "
                "Leave length out, or build the model with keras.Input((None, features))."
            )
        return self._replace(
            inputs=tuple(
                i._replace(shape=(i.shape[0], length, *i.shape[2:])) if has_free_time(i) else i
                for i in self.inputs
            )
        )

    def _with_lengths(self, lengths: Mapping[str, int]) -> Signature:
        free = [each.name for each in self.inputs if has_free_time(each)]
        if set(free) != set(lengths):
            named = ", ".join(map(repr, free)) or "none"
            raise ValueError(
                f"length={dict(lengths)} does not fit: the inputs whose time axis is free are {named}. Name "
                "each of them, and no other."
            )
        return self._replace(
            inputs=tuple(
                each._replace(shape=(each.shape[0], lengths[each.name], *each.shape[2:]))
                if each.name in lengths
                else each
                for each in self.inputs
            )
        )

    @property
    def is_free(self) -> bool:
        """Whether sequences of any length go in."""
        return any(has_free_time(i) for i in self.inputs)


def has_free_time(spec: Input) -> bool:
    """Whether the second axis, that of time, may be of any length."""
    return len(spec.shape) > 1 and spec.shape[1] is None


def shown_length(signature: Signature, samples: Sequence[Any]) -> Length | None:
    """The number of time steps of samples where the time axis is free, by name where they are of different
    lengths; None where it is free nowhere."""
    pairs = zip(signature.inputs, samples, strict=True)
    lengths = {spec.name: int(array.shape[1]) for spec, array in pairs if has_free_time(spec)}
    return lengths if len(set(lengths.values())) > 1 else next(iter(lengths.values()), None)


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
    batches = {tensor.shape[0] for _, tensor in tensors} - {None}
    insists = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    return Signature(inputs, structure, batches.pop() if insists and len(batches) == 1 else None)


def tensor_specs(signature: Signature) -> list[tf.TensorSpec]:
    """The inputs as TensorFlow wants them, numbered: it sorts names as text."""
    return [
        tf.TensorSpec(spec.shape, spec.dtype, name=f"input_{position}")
        for position, spec in enumerate(signature.inputs)
    ]


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
    if shapes is None or not all(layer.built for layer in flat_layers(model)):
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
    """The names, a repeated one with a number behind it that no other name has."""
    found: list[str] = []
    for position, name in enumerate(names):
        numbered = (f"{name}_{number}" for number in count(position))
        is_taken = name in found
        found.append(next(n for n in numbered if n not in names and n not in found) if is_taken else name)
    return found
