"""A call of a layer, handed to the engine by the door of the backend that Keras runs on."""

from __future__ import annotations

import keras

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.engine_call import as_the_cell_has_it, engine_call
from keras_lstm_plus.native import Task, find_engine
from keras_lstm_plus.other_backends.paths import threads
from keras_lstm_plus.step import Batch


def run_by_engine(
    cell: LSTMPlusCell, batch: Batch, every_step: bool, backwards: bool
) -> tuple[Tensor, list[Tensor]]:
    """(h of all steps `[batch, time, output]` or of the last, [h, c])."""
    layer, given = engine_call(cell, batch, every_step, backwards, threads())
    task = Task.of(find_engine(), layer, given)
    values = [value for value in given if value is not None]
    if keras.backend.backend() == "jax":
        from keras_lstm_plus.other_backends.jax_sequence import run
    else:
        from keras_lstm_plus.other_backends.torch_sequence import run
    *out, h, c = as_the_cell_has_it(cell, run(task, values))
    return (out[0] if out else h), [h, c]
