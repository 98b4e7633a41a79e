"""What goes into the loops over a sequence, and what comes out of them; every tensor is time-major."""

from __future__ import annotations

from typing import NamedTuple

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.spec import LSTMSpec


class Plan(NamedTuple):
    """What a trace of the loop depends on."""

    spec: LSTMSpec
    units: int
    every_step: bool  # h of all steps, or of the last alone
    compiled: bool  # by XLA


class Inputs(NamedTuple):
    """What the loop needs beside the weights; also the gradient of each."""

    product: Tensor  # [time, batch, gates * units]: W x, with the bias in it unless there is a layer norm
    h0: Tensor
    c0: Tensor
    hold_h: Tensor = None  # [time, batch, 1 or size], True: the step before stays; None: nowhere
    hold_c: Tensor = None
    recurrent_masks: Tensor = None  # [gates, batch, output], dropout of h'


class Stash(NamedTuple):
    """What the loop keeps of a step `[batch, ...]`, or of all `[time, batch, ...]`; None where not needed."""

    h: Tensor
    c: Tensor  # the new cell
    y: Tensor  # phi(c)
    state: Tensor = None  # the cell that went on, where some were held
    i: Tensor = None
    f: Tensor = None
    g: Tensor = None
    o: Tensor = None
    total: Tensor = None  # what a layer norm normalised


class Moment(NamedTuple):
    """What one step of the way back sees: what the loop kept of the step, and more; None where not needed."""

    stash: Stash
    previous_c: Tensor
    hold_h: Tensor
    hold_c: Tensor
    d_out: Tensor  # gradient of the h that it showed


class Bars(NamedTuple):
    """What the way back finds at a step, `[batch, ...]`, or at all, `[time, batch, ...]`."""

    bars: Tensor  # [..., gates * units]
    slopes: Tensor  # the same before a layer norm; None without
    d_projected: Tensor  # dh past the clip; None without a projection
    dh: Tensor  # of the state before that step, or before all, [batch, ...]
    dc: Tensor
