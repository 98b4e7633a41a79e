"""The numbers that go in and come out of a file in integers: integers, or real numbers converted inside."""

from __future__ import annotations

import numpy as np

from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft


def make_ends_real(draft: Draft, inputs: bool, outputs: bool) -> None:
    """Let the inputs, or the outputs, be real numbers. States are as what goes in: they are fed back."""
    main, results = flatbuffer.graph(draft.model), len(draft.outputs)
    if inputs:
        _real_inputs(draft.model, range(len(main.inputs)))
        _real_outputs(draft.model, range(results, len(main.outputs)))
    if outputs:
        _real_outputs(draft.model, range(results))


def _real_inputs(model: flatbuffer.Model, positions: range) -> None:
    """An operator at the head makes integers of them."""
    main = flatbuffer.graph(model)
    for position in positions:
        integers = main.inputs[position]
        if flatbuffer.scale_and_zero_point(model, integers) is None:
            continue  # tokens
        real = _real(model, integers)
        main.inputs[position] = real
        main.operators.insert(0, operators.converted(model, "QUANTIZE", real, integers))


def _real_outputs(model: flatbuffer.Model, positions: range) -> None:
    """An operator at the end makes them of integers."""
    main = flatbuffer.graph(model)
    for position in positions:
        integers = main.outputs[position]
        if flatbuffer.scale_and_zero_point(model, integers) is None:
            continue
        real = _real(model, integers)
        main.outputs[position] = real
        main.operators.append(operators.converted(model, "DEQUANTIZE", integers, real))


def _real(model: flatbuffer.Model, integers: int) -> int:
    shape = flatbuffer.tensor_shape(model, integers)
    name = flatbuffer.tensor_name(model, integers)
    real = flatbuffer.add_tensor(model, name, shape, np.float32)
    flatbuffer.tensor(model, integers).name = f"{name}/integers".encode()
    flatbuffer.tensor(model, real).shapeSignature = flatbuffer.tensor(model, integers).shapeSignature
    return real
