"""How the whole-sequence path uses the machine: compiled by XLA, and the batch shared out among the cores.

The steps of a sequence wait for each other, its sequences do not: two halves of a batch, each a loop compiled
by XLA, keep two cores busy where a loop of TensorFlow operations does not: `python -m benchmarks.training`.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.engine_call import either
from keras_lstm_plus.step import Batch, input_product
from keras_lstm_plus.whole_sequence.paths import threads
from keras_lstm_plus.whole_sequence.sequence import run_sequence
from keras_lstm_plus.whole_sequence.values import Inputs, Plan

MOST_SHARDS = 4  # more cores than that were not there to measure


def run_at_once(
    cell: LSTMPlusCell, batch: Batch, every_step: bool, compiled: bool
) -> tuple[Tensor, list[Tensor]]:
    """(h of all steps `[time, batch, output]` or of the last, [h, c]).

    Args:
        compiled: by XLA, which costs a second a shape, and is then the faster.
    """
    spec, training = cell.spec, batch.training
    weights = cell.lstm_weights(training)
    in_loop = weights._replace(kernel=None, bias=weights.bias if spec.layer_norm else None)
    masks = cell.get_recurrent_dropout_mask(batch.states[0]) if training and cell.recurrent_dropout else None
    plan = Plan(spec, cell.units, every_step, compiled)
    number = _cores() if compiled else 1
    sizes = [(tf.shape(batch.x)[1] + k) // number for k in range(number)]

    def shares(value: Tensor | None, axis: int) -> list[Tensor | None]:
        if value is None or number == 1:
            return [value] * number
        return tf.split(value, sizes, axis=axis, num=number)

    parts = []
    for x, dropped, *rest in zip(
        shares(batch.x, 1),
        shares(_stacked(batch.dropped), 1),
        shares(batch.states[0], 0),
        shares(batch.states[1], 0),
        shares(either(batch.hold.skip, batch.hold.h), 1),
        shares(either(batch.hold.skip, batch.hold.c), 1),
        shares(_stacked(masks), 1),
        strict=True,
    ):
        dropped = None if dropped is None else tf.unstack(dropped, len(spec.gates))
        product = input_product(weights.kernel, x, dropped, len(spec.gates))
        if in_loop.bias is None and weights.bias is not None:
            product += weights.bias
        parts.append(run_sequence(plan, Inputs(product, *rest), in_loop))
    if number == 1:
        h, last_h, last_c = parts[0]
    else:
        shown, hidden, cells = zip(*parts, strict=True)
        h, last_h, last_c = tf.concat(shown, int(every_step)), tf.concat(hidden, 0), tf.concat(cells, 0)
    return h, [last_h, last_c]


def _stacked(masks: Sequence[Tensor] | None) -> Tensor | None:
    return None if masks is None else tf.stack(masks)


def _cores() -> int:
    """Parts that the batch is cut into."""
    return min(threads(), MOST_SHARDS)
