"""Forward-mode derivatives (`tf.autodiff.ForwardAccumulator`) in a graph of TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.private import carry_tangents


def followed(run: Callable[[Any], Any], cell: LSTMPlusCell, call: Any) -> Any:
    """`run(call)`, in a function of its own where an accumulator of the same graph follows what goes in.

    There TensorFlow passes over a gradient of one's own as if it were not there, which is a wrong number, and
    cannot differentiate a loop; of a function it knows how to take both into account.
    """
    if tf.executing_eagerly() or not carry_tangents(_goes_in(cell, call)):
        return run(call)
    return tf.function(run, autograph=False)(call)


def _goes_in(cell: LSTMPlusCell, call: Any) -> list[Tensor]:
    # The states of a stateful layer are variables of Keras, as the weights are.
    parts = (call.sequences, *call.initial_state, *cell.trainable_variables)
    return [tf.convert_to_tensor(part) for part in parts]
