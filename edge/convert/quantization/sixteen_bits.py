"""What activations of 16 bits need beside what those of 8 bits do."""

from __future__ import annotations

import numpy as np

from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft


def give_headroom(draft: Draft) -> None:
    """Twice the ranges that calibration saw: 16 bits are plenty, and a stream meets more than the samples."""
    model = draft.model
    for index in range(len(flatbuffer.graph(model).tensors)):
        ends = flatbuffer.get_range(model, index)
        if ends is not None and not flatbuffer.is_constant(model, index):
            flatbuffer.set_range(model, index, 2 * ends[0], 2 * ends[1])


def part_buffers(draft: Draft) -> None:
    """Give every constant bytes of its own.

    The 16-bit quantizer writes the integers over the real numbers. Of two constants that share their bytes,
    as a bias does that comes in two shapes, it takes the integers of the first for real numbers of the other.
    """
    model = draft.model
    taken: set[int] = set()
    for index, tensor in enumerate(flatbuffer.graph(model).tensors):
        if tensor.buffer in taken and flatbuffer.is_constant(model, index):
            flatbuffer.set_constant(model, index, flatbuffer.constant(model, index))
        taken.add(tensor.buffer)


def widen_constants(draft: Draft) -> None:
    """Give arithmetic two operands of 16 bits; the quantizer leaves constants with 8, and kernels abort."""
    model = draft.model
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
