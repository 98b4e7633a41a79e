"""Which way the steps of a layer are computed, and why."""

from __future__ import annotations

import os
from typing import Any

import tensorflow as tf

from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.engine_call import why_not_in
from keras_lstm_plus.native import EngineError, find_engine, obstacle
from keras_lstm_plus.path import Path
from keras_lstm_plus.private import being_saved, in_keras_step, inside_xla
from keras_lstm_plus.whole_sequence.forward import supports

MOST_THREADS = 8  # more of them than 2 were not there to measure


def path_of(cell: LSTMPlusCell, training: bool, unroll: bool = False, time: int | None = None) -> Path:
    """The way that a call takes here and now.

    Args:
        time: steps of a sequence, None where they are not known beforehand.
    """
    if unroll:
        return Path("steps", "unroll=True asks for it")
    if not supports(cell.spec):
        return Path("steps", "the whole-sequence paths do not know the variant")
    if cell.spec.zoneout and not training:
        return Path("steps", "zoneout at inference averages a step with the one before")
    why_not = engine_obstacle(cell, training)
    if why_not is None:
        return Path("engine", "")
    if training and time is not None and not tf.config.list_logical_devices("GPU") and not inside_xla():
        return Path("compiled loop", why_not)
    return Path("plain loop", why_not)


def engine_obstacle(cell: LSTMPlusCell, training: bool) -> str | None:
    """Why the engine is not for this call, in a clause; None: it is."""
    wrong = obstacle(cell.spec) or why_not_in(cell.compute_dtype)
    if wrong is not None:
        return wrong
    if inside_xla():
        return "XLA compiles what is around it"
    if not tf.executing_eagerly():
        if being_saved():
            return "it is being saved, and the engine is no operation of TensorFlow"
        if not training and not in_keras_step():
            return "a function of your own may be exported, and the engine is no operation of TensorFlow"
    if tf.config.list_logical_devices("GPU"):
        return "there is a GPU"
    if isinstance(tf.distribute.get_strategy(), _far_away()):
        return "the strategy computes in other processes or on a TPU"
    try:
        find_engine()
    except EngineError as error:
        return str(error).rstrip(".")
    return None


def threads() -> int:
    """Cores that this process may use, which in a container or under taskset are not all that there are."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = tf.config.threading.get_intra_op_parallelism_threads() or allowed
    return max(1, min(wanted, allowed, MOST_THREADS))


def _far_away() -> tuple[Any, ...]:
    return tf.distribute.ParameterServerStrategy, tf.distribute.TPUStrategy
