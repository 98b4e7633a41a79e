"""The loop over time: dropout, masks, zoneout, direction and layout, in `keras.ops` for every backend.

The steps themselves are done at once by `keras_lstm_plus.whole_sequence` where the backend is TensorFlow and
one of its paths knows the variant, else one by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.path import Path
from keras_lstm_plus.step import Batch, Hold, Step, input_product, lstm_step, next_states

if keras.backend.backend() == "tensorflow":  # other backends have none; and a first call need not wait for it
    from keras_lstm_plus import whole_sequence
    from keras_lstm_plus.scan import scan
else:
    from keras_lstm_plus import other_backends

    scan = ops.scan


class Call(NamedTuple):
    """What `keras.layers.RNN` asks its `inner_loop` to run over, `[batch, time, ...]`."""

    sequences: Tensor
    initial_state: list[Tensor]
    mask: Tensor | None
    training: bool


def run_layer(
    layer: keras.layers.RNN, cell: LSTMPlusCell, call: Call, record: list[Step] | None = None
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """What `inner_loop` returns: last output, all outputs `[batch, time, output]`, states.

    Unless the layer returns sequences the second is the last output too: the caller does not look at it. With
    `record`, a list, the loop is written out and every step appended to it, h and c as they went on.

    Args:
        layer: says in which direction and what to show.
        cell: does the steps; that of the layer, or one with the same weights.
    """
    batch_size, time, _ = call.sequences.shape
    x = call.sequences
    keep = None if call.mask is None else ops.cast(call.mask, "bool")[..., None]
    if keep is not None and layer.go_backwards:
        keep = ops.flip(keep, axis=1)
    # In the order of the loop, as all that goes by time; x is turned round by who runs it.
    skip = None if keep is None else ops.logical_not(ops.transpose(keep, (1, 0, 2)))
    batch_and_time = ops.shape(x)[:2]
    zoned = cell.zoneout_masks(batch_and_time[::-1]) if call.training else ()
    dropped = cell.get_dropout_mask(x[:, 0]) if call.training and cell.dropout else None
    if dropped is not None and not isinstance(dropped, list):
        x, dropped = x * dropped[:, None], None
    batch = Batch(x, dropped, call.initial_state, Hold(skip, *zoned), call.training)
    way = which_path(layer, cell, call.training, time, x).name if record is None else "steps"
    if way == "engine":
        h, states = _run_by_engine(cell, batch, layer.return_sequences, layer.go_backwards)
    else:
        h, states = _in_time_order(layer, cell, batch, way, record)
    if keep is not None:
        h = _as_keras_shows_it(layer, h, keep)
    states = [
        _of_shape(state, (batch_size, size)) for state, size in zip(states, cell.state_size, strict=True)
    ]
    if not layer.return_sequences:
        h = _of_shape(h, (batch_size, cell.output_size))
        return h, h, states
    shown = _of_shape(h, (batch_size, time, cell.output_size))
    return _of_shape(h[:, -1], (batch_size, cell.output_size)), shown, states


def which_path(
    layer: keras.layers.RNN, cell: LSTMPlusCell, training: bool, time: int | None, x: Tensor | None = None
) -> Path:
    """How the steps are done, and why so: `LSTMPlus.which_path` tells it.

    Args:
        x: the sequences of the call, None where it is only asked.
    """
    if keras.backend.backend() != "tensorflow":
        return other_backends.path_of(cell, training, layer.unroll, x)
    return whole_sequence.path_of(cell, training, layer.unroll, time)


def _run_by_engine(*call: Any) -> tuple[Tensor, list[Tensor]]:
    if keras.backend.backend() != "tensorflow":
        return other_backends.run_by_engine(*call)
    return whole_sequence.run_by_engine(*call)


def _in_time_order(
    layer: keras.layers.RNN, cell: LSTMPlusCell, batch: Batch, way: str, record: list[Step] | None
) -> tuple[Tensor, list[Tensor]]:
    """(h `[batch, time, output]` or of the last, states) by a loop whose arrays begin with the time."""
    x = ops.transpose(batch.x, (1, 0, 2))
    batch = batch._replace(x=ops.flip(x, axis=0) if layer.go_backwards else x)
    if way == "steps":
        h, states = _step_by_step(layer, cell, batch, record)
    else:
        h, states = whole_sequence.run_at_once(cell, batch, layer.return_sequences, way == "compiled loop")
    return (ops.transpose(h, (1, 0, 2)) if layer.return_sequences else h), states


def _of_shape(value: Tensor, shape: tuple[int | None, ...]) -> Tensor:
    """What is known beforehand, said again: a loop of TensorFlow forgets it, and Keras's layers go by it."""
    if keras.backend.backend() == "tensorflow":
        value.set_shape(shape)
    return value


def _step_by_step(
    layer: keras.layers.RNN, cell: LSTMPlusCell, batch: Batch, record: list[Step] | None
) -> tuple[Tensor, list[Tensor]]:
    """Any spec on any backend: `lstm_step` in a scan, or written out."""
    training, states = batch.training, batch.states
    weights = cell.lstm_weights(training)
    masks = cell.get_recurrent_dropout_mask(states[0]) if training and cell.recurrent_dropout else None
    product = input_product(weights.kernel, batch.x, batch.dropped, len(cell.spec.gates))

    def body(old: list[Tensor], now: dict[str, Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        step = lstm_step(cell.spec, weights, cell.activations, now["product"], old, masks)
        new = next_states(cell.spec, step, old, (now.get("h"), now.get("c")), training)
        if "skip" in now:
            new = [ops.where(now["skip"], before, after) for before, after in zip(old, new, strict=True)]
        if record is not None:
            record.append(step._replace(h=new[0], c=new[1]))
        return new, new

    held = {name: value for name, value in batch.hold._asdict().items() if value is not None}
    xs = {"product": product, **held}
    if not layer.unroll and record is None:
        states, history = scan(body, list(states), xs)
        return (history[0] if layer.return_sequences else states[0]), list(states)
    outputs = []
    for k in range(product.shape[0]):
        states, _ = body(states, {name: value[k] for name, value in xs.items()})
        outputs.append(states[0])
    return (ops.stack(outputs) if layer.return_sequences else states[0]), states


def _as_keras_shows_it(layer: keras.layers.RNN, h: Tensor, keep: Tensor) -> Tensor:
    """A masked step shows the output before it, zeros if there is none yet, or zeros always if so asked."""
    if layer.return_sequences:
        shown = keep if layer.zero_output_for_mask else ops.cumsum(ops.cast(keep, "int32"), axis=1) > 0
    else:
        shown = keep[:, -1] if layer.zero_output_for_mask else ops.any(keep, axis=1)
    return ops.where(shown, h, ops.zeros_like(h))
