"""The loop over time: dropout, masks, zoneout, direction and layout, in `keras.ops` for every backend.

The steps themselves are done at once by `keras_lstm_plus.whole_sequence.forward` where the backend is
TensorFlow and the path knows the variant, else one by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.step import Step, input_product, lstm_step, next_states


class Hold(NamedTuple):
    """Where a step leaves the state as it was: True or False `[time, batch, 1 or size]`; None for nowhere."""

    skip: Tensor = None  # by the mask: all states
    h: Tensor = None  # by zoneout
    c: Tensor = None


class Options(NamedTuple):
    """The arguments of the layer that the loop needs."""

    every_step: bool
    go_backwards: bool
    unroll: bool
    zero_output_for_mask: bool


def run_layer(
    cell: LSTMPlusCell,
    x: Tensor,
    states: list[Tensor],
    mask: Tensor,
    training: bool,
    options: Options,
    record: list[Step] | None = None,
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """What `keras.layers.RNN.inner_loop` returns: last output, all outputs `[batch, time, output]`, states.

    Without `every_step` the second is the last output too: the caller does not look at it. With `record`, a
    list, the loop is written out and every step appended to it, h and c as they went on.
    """
    x = ops.transpose(x, (1, 0, 2))
    keep = None if mask is None else ops.transpose(ops.cast(mask, "bool"), (1, 0))[..., None]
    if options.go_backwards:
        x = ops.flip(x, axis=0)
        keep = None if keep is None else ops.flip(keep, axis=0)
    hold = Hold(
        None if keep is None else ops.logical_not(keep),
        *(cell.zoneout_masks(ops.shape(x)[:2]) if training else ()),
    )
    masks = cell.get_dropout_mask(x[0]) if training and cell.dropout else None
    if masks is not None and not isinstance(masks, list):
        x, masks = x * masks, None
    if record is None and _fast(cell, training, options):
        from keras_lstm_plus.whole_sequence.shards import run_at_once

        h, states = run_at_once(cell, x, masks, states, hold, training, options.every_step)
    else:
        product = input_product(cell.lstm_weights().kernel, x, masks, len(cell.spec.gates))
        h, states = _step_by_step(cell, product, states, hold, training, options, record)
    if keep is not None:
        h = _as_keras_shows_it(h, keep, options)
    if not options.every_step:
        return h, h, states
    return h[-1], ops.transpose(h, (1, 0, 2)), states


def _fast(cell: LSTMPlusCell, training: bool, options: Options) -> bool:
    if keras.backend.backend() != "tensorflow" or options.unroll:
        return False
    from keras_lstm_plus.whole_sequence.forward import supports  # other backends have no TensorFlow

    return supports(cell.spec) and (training or not cell.spec.zoneout)


def _step_by_step(
    cell: LSTMPlusCell,
    product: Tensor,
    states: list[Tensor],
    hold: Hold,
    training: bool,
    options: Options,
    record: list[Step] | None,
) -> tuple[Tensor, list[Tensor]]:
    """Any spec on any backend: `lstm_step` in a scan, or written out."""
    weights = cell.lstm_weights(training)
    masks = cell.get_recurrent_dropout_mask(states[0]) if training and cell.recurrent_dropout else None
    held = {name: value for name, value in hold._asdict().items() if value is not None}

    def body(old: list[Tensor], now: dict[str, Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        step = lstm_step(cell.spec, weights, cell.activations, now["product"], old, masks)
        new = next_states(cell.spec, step, old, (now.get("h"), now.get("c")), training)
        if "skip" in now:
            new = [ops.where(now["skip"], before, after) for before, after in zip(old, new, strict=True)]
        if record is not None:
            record.append(step._replace(h=new[0], c=new[1]))
        return new, new

    xs = {"product": product, **held}
    if not options.unroll and record is None:
        states, history = _scan()(body, list(states), xs)
        return (history[0] if options.every_step else states[0]), list(states)
    outputs = []
    for k in range(product.shape[0]):
        states, _ = body(states, {name: value[k] for name, value in xs.items()})
        outputs.append(states[0])
    return (ops.stack(outputs) if options.every_step else states[0]), states


def _scan() -> Any:
    if keras.backend.backend() != "tensorflow":
        return ops.scan
    from keras_lstm_plus.whole_sequence.scan import scan  # other backends have no TensorFlow

    return scan


def _as_keras_shows_it(h: Tensor, keep: Tensor, options: Options) -> Tensor:
    """A masked step shows the output before it, zeros if there is none yet, or zeros always if so asked."""
    if options.every_step:
        shown = keep if options.zero_output_for_mask else ops.cumsum(ops.cast(keep, "int32"), axis=0) > 0
    else:
        shown = keep[-1] if options.zero_output_for_mask else ops.any(keep, axis=0)
    return ops.where(shown, h, ops.zeros_like(h))
