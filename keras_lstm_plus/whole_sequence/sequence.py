"""All steps as one operation that can be differentiated any number of times.

The first derivative is derived by hand and compiled (`keras_lstm_plus.whole_sequence.backward`): this is what
training needs. Whoever differentiates it again, or forwards, gets the derivative of the same two loops in
plain operations, which TensorFlow finds by itself: slower, and right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import tensorflow as tf

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.step import Weights
from keras_lstm_plus.whole_sequence.backward import backward, gradients
from keras_lstm_plus.whole_sequence.forward import forward
from keras_lstm_plus.whole_sequence.values import Bars, Inputs, Plan, Stash


def run_sequence(plan: Plan, inputs: Inputs, weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
    """(h of all steps `[time, batch, output]` or h of the last, final h, final c).

    Args:
        weights: those that the loop needs: no kernel, and a bias only with a layer norm.
    """
    given = (*inputs, *weights)
    present = tuple(value is not None for value in given)
    there, _ = _loops(plan, present, tf.executing_eagerly())

    @tf.custom_gradient
    def sequence(*values: Tensor) -> Any:
        stash, h, c = there(*_unseen(values))

        def gradient(*upstream: Tensor) -> list[Tensor | None]:
            found = iter(_first_derivative(plan, present, stash, values, upstream))
            return [next(found) if has_one else None for has_one in _have_gradients(present)]

        return (stash.h if plan.every_step else h, h, c), gradient

    return sequence(*(tf.convert_to_tensor(value) for value in given if value is not None))


def _first_derivative(
    plan: Plan,
    present: tuple[bool, ...],
    stash: Stash,
    values: Sequence[Tensor],
    upstream: Sequence[Tensor],
) -> list[Tensor]:
    """The gradient of each of the values that are numbers, given that of the three results."""
    _, back = _loops(plan, present, tf.executing_eagerly())

    @tf.custom_gradient
    def derivative(*both: Tensor) -> Any:
        unseen = _unseen(both)
        values, upstream = unseen[: len(unseen) - 3], unseen[-3:]
        found = _in_order(plan, present, values, stash, back(values, stash, *upstream))
        return found, lambda *d: _second_derivative(plan, present, tf.executing_eagerly())(both, d)

    return list(derivative(*(tf.identity(value) for value in (*values, *upstream))))


@lru_cache(maxsize=256)
def _second_derivative(plan: Plan, present: tuple[bool, ...], eager: bool) -> Any:
    """The gradient of the values and of `upstream`, given that of the first derivative."""

    def second(both: Sequence[Tensor], upstream: Sequence[Tensor]) -> list[Tensor | None]:
        here = [tf.identity(value) for value in both]  # they may be of another graph
        values, given = here[:-3], here[-3:]
        stash, _, _ = forward(plan.spec, *_named(present, values))
        found = _back(plan, present, values, stash, *given)
        first = _in_order(plan, present, values, stash, found)
        # Not a tape: within what a forward accumulator does, a tape sees nothing.
        return tf.gradients(first, here, list(upstream))

    return tf.function(second, reduce_retracing=True) if eager else second


def _in_order(
    plan: Plan, present: tuple[bool, ...], values: Sequence[Tensor], stash: Stash, found: Bars
) -> list[Tensor]:
    """The gradient of the values that have one, in their order and of their shape."""
    of_inputs, of_weights = gradients(plan.spec, *_named(present, values), stash, found)
    slopes = [slope for slope, there in zip((*of_inputs, *of_weights), present, strict=True) if there]
    rows = zip(slopes, values, _have_gradients(present), strict=True)
    return [tf.ensure_shape(slope, value.shape) for slope, value, has_one in rows if has_one]


def _have_gradients(present: tuple[bool, ...]) -> list[bool]:
    """Of each of the values; masks have none."""
    names = zip((*Inputs._fields, *Weights._fields), present, strict=True)
    return [name not in ("hold_h", "hold_c", "recurrent_masks") for name, there in names if there]


def _unseen(values: Iterable[Tensor]) -> list[Tensor]:
    """Nobody who differentiates must look into the compiled loops: what is here is all that is needed."""
    return [None if value is None else tf.stop_gradient(value) for value in values]


def _named(present: tuple[bool, ...], values: Iterable[Tensor]) -> tuple[Inputs, Weights]:
    """The values in their places: a function of TensorFlow is called fastest with plain tensors."""
    left = iter(values)
    filled = [next(left) if there_is else None for there_is in present]
    inputs = len(Inputs._fields)
    return Inputs(*filled[:inputs]), Weights(*filled[inputs:])


@lru_cache(maxsize=256)
def _loops(plan: Plan, present: tuple[bool, ...], eager: bool) -> tuple[Any, Any]:
    """The loop forwards and the loop backwards; compiled or called eagerly, each is traced once a shape."""

    def there(*values: Tensor) -> tuple[Stash, Tensor, Tensor]:
        return forward(plan.spec, *_named(present, _unseen(values)))

    def back(values: Sequence[Tensor], stash: Stash, *upstream: Tensor) -> Bars:
        return _back(plan, present, _unseen(values), Stash(*_unseen(stash)), *_unseen(upstream))

    if plan.compiled:
        return tf.function(there, jit_compile=True), tf.function(back, jit_compile=True)
    if eager:  # a tf.while_loop would be a Python loop
        return tf.function(there, reduce_retracing=True), tf.function(back, reduce_retracing=True)
    return there, back  # in a graph, which knows its own shapes


def _back(
    plan: Plan,
    present: tuple[bool, ...],
    values: Iterable[Tensor],
    stash: Stash,
    d_out: Tensor | None,
    d_h: Tensor,
    d_c: Tensor,
) -> Bars:
    if not plan.every_step:
        d_out, d_h = None, d_h + d_out
    return backward(plan.spec, *_named(present, values), stash, (d_out, d_h, d_c))
