"""How the whole-sequence path uses the machine: compiled by XLA, and the batch shared out among the cores.

The steps of a sequence wait for each other, its sequences do not: two halves of a batch, each a loop compiled
by XLA, keep two cores busy where a loop of TensorFlow operations does not: `python -m benchmarks.training`.
"""

from __future__ import annotations

import os
from typing import Any

import tensorflow as tf

# Whether XLA compiles the function that is being traced; TensorFlow has no public name for it.
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.step import input_product
from keras_lstm_plus.whole_sequence.forward import Plan, run_sequence

MOST_SHARDS = 4  # more cores than that were not there to measure


def run_at_once(
    cell: LSTMPlusCell,
    x: Tensor,
    input_masks: list[Tensor] | None,
    states: list[Tensor],
    hold: Any,
    training: bool,
    every_step: bool,
) -> tuple[Tensor, list[Tensor]]:
    """(h of all steps `[time, batch, output]` or of the last, [h, c]) for x `[time, batch, features]`."""
    weights = {name: w for name, w in cell.lstm_weights(training)._asdict().items() if w is not None}
    kernel = weights.pop("kernel")
    bias = None if cell.spec.layer_norm else weights.pop("bias", None)
    # Everything that has a batch, with the axis where it has it.
    batched = {"x": (x, 1), "h0": (states[0], 0), "c0": (states[1], 0)}
    batched |= {f"input_mask_{k}": (mask, 0) for k, mask in enumerate(input_masks or [])}
    for name, zone in (("hold_h", hold.h), ("hold_c", hold.c)):
        both = [held for held in (hold.skip, zone) if held is not None]
        if both:
            batched[name] = (both[0] if len(both) == 1 else tf.logical_or(*both), 1)
    if training and cell.recurrent_dropout:
        batched["recurrent_masks"] = (tf.stack(cell.get_recurrent_dropout_mask(states[0])), 1)

    compiled = _compile(x, training)
    plan = Plan(cell.spec, cell.units, every_step, compiled)
    parts = []
    for shard in _shards(batched, tf.shape(x)[1], _cores() if compiled else 1):
        masks = [shard.pop(f"input_mask_{k}") for k in range(len(input_masks or []))]
        product = input_product(kernel, shard.pop("x"), masks or None, len(cell.spec.gates))
        shard["product"] = product if bias is None else product + bias
        parts.append(run_sequence(plan, {**shard, **weights}))
    if len(parts) == 1:
        h, last_h, last_c = parts[0]
    else:
        shown, hidden, cells = zip(*parts, strict=True)
        h, last_h, last_c = tf.concat(shown, int(every_step)), tf.concat(hidden, 0), tf.concat(cells, 0)
    return h, [last_h, last_c]


def _compile(x: Tensor, training: bool) -> bool:
    """Whether to have XLA compile the loop here: training, a length known beforehand, a processor.

    Compiling costs a second a shape: too much for a length that changes or for a single prediction. Where XLA
    compiles the whole model already there is nothing to do.
    """
    if not training or x.shape[0] is None or tf.config.list_logical_devices("GPU"):
        return False
    return not GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def _cores() -> int:
    """Cores that this process may use, which in a container or under taskset are not all that there are."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = tf.config.threading.get_intra_op_parallelism_threads() or allowed
    return max(1, min(threads, allowed, MOST_SHARDS))


def _shards(batched: dict[str, tuple[Tensor, int]], batch: Tensor, number: int) -> list[dict[str, Tensor]]:
    if number == 1:
        return [{name: value for name, (value, _) in batched.items()}]
    sizes = [(batch + k) // number for k in range(number)]
    split = {name: tf.split(value, sizes, axis=axis, num=number) for name, (value, axis) in batched.items()}
    return [{name: values[k] for name, values in split.items()} for k in range(number)]
