"""What this package needs of Keras and TensorFlow that is not public there: in this file and no other.

`tests/house/test_private.py` says which of it a new version broke.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

# keras.layers.RNN creates and clears the masks of cells that are an instance of this class, and of no other.
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

__all__ = [
    "DropoutRNNCell",
    "being_saved",
    "calls_behind",
    "carry_tangents",
    "compile_arguments",
    "cudnn_lstm",
    "cudnn_ok",
    "flat_layers",
    "in_keras_step",
    "inside_functorch",
    "inside_mapped_axes",
    "inside_xla",
    "is_functional",
    "mask_of",
    "replaced",
    "saved_by_the_name_of",
    "trusted",
    "unwatched",
]


def flat_layers(layer_or_model: Any) -> list[Any]:
    """The layer itself and all layers within it and within each other."""
    return list(layer_or_model._flatten_layers())


def carry_tangents(tensors: Iterable[Any]) -> bool:
    """Whether a `tf.autodiff.ForwardAccumulator` follows one of these tensors of TensorFlow."""
    from tensorflow.python.eager.forwardprop_util import pack_tangents

    return bool(pack_tangents(list(tensors)).tangents)


def cudnn_ok(*arguments: Any, **more: Any) -> bool:
    """Whether cuDNN would compute this: (activation, recurrent_activation, unroll, use_bias)."""
    from keras.src import backend

    asked = getattr(backend, "cudnn_ok", None)  # older ones ask on TensorFlow alone
    return asked is not None and bool(asked(*arguments, **more))


def cudnn_lstm(*arguments: Any, **more: Any) -> Any:
    """What `keras.layers.LSTM` calls on a GPU; NotImplementedError where the backend has no such kernel."""
    from keras.src import backend

    return backend.lstm(*arguments, **more)


def compile_arguments(model: Any) -> dict[str, Any]:
    """What `model.compile` was given, as it was given."""
    config = getattr(model, "_compile_config", None)
    return dict(config.config) if config is not None else {}


def is_functional(model: Any) -> bool:
    """Whether the model is a graph of layers, which can be made again with others in it."""
    from keras.src.models.functional import Functional

    return isinstance(model, Functional)


def trusted() -> Any:
    """A context in which Keras makes a layer of its own config though it holds a lambda."""
    from keras.src.saving.serialization_lib import SafeModeScope

    return SafeModeScope(False)


@contextmanager
def saved_by_the_name_of(name: str, layers: Iterable[Any]) -> Iterator[None]:
    """Let Keras save and load the weights of these layers as if their class were called `name`.

    It names the entries of a `.weights.h5` file by the class.
    """
    classes = {id(layer): (layer, type(layer)) for layer in layers}
    try:
        for layer, own in classes.values():
            # Past Keras's own __setattr__, which would take the class for a part of the layer.
            object.__setattr__(layer, "__class__", type(name, (own,), {}))
        yield
    finally:
        for layer, own in classes.values():
            object.__setattr__(layer, "__class__", own)


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


# What Keras calls the functions of TensorFlow that fit, evaluate and predict run.
_KERAS_STEPS = (
    *("one_step_on_data", "one_step_on_data_distributed"),
    *("multi_step_on_data", "multi_step_on_iterator"),
)


def in_keras_step() -> bool:
    """Whether what is being traced belongs to `fit`, `evaluate` or `predict`, and so is never exported."""
    import tensorflow as tf

    graph = tf.compat.v1.get_default_graph()
    while graph is not None:
        if getattr(graph, "name", None) in _KERAS_STEPS:
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def being_saved() -> bool:
    """Whether what is being traced goes into a SavedModel."""
    from tensorflow.python.saved_model.save_context import in_save_context

    return bool(in_save_context())


def unwatched(tensor: Any) -> bool:
    """Whether a `tf.GradientTape` is at work, and does not follow this tensor of TensorFlow."""
    from tensorflow.python.eager.record import could_possibly_record, should_record_backprop

    return bool(could_possibly_record()) and not should_record_backprop([tensor])


def inside_mapped_axes() -> bool:
    """Whether JAX is inside of `shard_map`, `pmap`, or a `vmap` over an axis with a name."""
    from jax import core

    asked = getattr(core, "nonempty_axis_env_DO_NOT_USE", None)
    return asked is not None and bool(asked())


def inside_functorch() -> bool:
    """Whether PyTorch is inside of a function of `torch.func`, or of a level of forward-mode derivatives."""
    import torch
    from torch.autograd import forward_ad

    return torch._C._functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0


def calls_behind(tensors: Iterable[Any]) -> list[Any]:
    """The calls of a functional model that make these symbolic tensors, inputs among them, last first.

    Each has `operation`, `is_input`, `outputs`, and `arguments` with `args` and `kwargs`.
    """
    found: dict[int, Any] = {}
    ahead = list(tensors)
    while ahead:
        history = ahead.pop()._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        if id(node) not in found:
            found[id(node)] = node
            ahead += node.input_tensors
    return list(found.values())


def mask_of(tensor: Any) -> Any:
    """The mask that Keras hands on with this tensor, or None."""
    from keras.src import backend

    return backend.get_keras_mask(tensor)
