"""A file that starts anew at each call: its own graph writes zeros into the states."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from edge.convert.edits.fusion import state_tensors
from edge.convert.edits.state_copies import copied
from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft


def reset_states(draft: Draft, anew: Collection[int] | None = None) -> None:
    """Let the layers at the sites `anew` (None: all) start from zeros at every call, where the model gives
    no state."""
    model = draft.model
    for layer in draft.fused:
        if layer.given or (anew is not None and layer.site.index not in anew):
            continue
        for state in state_tensors(model, layer.operator):
            shape, dtype = flatbuffer.tensor_shape(model, state), flatbuffer.tensor_dtype(model, state)
            quantization = flatbuffer.scale_and_zero_point(model, state)
            zero = 0 if quantization is None else quantization[1]
            name = f"{flatbuffer.tensor_name(model, state)}/zeros"
            zeros = flatbuffer.add_constant(model, name, np.full(shape, zero, dtype))
            flatbuffer.copy_type(model, state, zeros)
            operators.insert_before(model, layer.operator, copied(model, zeros, state))
