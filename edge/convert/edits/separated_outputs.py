"""An output that is an input too, or given twice, has a tensor of its own."""

from __future__ import annotations

import numpy as np

from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft


def separate_outputs(draft: Draft) -> None:
    """Give every output a tensor of its own, so that it can have a name of its own."""
    model, main = draft.model, flatbuffer.graph(draft.model)
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
