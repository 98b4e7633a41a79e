"""A Keras model that is called again and again, its states carried by hand: what a file for streams does.

A call takes as many steps as one of the file. Every layer runs as Keras runs it, from the states in which its
last call ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from edge.convert.keras_model.call_sites import first_states, recurrent_layers
from edge.convert.keras_model.signature import Signature, run, tensor_specs
from edge.convert.samples import Samples, in_batches
from edge.convert.tracing.probe import called_layers, probe
from edge.convert.verification.keras_stream import Turn, one_step
from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import replaced


def keras_calls(
    model: keras.Model,
    signature: Signature,
    streams: Samples,
    by_step: bool = False,
    resets: Sequence[bool] = (),
) -> dict[str, Array]:
    """The outputs of the model by name, of every call of every stream, `[streams, calls, ...]` each.

    Args:
        model: whose own states are left alone.
        signature: of one call.
        streams: an array an input, `[streams, calls, ...]`; each stream starts from zeros.
        by_step: whether a call is one step written out in plain operators: a step that does not count then
            shows the output of the last one.
        resets: of each use of a recurrent layer, whether it starts from zeros at every call; none: no one.
    """
    total = len(streams[0])
    batch = signature.batch or total
    inputs = tuple(spec._replace(shape=(batch, *spec.shape[1:])) for spec in signature.inputs)
    signature = signature._replace(inputs=inputs)
    sites = [site for site in probe(model, signature) if not (resets and resets[site.index])]
    layers = called_layers(sites)
    # One step of a cell is the same without Keras's loop around it, and several times as fast.
    by_step = by_step or all(site.steps == 1 and not site.masked for site in sites)
    turn, make = Turn(), one_step if by_step else _one_call

    start: Any = [[np.asarray(state) for state in first_states(layer, batch)] for layer in layers]
    names: list[str] = []

    def call(states: Any, tensors: Any) -> tuple[list[Tensor], Any]:
        turn.before, turn.after = states, []
        outputs = run(model, signature, tensors)
        names[:] = outputs
        return [tf.cast(output, tf.float32) for output in outputs.values()], turn.after

    # The batch of a state may be lost on its way through a model: no loop is to insist on it.
    specs = [[tf.TensorSpec((None, *state.shape[1:]), state.dtype) for state in each] for each in start]
    stacked = [tf.TensorSpec((None, *spec.shape), spec.dtype) for spec in tensor_specs(signature)]

    @tf.function(autograph=False, input_signature=[specs, stacked])
    def all_calls(states: Any, streams: Any) -> list[Tensor]:
        outputs, states = call(states, [array[0] for array in streams])
        count = tf.shape(streams[0])[0]
        arrays = [tf.TensorArray(tf.float32, count, infer_shape=False).write(0, value) for value in outputs]

        def body(position: Tensor, states: Any, arrays: Any) -> Any:
            outputs, new = call(states, [array[position] for array in streams])
            pairs = zip(arrays, outputs, strict=True)
            return position + 1, new, [array.write(position, value) for array, value in pairs]

        shapes = [[spec.shape for spec in each] for each in specs]
        _, _, arrays = tf.while_loop(
            lambda position, *_: position < count,
            body,
            (tf.constant(1), states, arrays),
            (tf.TensorShape([]), shapes, [tf.TensorShape(None)] * len(arrays)),
        )
        return [array.stack() for array in arrays]

    parts = []
    with (
        replaced(recurrent_layers(model), "stateful", lambda _: False),
        replaced(layers, "call", lambda layer: make(layer, turn)),
    ):
        for group in in_batches(streams, batch):
            outputs = all_calls(start, [tf.constant(np.swapaxes(array, 0, 1)) for array in group])
            parts.append([np.swapaxes(value, 0, 1) for value in outputs])
    found = [np.concatenate(each)[:total] for each in zip(*parts, strict=True)]
    return dict(zip(names, found, strict=True))


def _one_call(layer: Any, turn: Turn) -> Callable[..., Any]:
    """In the place of a layer's `call`: the same, from the states before."""
    own = layer.call

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        # A state that the model gives, it gives at every call.
        old = turn.before[len(turn.after)] if initial_state is None else keras.tree.flatten(initial_state)
        packed = keras.tree.pack_sequence_as(layer.cell.state_size, list(old))
        with replaced([layer], "return_state", lambda _: True):
            output, *new = own(
                sequences, initial_state=packed if keras.tree.is_nested(packed) else [packed], mask=mask
            )
        turn.after.append(keras.tree.flatten(new))
        return (output, *new) if layer.return_state else output

    return call
