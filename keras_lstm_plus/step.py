"""One step of any LSTM: the equations of a spec as a pure function of `keras.ops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.spec import LSTMSpec

LAYER_NORM_EPSILON = 1e-8  # on the variance; the value that TensorFlow Lite's kernel has built in


class Weights(NamedTuple):
    """The weights of one cell, by the names and shapes of `LSTMSpec.weight_shapes`; None where absent."""

    kernel: Tensor
    recurrent_kernel: Tensor
    bias: Tensor = None
    peephole_kernel: Tensor = None
    gate_kernel: Tensor = None
    layer_norm_scale: Tensor = None
    projection_kernel: Tensor = None


class Activations(NamedTuple):
    """The three squashing functions of a cell."""

    gate: Callable[[Tensor], Tensor]
    candidate: Callable[[Tensor], Tensor]
    output: Callable[[Tensor], Tensor]


class Hold(NamedTuple):
    """Where a step leaves the state as it was: True or False `[time, batch, 1 or size]`; None for nowhere."""

    skip: Tensor = None  # by the mask: all states
    h: Tensor = None  # by zoneout
    c: Tensor = None


class Batch(NamedTuple):
    """Sequences on their way through the loop over time, in the order in which it reads them."""

    x: Tensor  # [time, batch, features]
    dropped: Sequence[Tensor] | None  # a dropout mask of x a gate, [batch, features] each
    states: list[Tensor]
    hold: Hold
    training: bool


class Step(NamedTuple):
    """Everything that one step computed. Gates, candidate and c are `[batch, units]`, h `[batch, output]`."""

    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    c: Tensor
    h: Tensor


def input_product(kernel: Tensor, x: Tensor, masks: Sequence[Tensor] | None, gates: int) -> Tensor:
    """W x for all gates side by side, `[..., gates * units]`; `masks`: a dropout mask per gate."""
    if masks is None:
        return ops.matmul(x, kernel)
    blocks = ops.split(kernel, gates, axis=-1)
    return ops.concatenate([ops.matmul(x * m, w) for m, w in zip(masks, blocks, strict=True)], axis=-1)


def recurrent_product(spec: LSTMSpec, kernel: Tensor, h: Tensor, masks: Sequence[Tensor] | None) -> Tensor:
    """R h' for all gates side by side, `[batch, gates * units]`."""
    if spec.recurrence == "full":
        return input_product(kernel, h, masks, len(spec.gates))
    rows = [h] * len(spec.gates) if masks is None else [h * mask for mask in masks]
    return ops.concatenate(rows, axis=-1) * ops.reshape(kernel, (-1,))


def lstm_step(
    spec: LSTMSpec,
    weights: Weights,
    activations: Activations,
    product: Tensor,
    states: Sequence[Tensor],
    recurrent_masks: Sequence[Tensor] | None = None,
) -> Step:
    """The equations of `spec.equations()`.

    Args:
        product: W x, from `input_product`, `[batch, gates * units]`.
        states: h' `[batch, output]`, c' `[batch, units]` and, with gate recurrence, the learned gates of the
            step before, side by side, `[batch, learned * units]`.
        recurrent_masks: a dropout mask for h' per gate.
    """
    h, c = states[0], states[1]
    total = product + recurrent_product(spec, weights.recurrent_kernel, h, recurrent_masks)
    totals = dict(zip(spec.gates, ops.split(total, len(spec.gates), axis=-1), strict=True))
    if spec.gate_recurrence:
        between = ops.split(ops.matmul(states[2], weights.gate_kernel), len(spec.learned_gates), axis=-1)
        for gate, term in zip(spec.learned_gates, between, strict=True):
            totals[gate] = totals[gate] + term
    biases = None if weights.bias is None else ops.split(weights.bias, len(spec.gates))

    def activate(gate: str, cell: Tensor) -> Tensor:
        row = spec.gates.index(gate)
        value = totals[gate]
        if spec.peephole and gate != "g":
            value = value + weights.peephole_kernel[spec.learned_gates.index(gate)] * cell
        if spec.layer_norm:
            value = normalise(value) * weights.layer_norm_scale[row]
        if biases is not None:
            value = value + biases[row]
        return activations.candidate(value) if gate == "g" else activations.gate(value)

    f = activate("f", c) if "f" in totals else ops.ones_like(c)
    if spec.input_gate == "coupled":
        i = 1.0 - f
    else:
        i = activate("i", c) if "i" in totals else ops.ones_like(c)
    g = activate("g", c)
    c = clip(f * c + i * g, spec.cell_clip)
    o = activate("o", c) if "o" in totals else ops.ones_like(c)
    h = o * activations.output(c)
    if spec.projection_units is not None:
        h = clip(ops.matmul(h, weights.projection_kernel), spec.projection_clip)
    return Step(i, f, g, o, c, h)


def next_states(
    spec: LSTMSpec,
    step: Step,
    old: Sequence[Tensor],
    zoneout_masks: tuple[Tensor | None, Tensor | None] = (None, None),
    training: bool = False,
) -> list[Tensor]:
    """What the next step needs of this one: h, c and, with gate recurrence, the learned gates.

    Zoneout (Krueger et al. 2016): while training, some units of h and c keep the value of the step before
    (`zoneout_masks`, True: keep); at inference every unit is the average that this amounts to.
    """
    states = []
    rates = (spec.zoneout_output, spec.zoneout_cell)
    for rate, mask, before, after in zip(rates, zoneout_masks, old, (step.h, step.c), strict=False):
        if mask is not None:
            after = ops.where(mask, before, after)
        elif rate and not training:
            after = rate * before + (1.0 - rate) * after
        states.append(after)
    if spec.gate_recurrence:
        states.append(ops.concatenate([getattr(step, gate) for gate in spec.learned_gates], axis=-1))
    return states


def clip(value: Tensor, bound: float | None) -> Tensor:
    """`value` within [-bound, bound]; None is no bound."""
    return value if bound is None else ops.clip(value, -bound, bound)


def normalise(value: Tensor) -> Tensor:
    """Zero mean and unit variance over the last axis."""
    # float16 has no number as small as epsilon, and a variance of a small value underflows in it too.
    wide = ops.cast(value, "float32") if value.dtype in ("float16", "bfloat16") else value
    centred = wide - ops.mean(wide, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    return ops.cast(centred * ops.rsqrt(variance + LAYER_NORM_EPSILON), value.dtype)
