"""The numbers that go in and come out of a file in integers: integers, or real numbers converted inside."""

from __future__ import annotations

import numpy as np

from edge.convert.graph import flatbuffer, operators


def real_inputs(model: flatbuffer.Model, positions: range) -> None:
    """Let these inputs take real numbers: an operator at the head makes integers of them. Edits `model`."""
    main = flatbuffer.graph(model)
    for position in positions:
        integers = main.inputs[position]
        if flatbuffer.scale_and_zero_point(model, integers) is None:
            continue  # tokens
        real = _real(model, integers)
        main.inputs[position] = real
        main.operators.insert(0, operators.converted(model, "QUANTIZE", real, integers))


def real_outputs(model: flatbuffer.Model, positions: range) -> None:
    """Let these outputs give real numbers: an operator at the end makes them of integers. Edits `model`."""
    main = flatbuffer.graph(model)
    for position in positions:
        integers = main.outputs[position]
        if flatbuffer.scale_and_zero_point(model, integers) is None:
            continue
        real = _real(model, integers)
        main.outputs[position] = real
        main.operators.append(operators.converted(model, "DEQUANTIZE", integers, real))


def separate(model: flatbuffer.Model) -> None:
    """Give every output a tensor of its own, so that it can have a name of its own. Edits `model`."""
    main = flatbuffer.graph(model)
    taken = set(main.inputs)
    outputs = []
    for index in main.outputs:
        if index in taken:
            shape = flatbuffer.tensor_shape(model, index)
            name = flatbuffer.tensor_name(model, index)
            own = flatbuffer.add_tensor(model, f"{name}/output", shape, np.float32)
            flatbuffer.copy_type(model, index, own)
            flatbuffer.tensor(model, own).shapeSignature = flatbuffer.tensor(model, index).shapeSignature
            main.operators.append(operators.plain(model, "PAD", [index, _no_pads(model, len(shape))], own))
            index = own
        taken.add(index)
        outputs.append(index)
    main.outputs = outputs


def _no_pads(model: flatbuffer.Model, axes: int) -> int:
    return flatbuffer.add_constant(model, "no_pads", np.zeros((axes, 2), np.int32))


def _real(model: flatbuffer.Model, integers: int) -> int:
    shape = flatbuffer.tensor_shape(model, integers)
    name = flatbuffer.tensor_name(model, integers)
    real = flatbuffer.add_tensor(model, name, shape, np.float32)
    flatbuffer.tensor(model, integers).name = f"{name}/integers".encode()
    flatbuffer.tensor(model, real).shapeSignature = flatbuffer.tensor(model, integers).shapeSignature
    return real
