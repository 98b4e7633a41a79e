"""A Keras model that is called again and again, its states carried by hand: what a file for streams does.

A call takes as many steps as one of the file. Every layer runs as Keras runs it, from the states in which its
last call ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from edge.convert.keras_model.call_sites import first_states
from edge.convert.keras_model.signature import Signature, run, tensor_specs
from edge.convert.samples import Samples, in_batches
from edge.convert.tracing.probe import called_layers
from edge.convert.verification.keras_stream import Turn, one_step
from keras_lstm_plus.private import replaced


def keras_calls(
    model: keras.Model, signature: Signature, streams: Samples, by_step: bool = False
) -> dict[str, Array]:
    """The outputs of the model by name, of every call of every stream, `[streams, calls, ...]` each.

    Args:
        model: whose own states are left alone.
        signature: of one call.
        streams: an array an input, `[streams, calls, ...]`; each stream starts from zeros.
        by_step: whether a call is one step written out in plain operators: a step that does not count then
            shows the output of the last one.
    """
    total, count = streams[0].shape[:2]
    batch = signature.batch or total
    inputs = tuple(spec._replace(shape=(batch, *spec.shape[1:])) for spec in signature.inputs)
    signature = signature._replace(inputs=inputs)
    layers = called_layers(model, signature)
    turn, make = Turn(), one_step if by_step else _one_call

    start: Any = [
        [np.asarray(state) for state in first_states(layer, batch)]
        for layer in layers
    ]
    # The batch of a state may be lost on its way through a model; a loop that starts with one would complain.
    specs = [[tf.TensorSpec((None, *state.shape[1:]), state.dtype) for state in each] for each in start]

    @tf.function(autograph=False, input_signature=[specs, tensor_specs(signature)])
    def call(states: Any, tensors: Any) -> Any:
        turn.before, turn.after = states, []
        return run(model, signature, tensors), turn.after

    parts = []
    with (
        replaced(layers, "stateful", lambda _: False),
        replaced(layers, "call", lambda layer: make(layer, turn)),
    ):
        for group in in_batches(streams, batch):
            states, seen = start, []
            for position in range(count):
                outputs, states = call(states, [tf.constant(array[:, position]) for array in group])
                seen.append({name: np.asarray(value) for name, value in outputs.items()})
            parts.append({name: np.stack([each[name] for each in seen], axis=1) for name in seen[0]})
    return {name: np.concatenate([part[name] for part in parts])[:total] for name in parts[0]}


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
