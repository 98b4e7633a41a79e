"""A comparison with a constant, as `Masking` makes it, in integers.

The quantizer puts real numbers back before it, and those need not be exact: tflite-runtime on Arm makes
3.7e-9 of the zero point, which is then not equal to 0, and padding counts as data.
"""

from __future__ import annotations

import numpy as np

from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft


def compare_integers(draft: Draft) -> None:
    """Let (NOT_)EQUAL read the integers themselves where the constant is one of them."""
    model, main = draft.model, flatbuffer.graph(draft.model)
    sources = {
        op.outputs[0]: op.inputs[0]
        for op in main.operators
        if operators.name_of(model, op) == "DEQUANTIZE" and not flatbuffer.is_constant(model, op.inputs[0])
    }
    for name in ("NOT_EQUAL", "EQUAL"):
        for operator in operators.named(model, name):
            inputs = list(operator.inputs)
            for slot in (0, 1):
                source, constant = sources.get(inputs[slot]), inputs[1 - slot]
                if source is None or not flatbuffer.is_constant(model, constant):
                    continue
                integers = _as_integers(model, constant, like=source)
                if integers is not None:
                    inputs[slot], inputs[1 - slot] = source, integers
                    operator.inputs = inputs
                    operators.require_version(model, operator, 2)
                    break
    read = {index for op in main.operators for index in op.inputs} | set(main.outputs)
    main.operators = [op for op in main.operators if op.outputs[0] in read or op.outputs[0] not in sources]


def _as_integers(model: flatbuffer.Model, constant: int, like: int) -> int | None:
    """The constant in the numbers of `like`; None if it is none of them."""
    quantization, dtype = flatbuffer.scale_and_zero_point(model, like), flatbuffer.tensor_dtype(model, like)
    if quantization is None or dtype != np.int8:
        return None
    scale, zero_point = quantization
    value = flatbuffer.constant(model, constant)
    steps = np.rint(value / scale) + zero_point
    if steps.min() < -128 or steps.max() > 127 or np.abs((steps - zero_point) * scale - value).max() > 1e-6:
        return None
    index = flatbuffer.add_constant(model, "compared_with", steps.astype(np.int8))
    flatbuffer.copy_type(model, like, index)
    return index
