"""8-bit weights (`dynamic`) and 8-bit everything (`int8`)."""

from __future__ import annotations

import numpy as np

from edge.convert import flatbuffer, operators, private
from edge.convert.cells import largest_cells
from edge.convert.fuse import CELL_STATE, INPUT, OUTPUT_STATE, PROJECTION, SLOTS
from edge.convert.samples import Samples, one_by_one
from keras_lstm_plus.spec import LSTMSpec


def _slots(kind: str) -> range:
    first, gates = SLOTS[kind]
    return range(first, first + len(gates))


# The slots of what becomes 8-bit integers; biases and layer norms stay as they are.
_WEIGHTS = [*_slots("kernel"), *_slots("recurrent_kernel"), *_slots("peephole_kernel"), PROJECTION]

# An 8-bit softmax has a fixed step of 1/256: with so many classes little but zeros is left.
MANY_CLASSES = 50


def quantize_weights(model: flatbuffer.Model) -> flatbuffer.Model:
    """The model with the weights of each LSTM in 8-bit integers, one scale a tensor, zero point 0. Edits it.

    The kernel takes no other form: it reads no scale a row, and peepholes must be integers too.
    """
    for operator in operators.named(model, operators.LSTM):
        for slot in _WEIGHTS:
            index = operator.inputs[slot]
            if index != operators.ABSENT:
                value = flatbuffer.constant(model, index)
                scale = float(np.abs(value).max()) / 127 or 1.0
                flatbuffer.set_constant(model, index, np.round(value / scale).astype(np.int8), scale)
        operators.require_version(model, operator, 2)
    return model


def refusal(spec: LSTMSpec, quantize: str | None) -> str | None:
    """Why the integer kernels do not compute this variant; None if they do."""
    if quantize and spec.recurrence == "diagonal":
        return "TensorFlow Lite's kernels take a diagonal recurrence in float32 alone"
    if quantize != "int8":
        return None
    if spec.peephole and spec.projection_units is not None:
        return (
            "TensorFlow Lite's integer kernel is wrong for peepholes together with a projection "
            "(it takes the size of one for the other)"
        )
    if spec.candidate_activation != "tanh":
        return f"TensorFlow Lite's integer kernel has tanh alone, not {spec.candidate_activation}"
    if spec.layer_norm and "open" in (spec.input_gate, spec.forget_gate, spec.output_gate):
        return "an open gate has a layer norm of zeros there, to which no integer scale fits"
    return None


def quantize_all(model: flatbuffer.Model, samples: Samples) -> flatbuffer.Model:
    """The model in 8-bit integers, its cells in 16-bit ones, with ranges taken from `samples`."""
    cells = largest_cells(model, samples)
    for operator in operators.named(model, operators.LSTM):
        operators.add_intermediates(model, operator)
    calibrated = flatbuffer.load(private.calibrate(flatbuffer.pack(model), one_by_one(samples)))
    for operator, cell in zip(operators.named(calibrated, operators.LSTM), cells, strict=True):
        _settle_ranges(calibrated, operator, cell)
        _give_scales(calibrated, operator)
    quantized = flatbuffer.load(private.quantize_calibrated(flatbuffer.pack(calibrated)))
    for operator in operators.named(quantized, operators.LSTM):
        _complete_intermediates(quantized, operator)
        # A concatenation imposes its scale on the output, and the hidden state keeps its own: one and the
        # same number for the kernel.
        operators.settle_output_scale(quantized, operator, like=operator.inputs[OUTPUT_STATE])
    for operator in operators.named(quantized, "REVERSE_V2"):
        operators.settle_output_scale(quantized, operator, like=operator.inputs[0])
    return quantized


def _settle_ranges(model: flatbuffer.Model, operator: operators.Operator, cell: float) -> None:
    """Correct the ranges with which the integer kernel would go wrong."""
    # A cell of 16 bits has a power of two as its step, and the kernel's tanh knows steps from 2^-15 to 2^-9
    # alone: for any other it computes nothing. A larger cell is held at 64, where tanh has long been 1.
    cell = min(max(cell, 1.0), 64.0)
    flatbuffer.set_range(model, operator.inputs[CELL_STATE], -cell, cell)
    output = _bound(model, operator.outputs[0])
    for index in (operator.outputs[0], operator.inputs[OUTPUT_STATE]):
        _set_symmetric(model, index, output)
    *gates, hidden = operator.intermediates
    _set_symmetric(model, hidden, _bound(model, hidden))
    for index in gates:  # seen with a layer norm only
        if flatbuffer.get_range(model, index):
            # The kernel for Arm adds before it halves: without a bit of headroom the sum overflows.
            _set_symmetric(model, index, 2 * _bound(model, index))


def _give_scales(model: flatbuffer.Model, operator: operators.Operator) -> None:
    # The bias is counted in steps of input times kernel, and a kernel of zeros (that of an open gate) has so
    # small a step that the bias overflows. One entry gives it another; it adds a thousandth of the bias.
    for kernel, bias in zip(_slots("kernel"), _slots("bias"), strict=True):
        index = operator.inputs[kernel]
        if index == operators.ABSENT or flatbuffer.constant(model, index).any():
            continue
        value = np.zeros(flatbuffer.tensor_shape(model, index), np.float32)
        largest = np.abs(flatbuffer.constant(model, operator.inputs[bias])).max()
        value[0, 0] = 1e-3 * largest / max(_bound(model, operator.inputs[INPUT]), 1e-6)
        flatbuffer.set_constant(model, index, value)


def _complete_intermediates(model: flatbuffer.Model, operator: operators.Operator) -> None:
    # A coupled input gate leaves its intermediate unused and without a scale. With a layer norm the kernel
    # then counts wrongly and takes for each gate the scale of its neighbour: 100 % error.
    if operator.inputs[SLOTS["kernel"][0]] == operators.ABSENT:
        unused, forget, *_ = operator.intermediates
        flatbuffer.copy_type(model, forget, unused)


def _set_symmetric(model: flatbuffer.Model, index: int, bound: float) -> None:
    # 8-bit integers reach from -128 to 127: with these ends the zero point is 0, which some kernels assume.
    flatbuffer.set_range(model, index, -bound * 128 / 127, bound)


def _bound(model: flatbuffer.Model, index: int) -> float:
    ends = flatbuffer.get_range(model, index)
    assert ends is not None, f"tensor {flatbuffer.tensor_name(model, index)} was not calibrated"
    return max(abs(ends[0]), abs(ends[1]))


def notes(model: flatbuffer.Model) -> list[str]:
    """What the user of a quantized file should know about it."""
    found = []
    for operator in operators.named(model, "SOFTMAX"):
        index = operator.outputs[0]
        classes = flatbuffer.tensor_shape(model, index)[-1]
        if flatbuffer.scale_and_zero_point(model, index) and classes > MANY_CLASSES:
            found.append(
                f"the softmax over {classes} classes is rounded to steps of 1/256, so most probabilities are "
                "0; end the model before the softmax and apply it to the outputs of the file"
            )
    return found
