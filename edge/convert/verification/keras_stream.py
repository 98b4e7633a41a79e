"""A Keras model as a stream: one time step after another, its states carried by hand.

The whole model runs on one step at a time, inside a loop of TensorFlow: what a file that streams does too,
whatever stands around the recurrent layers. The steps are those of Keras's own cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from edge.convert.keras_model.call_sites import cell_step, first_states
from edge.convert.keras_model.signature import Signature, run
from edge.convert.tracing.probe import called_layers, probe
from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import replaced


class KerasStream:
    """`batch` streams side by side through a model, from states of zeros (or what its layers start from).

    Args:
        model: with a free time axis, or one of a single step.
        signature: of the model, for `batch` sequences of one step.
        batch: how many streams.
        chunk: how many steps one call of `run` takes.
    """

    def __init__(self, model: keras.Model, signature: Signature, batch: int, chunk: int) -> None:
        self._model, self._signature, self._batch, self._chunk = model, signature, batch, chunk
        self._layers = called_layers(probe(model, signature))
        self._states = [[np.asarray(state) for state in first_states(layer, batch)] for layer in self._layers]
        self._function = self._compiled()

    def run(self, x: Sequence[Array]) -> list[Array]:
        """The outputs of the next `chunk` steps.

        Args:
            x: an array an input, `[chunk, batch, 1, ...]`, or `[chunk, batch, ...]` if it has no time axis.

        Returns:
            An array an output, `[chunk, batch, ...]`.
        """
        outputs, states = self._function(self._states, [tf.constant(each) for each in x])
        self._states = [[np.asarray(state) for state in each] for each in states]
        return [np.asarray(output) for output in outputs]

    def _compiled(self) -> Callable[..., Any]:
        """The loop over a chunk: by XLA, twenty times as fast, or without where it lacks an operator."""
        examples = [
            tf.zeros((self._chunk, self._batch, *(1 if n is None else n for n in spec.shape[1:])), spec.dtype)
            for spec in self._signature.inputs
        ]
        for compiled in (True, False):
            function = tf.function(self._loop, jit_compile=compiled, autograph=False)
            try:
                with carried(self._layers) as turn:
                    self._turn = turn
                    function(self._states, examples)
            except (tf.errors.OpError, NotImplementedError):
                if not compiled:
                    raise
                continue
            return function
        raise AssertionError

    def _loop(self, states: list[list[Tensor]], x: Sequence[Tensor]) -> tuple[list[Tensor], Any]:
        shapes = [output.shape for output in self._step(states, [each[0] for each in x])[0]]
        arrays = [tf.TensorArray(tf.float32, self._chunk, element_shape=shape) for shape in shapes]

        def body(step: Tensor, states: list[list[Tensor]], arrays: list[Any]) -> tuple[Any, ...]:
            outputs, new = self._step(states, [each[step] for each in x])
            pairs = zip(arrays, outputs, strict=True)
            return step + 1, new, [array.write(step, output) for array, output in pairs]

        _, states, arrays = tf.while_loop(
            lambda step, *_: step < self._chunk,
            body,
            (tf.constant(0), states, arrays),
            maximum_iterations=self._chunk,
        )
        return [array.stack() for array in arrays], states

    def _step(self, states: list[list[Tensor]], x: Sequence[Tensor]) -> tuple[list[Tensor], list[Any]]:
        self._turn.before, self._turn.after = states, []
        outputs = run(self._model, self._signature, x)
        return [tf.cast(output, tf.float32) for output in outputs.values()], self._turn.after


class Turn:
    """One call of the model: the states before it, and after it as far as the layers have been called."""

    before: list[list[Tensor]]
    after: list[list[Tensor]]


@contextmanager
def carried(layers: Sequence[Any]) -> Iterator[Turn]:
    """Let each of the layers do one step of its cell from the states of the turn; undone in any case."""
    turn = Turn()
    with replaced(layers, "call", lambda layer: one_step(layer, turn)):
        yield turn


def _shown(cell: Any, states: Sequence[Tensor]) -> Tensor:
    """The output that the states belong to: the first state of the cell, of the last one of a stack."""
    if isinstance(cell, keras.layers.StackedRNNCells):
        last = cell.cells[-1]
        return _shown(last, states[-len(keras.tree.flatten(last.state_size)) :])
    return states[0]


def one_step(layer: Any, turn: Turn) -> Callable[..., Any]:
    """In the place of a layer's `call`: one step of its cell."""

    def call(sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        # A state that the model gives, it gives at every step.
        old = turn.before[len(turn.after)] if initial_state is None else keras.tree.flatten(initial_state)
        output, new = cell_step(layer.cell, sequences[:, 0], old)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if mask is not None:  # a step that does not count leaves the state, and shows the output before it
            counts = mask[:, :1]
            output = tf.where(counts, output, 0.0 if layer.zero_output_for_mask else _shown(layer.cell, old))
            new = [tf.where(counts, *pair) for pair in zip(new, old, strict=True)]
        turn.after.append(new)
        output = output[:, None] if layer.return_sequences else output
        return (output, *new) if layer.return_state else output

    return call
