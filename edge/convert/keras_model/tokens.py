"""Which inputs of a model are tokens, though they come as real numbers: numbers of rows of a table."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from edge.convert.keras_model.signature import Signature, run, tensor_specs
from keras_lstm_plus.private import flat_layers

# What Keras and people put between an input and the table it is looked up in.
_ON_THE_WAY = (
    *("Cast", "Identity", "Reshape", "ExpandDims", "Squeeze", "StridedSlice", "Transpose", "ConcatV2"),
    *("AddV2", "Sub", "SelectV2", "Maximum", "Minimum", "ClipByValue", "Round", "Floor"),
)


def real_tokens(model: keras.Model, signature: Signature) -> dict[int, int]:
    """The rows of the table that each real input is looked up in, by the position of the input.

    Example:
        >>> from edge.convert.keras_model.signature import signature_of
        >>> words = [keras.Input((7,)), keras.layers.Embedding(300, 8), keras.layers.LSTM(5)]
        >>> model = keras.Sequential(words)
        >>> real_tokens(model, signature_of(model))
        {0: 300}
    """
    if not any(isinstance(layer, keras.layers.Embedding) for layer in flat_layers(model)):
        return {}
    specs = tensor_specs(signature)
    if not any(spec.dtype.is_floating for spec in specs):
        return {}
    function = tf.function(lambda *x: run(model, signature, x), input_signature=specs, autograph=False)
    graph = function.get_concrete_function().graph
    places = {id(tensor.op): n for n, tensor in enumerate(graph.inputs[: len(specs)])}
    found: dict[int, int] = {}
    for operation in graph.get_operations():
        if operation.type in ("GatherV2", "ResourceGather"):
            table, *rest = operation.inputs
            for place in {places[id(op)] for op in _sources(rest[0].op) if id(op) in places}:
                rows = _rows(table)
                if rows and specs[place].dtype.is_floating:
                    found[place] = min(rows, found.get(place, rows))
    return found


def _rows(table: Any) -> int | None:
    """Of a table that is a weight."""
    if table.op.type != "ReadVariableOp" or len(table.shape) != 2:
        return None
    return int(table.shape[0])


def _sources(operation: Any) -> list[Any]:
    """What an operation is computed from, by way of casts and the like."""
    found, waiting = [operation], [operation]
    while waiting:
        current = waiting.pop()
        if current.type in _ON_THE_WAY:
            new = [tensor.op for tensor in current.inputs if all(tensor.op is not each for each in found)]
            found += new
            waiting += new
    return found
