"""The ranges that calibration saw, corrected where the integer kernels would go wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from edge.convert.edits.fusion import CELL_STATE, OUTPUT_STATE, state_tensors
from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft


def settle_ranges(draft: Draft, cells: Mapping[int, float]) -> None:
    """Of the LSTMs, and of the states that a caller carries from an output to an input.

    Args:
        draft: calibrated.
        cells: the largest |c| of each LSTM, by the index of its site.
    """
    model = draft.model
    for layer in draft.fused:
        if operators.name_of(model, layer.operator) == operators.LSTM:
            _settle(model, layer.operator, cells[layer.site.index])
        # Calibration saw the states after the last step of a sample; a shorter sequence ends with others.
        for state, shown in zip(state_tensors(model, layer.operator), layer.shown, strict=False):
            flatbuffer.set_range(model, shown, *(flatbuffer.get_range(model, state) or (-1.0, 1.0)))
    _tie_states(draft)


def _settle(model: flatbuffer.Model, operator: operators.Operator, cell: float) -> None:
    # A cell of 16 bits has a power of two as its step, and the kernel's tanh knows steps from 2^-15 to 2^-9
    # alone: for any other it computes nothing. A larger cell is held at 64, where tanh has long been 1.
    cell = min(max(cell, 1.0), 64.0)
    flatbuffer.set_range(model, operator.inputs[CELL_STATE], -cell, cell)
    output = bound(model, operator.outputs[0])
    for index in (operator.outputs[0], operator.inputs[OUTPUT_STATE]):
        set_symmetric(model, index, output)
    *gates, hidden = operator.intermediates
    set_symmetric(model, hidden, bound(model, hidden))
    for index in gates:  # seen with a layer norm only
        if flatbuffer.get_range(model, index):
            # The kernel for Arm adds before it halves: without a bit of headroom the sum overflows.
            set_symmetric(model, index, 2 * bound(model, index))


def _tie_states(draft: Draft) -> None:
    """Give a state the same scale where it comes in and where it goes out: a caller then copies the bytes."""
    model, main, count = draft.model, flatbuffer.graph(draft.model), len(draft.plain_states)
    for pair in zip(main.inputs[len(main.inputs) - count :], main.outputs[-count:], strict=False):
        widest = max(bound(model, index) for index in pair)
        for index in pair:
            set_symmetric(model, index, widest)


def set_symmetric(model: flatbuffer.Model, index: int, largest: float) -> None:
    """8-bit integers reach from -128 to 127: with these ends the zero point is 0, as some kernels assume."""
    flatbuffer.set_range(model, index, -largest * 128 / 127, largest)


def bound(model: flatbuffer.Model, index: int) -> float:
    """The largest absolute value that calibration saw in a tensor."""
    ends = flatbuffer.get_range(model, index)
    assert ends is not None, f"tensor {flatbuffer.tensor_name(model, index)} was not calibrated"
    return max(abs(ends[0]), abs(ends[1]))
