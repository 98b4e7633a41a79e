"""Smaller numbers: 16-bit or 8-bit weights, or integers throughout."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from edge.convert import tf_private
from edge.convert.edits.fusion import (
    CELL_STATE,
    INPUT,
    OUTPUT_STATE,
    PROJECTION,
    SLOTS,
    Fused,
    fused_operators,
    state_tensors,
)
from edge.convert.edits.states import join, join_quantized
from edge.convert.graph import flatbuffer, operators
from edge.convert.quantization.cell_ranges import Batches, largest_cells
from edge.convert.quantization.comparisons import compare_integers
from edge.convert.quantization.masked_scores import soften


def _slots(kind: str) -> range:
    first, gates = SLOTS[kind]
    return range(first, first + len(gates))


# The slots of what becomes 8-bit integers; biases and layer norms stay as they are.
_LSTM_WEIGHTS = [*_slots("kernel"), *_slots("recurrent_kernel"), *_slots("peephole_kernel"), PROJECTION]
_RNN_WEIGHTS = [1, 2]

# An 8-bit softmax has a fixed step of 1/256: with so many classes little but zeros is left.
MANY_CLASSES = 50


def _weights(model: flatbuffer.Model, operator: operators.Operator) -> list[int]:
    slots = _LSTM_WEIGHTS if operators.name_of(model, operator) == operators.LSTM else _RNN_WEIGHTS
    return [operator.inputs[slot] for slot in slots if operator.inputs[slot] != operators.ABSENT]


def weights_to_int8(model: flatbuffer.Model) -> None:
    """Put the weights of each fused layer into 8-bit integers, one scale a tensor, zero point 0. Edits it.

    The kernel takes no other form: it reads no scale a row, and peepholes must be integers too.
    """
    for operator in fused_operators(model):
        for index in _weights(model, operator):
            value = flatbuffer.constant(model, index)
            scale = float(np.abs(value).max()) / 127 or 1.0
            flatbuffer.set_constant(model, index, np.round(value / scale).astype(np.int8), scale)
        operators.require_version(model, operator, 2)


def weights_to_float16(model: flatbuffer.Model) -> None:
    """Store the weights of each fused layer in 16 bits; an operator before it widens them. Edits it."""
    for operator in fused_operators(model):
        weights = _weights(model, operator)
        for slot, index in enumerate(list(operator.inputs)):
            if index not in weights:
                continue
            value = flatbuffer.constant(model, index)
            flatbuffer.set_constant(model, index, value.astype(np.float16))
            name = f"{flatbuffer.tensor_name(model, index)}/wide"
            operator.inputs[slot] = wide = flatbuffer.add_tensor(model, name, value.shape, np.float32)
            operators.insert_before(model, operator, operators.converted(model, "DEQUANTIZE", index, wide))


def quantize_all(
    model: flatbuffer.Model,
    fused: Sequence[Fused],
    batches: Batches,
    states: Sequence[tuple[int, int]] = (),
    bits: int = 8,
) -> flatbuffer.Model:
    """The model in integers: 8-bit weights, activations of 8 or 16 bits, 16-bit cells.

    Args:
        model: in float32, its states not joined.
        fused: what `fuse` gave.
        batches: inputs to take all ranges from, in the order of the graph.
        states: positions among its inputs and outputs of states that a caller feeds back.
        bits: of the activations.
    """
    for operator in operators.named(model, operators.LSTM):
        operators.add_intermediates(model, operator)
    joined = copy.deepcopy(model)
    bridges = join(joined, fused)
    soften(joined, batches)
    cells = largest_cells(joined, fused, batches)
    calibrated = flatbuffer.load(tf_private.calibrate(flatbuffer.pack(joined), batches))
    names = {id(op): position for position, op in enumerate(flatbuffer.graph(joined).operators)}
    for position in sorted((names[id(bridge)] for bridge in bridges), reverse=True):
        del flatbuffer.graph(calibrated).operators[position]
    for operator, cell in zip(operators.named(calibrated, operators.LSTM), cells, strict=True):
        _settle_ranges(calibrated, operator, cell)
        _give_scales(calibrated, operator)
    for operator, link in zip(fused_operators(calibrated), fused, strict=True):
        # Calibration saw the states after the last step of a sample; a shorter sequence ends with others.
        for state, shown in zip(state_tensors(calibrated, operator), link.shown, strict=False):
            flatbuffer.set_range(calibrated, shown, *(flatbuffer.get_range(calibrated, state) or (-1.0, 1.0)))
    _tie(calibrated, states)
    if bits == 16:
        _give_headroom(calibrated)
    _cut(calibrated, fused)
    quantized = flatbuffer.load(tf_private.quantize_calibrated(flatbuffer.pack(calibrated), bits))
    if bits == 16:
        _widen_constants(quantized)
    for operator in operators.named(quantized, operators.LSTM):
        _complete_intermediates(quantized, operator)
        # A concatenation imposes its scale on the output, and the hidden state keeps its own: one and the
        # same number for the kernel.
        operators.settle_output_scale(quantized, operator, like=operator.inputs[OUTPUT_STATE])
    for operator in operators.named(quantized, "REVERSE_V2"):
        operators.settle_output_scale(quantized, operator, like=operator.inputs[0])
    join_quantized(quantized, _reconnect(quantized, fused))
    compare_integers(quantized)
    return quantized


def _give_headroom(model: flatbuffer.Model) -> None:
    """Twice the ranges that calibration saw: 16 bits are plenty, and a stream meets more than the samples."""
    for index in range(len(flatbuffer.graph(model).tensors)):
        ends = flatbuffer.get_range(model, index)
        if ends is not None and not flatbuffer.is_constant(model, index):
            flatbuffer.set_range(model, index, 2 * ends[0], 2 * ends[1])


def _widen_constants(model: flatbuffer.Model) -> None:
    """Give arithmetic two operands of 16 bits; the quantizer leaves constants with 8, and kernels abort."""
    for name in ("MUL", "ADD", "SUB", "MAXIMUM", "MINIMUM"):
        for operator in operators.named(model, name):
            for index in operator.inputs:
                quantization = flatbuffer.scale_and_zero_point(model, index)
                if quantization is None or not flatbuffer.is_constant(model, index):
                    continue
                value, scale = flatbuffer.constant(model, index).astype(np.int16), quantization[0]
                if flatbuffer.tensor_dtype(model, index) == np.int8:
                    value, scale = value * 256, scale / 256
                # Zeros get a scale of 0, at which kernels abort too.
                flatbuffer.set_constant(model, index, value, scale or 2.0**-15)


def _cut(model: flatbuffer.Model, fused: Sequence[Fused]) -> None:
    """Let the tensors between states and model be outputs and inputs: the quantizer knows no such bridge."""
    main = flatbuffer.graph(model)
    main.outputs = [*main.outputs, *(index for link in fused for index in link.given)]
    # The quantizer would drop an operator of which the model uses the state alone.
    main.outputs = [*main.outputs, *(operator.outputs[0] for operator in fused_operators(model))]
    main.inputs = [*main.inputs, *(index for link in fused for index in link.shown)]
    model.signatureDefs = []


def _reconnect(model: flatbuffer.Model, fused: Sequence[Fused]) -> list[Fused]:
    """The same links in the quantized model, whose tensors have other numbers; they are ends no more."""
    main = flatbuffer.graph(model)
    given, shown = sum(len(link.given) for link in fused), sum(len(link.shown) for link in fused)
    outputs, inputs = list(main.outputs)[: len(main.outputs) - len(fused)], list(main.inputs)
    main.outputs, sources = outputs[: len(outputs) - given], iter(outputs[len(outputs) - given :])
    main.inputs, targets = inputs[: len(inputs) - shown], iter(inputs[len(inputs) - shown :])
    return [
        Fused(link.site, tuple(next(sources) for _ in link.given), tuple(next(targets) for _ in link.shown))
        for link in fused
    ]


def _tie(model: flatbuffer.Model, states: Sequence[tuple[int, int]]) -> None:
    """Give a state the same scale where it comes in and where it goes out: a caller then copies the bytes."""
    main = flatbuffer.graph(model)
    for before, after in states:
        pair = main.inputs[before], main.outputs[after]
        bound = max(_bound(model, index) for index in pair)
        for index in pair:
            _set_symmetric(model, index, bound)


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
