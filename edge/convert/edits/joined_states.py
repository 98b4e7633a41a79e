"""States that the model itself gives or uses: joined to the tensors that they start from and show up in."""

from __future__ import annotations

from edge.convert.edits.fusion import state_tensors
from edge.convert.edits.state_copies import copied, copied_through_real_numbers, read_after, tensor_like
from edge.convert.graph import operators
from edge.convert.tracing.draft import Draft


def join_states(draft: Draft) -> None:
    """In real numbers: plain copies."""
    model = draft.model
    for layer in draft.fused:
        states = state_tensors(model, layer.operator)
        for source, state in zip(layer.given, states, strict=False):
            operators.insert_before(model, layer.operator, copied(model, source, state))
        read_after(model, layer.operator, list(zip(states, layer.shown, strict=False)))


def join_quantized_states(draft: Draft) -> None:
    """In integers, through real numbers: both sides have scales of their own."""
    model = draft.model
    for layer in draft.fused:
        states = state_tensors(model, layer.operator)
        for source, state in zip(layer.given, states, strict=False):
            for new in copied_through_real_numbers(model, source, state):
                operators.insert_before(model, layer.operator, new)
        copies = [tensor_like(model, state, "copy") for state, _ in zip(states, layer.shown, strict=False)]
        for copy, target in zip(copies, layer.shown, strict=False):
            for new in reversed(copied_through_real_numbers(model, copy, target)):
                operators.insert_after(model, layer.operator, new)
        read_after(model, layer.operator, list(zip(states, copies, strict=False)))
