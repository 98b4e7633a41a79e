"""A call of a layer, handed to the engine: sequences `[batch, time, ...]` as Keras has them."""

from __future__ import annotations

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.engine_call import as_the_cell_has_it, engine_call
from keras_lstm_plus.native import find_engine
from keras_lstm_plus.step import Batch
from keras_lstm_plus.whole_sequence.native_sequence import run_natively
from keras_lstm_plus.whole_sequence.paths import threads


def run_by_engine(
    cell: LSTMPlusCell, batch: Batch, every_step: bool, backwards: bool
) -> tuple[Tensor, list[Tensor]]:
    """(h of all steps `[batch, time, output]` or of the last, [h, c]).

    Args:
        batch: with x as it was given, `[batch, time, features]`; all else in the order of the loop.
        backwards: the loop reads x from its end.
    """
    layer, given = engine_call(cell, batch, every_step, backwards, threads())
    out, *states = run_natively(find_engine(), layer, given, batch.training)
    shown, h, c = as_the_cell_has_it(cell, [states[0] if out is None else out, *states])
    return shown, [h, c]
