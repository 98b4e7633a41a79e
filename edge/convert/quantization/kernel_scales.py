"""Scales that the integer LSTM kernel takes for granted, and the quantizer does not give."""

from __future__ import annotations

import numpy as np

from edge.convert.edits.fusion import BIASES, INPUT, KERNELS, OUTPUT_STATE
from edge.convert.graph import flatbuffer, operators
from edge.convert.quantization.ranges import bound
from edge.convert.tracing.draft import Draft


def fill_kernels_of_zeros(draft: Draft) -> None:
    """Give the kernel of an open gate a scale, before the quantizer looks for one.

    The bias is counted in steps of input times kernel, and a kernel of zeros has so small a step that the
    bias overflows. One entry gives it another; it adds a thousandth of the bias.
    """
    model = draft.model
    for operator in operators.named(model, operators.LSTM):
        for kernel, bias in zip(KERNELS, BIASES, strict=True):
            index = operator.inputs[kernel]
            if index == operators.ABSENT or flatbuffer.constant(model, index).any():
                continue
            value = np.zeros(flatbuffer.tensor_shape(model, index), np.float32)
            largest = np.abs(flatbuffer.constant(model, operator.inputs[bias])).max()
            value[0, 0] = 1e-3 * largest / max(bound(model, operator.inputs[INPUT]), 1e-6)
            flatbuffer.set_constant(model, index, value)


def settle_scales(draft: Draft) -> None:
    """In integers: intermediates and outputs with the scales that the kernels compute with."""
    model = draft.model
    for operator in operators.named(model, operators.LSTM):
        _complete_intermediates(model, operator)
        # A concatenation imposes its scale on the output, and the hidden state keeps its own: one and the
        # same number for the kernel.
        operators.settle_output_scale(model, operator, like=operator.inputs[OUTPUT_STATE])
    for operator in operators.named(model, "REVERSE_V2"):
        operators.settle_output_scale(model, operator, like=operator.inputs[0])


def _complete_intermediates(model: flatbuffer.Model, operator: operators.Operator) -> None:
    # A coupled input gate leaves its intermediate unused and without a scale. With a layer norm the kernel
    # then counts wrongly and takes for each gate the scale of its neighbour: 100 % error.
    if operator.inputs[KERNELS[0]] == operators.ABSENT:
        unused, forget, *_ = operator.intermediates
        flatbuffer.copy_type(model, forget, unused)
