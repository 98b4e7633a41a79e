"""What this package needs of Keras and TensorFlow that is not public there: in this file and no other.

`tests/house/test_private.py` says which of it a new version broke.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

# keras.layers.RNN creates and clears the masks of cells that are an instance of this class, and of no other.
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

__all__ = ["DropoutRNNCell", "flat_layers", "inside_xla", "replaced"]


def flat_layers(layer_or_model: Any) -> list[Any]:
    """The layer itself and all layers within it and within each other."""
    return list(layer_or_model._flatten_layers())


def inside_xla() -> bool:
    """Whether XLA compiles the TensorFlow function that is being traced."""
    import tensorflow as tf  # other backends have none
    from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

    return bool(GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()))


@contextmanager
def replaced(layers: Iterable[Any], attribute: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """Let each of the layers have `make(layer)` for its attribute or method; undone in any case."""
    unique = list({id(layer): layer for layer in layers}.values())
    own = [{attribute: vars(layer)[attribute]} if attribute in vars(layer) else {} for layer in unique]
    for layer, value in [(layer, make(layer)) for layer in unique]:
        # Past Keras's own __setattr__, which would take the value for a part of the layer.
        object.__setattr__(layer, attribute, value)
    try:
        yield
    finally:
        for layer, before in zip(unique, own, strict=True):
            object.__delattr__(layer, attribute)
            vars(layer).update(before)
