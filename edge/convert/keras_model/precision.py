"""A model that computes in 16 bits (or 64) lets itself be recorded as one that computes in float32.

The weights of `mixed_float16` and `mixed_bfloat16` are float32: with another policy the same layers compute
the same, only better. The policies are replaced in the layers themselves and put back, so that shared, nested
and subclassed models need no copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras

from keras_lstm_plus.private import flat_layers, replaced

_FLOAT32 = "float32"


class _Float32Policy(keras.DTypePolicy):
    """Computes in float32, whatever the variables are in, which exist already."""

    def __init__(self, variable_dtype: str) -> None:
        super().__init__(_FLOAT32)
        self._own_variables = variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The type of the variables."""
        return self._own_variables


def other_precisions(model: keras.Model) -> list[str]:
    """The policies of the layers of a model that do not compute in float32, by name."""
    return sorted({layer.dtype_policy.name for layer in _layers(model)})


@contextmanager
def in_float32(model: keras.Model) -> Iterator[None]:
    """Let every layer of the model compute in float32; undone in any case."""
    layers = _layers(model)
    policies = [layer.dtype_policy for layer in layers]
    with ExitStack() as stack:
        if layers:
            # Keras notes the cast in front of such a layer as an operation of the model.
            stack.enter_context(replaced(_casts(model), "dtype", lambda _: _FLOAT32))
        try:
            for layer, policy in zip(layers, policies, strict=True):
                layer.dtype_policy = _Float32Policy(policy.variable_dtype)
            yield
        finally:
            for layer, policy in zip(layers, policies, strict=True):
                layer.dtype_policy = policy


def _layers(model: keras.Model) -> list[Any]:
    return [
        layer
        for layer in flat_layers(model)
        if layer.compute_dtype != _FLOAT32
        and type(layer.dtype_policy) in (keras.DTypePolicy, keras.dtype_policies.DTypePolicy)
        and layer.compute_dtype in ("float16", "bfloat16", "float64")
    ]


def _casts(model: keras.Model) -> list[Any]:
    operations = [op for part in flat_layers(model) for op in getattr(part, "operations", ())]
    return [
        op
        for op in operations
        if type(op).__name__ == "Cast" and getattr(op, "dtype", None) in ("float16", "bfloat16", "float64")
    ]
