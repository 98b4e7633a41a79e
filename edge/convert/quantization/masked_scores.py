"""Attention under a mask, before its numbers become integers.

Where a step does not count, Keras puts -1e9 into the place of its score, or adds that to it, so that a
softmax gives it nothing. In 8 bits the steps between neighbouring values are then four million wide, and all
other scores become one and the same. A number just below them does as well: at 8 less than the least, a
weight of 0.0003.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge.convert.edits.joined_states import join_states
from edge.convert.graph import flatbuffer, operators
from edge.convert.quantization.cell_ranges import recorded
from edge.convert.tracing.draft import Draft

HUGE = -1e4
MARGIN = 8.0
_ON_THE_WAY = ("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "ADD", "MUL", "SELECT", "SELECT_V2")


def soften_masked_scores(draft: Draft) -> None:
    """Let every huge negative constant on the way to a softmax be moderate."""
    model = draft.model
    found = [place for place in _places(model) if _reaches_softmax(model, place[0].outputs[0])]
    if not found:
        return
    draft.softened = True
    whole = draft.copied()
    join_states(whole)
    seen = recorded(whole.model, sorted({scores for _, _, scores, _ in found}), draft.calls)
    for operator, slot, scores, is_added in found:
        low, high = float(seen[scores].min()), float(seen[scores].max())
        value = low - high - MARGIN if is_added else low - MARGIN
        old = flatbuffer.constant(model, operator.inputs[slot])
        new = flatbuffer.add_constant(model, "masked_score", np.full(old.shape, value, np.float32))
        operator.inputs = [new if n == slot else index for n, index in enumerate(operator.inputs)]


def _places(model: flatbuffer.Model) -> Iterator[tuple[operators.Operator, int, int, bool]]:
    """Operator, slot of the constant, tensor of the scores, and whether the constant is added to them."""
    for operator in flatbuffer.graph(model).operators:
        name = operators.name_of(model, operator)
        for slot, index in enumerate(operator.inputs):
            if not _is_huge(model, index):
                continue
            if name in ("SELECT", "SELECT_V2"):
                yield operator, slot, operator.inputs[3 - slot], False
            elif name == "MUL":  # by 1 where a step does not count; then added
                for reader in _readers(model, operator.outputs[0]):
                    if operators.name_of(model, reader) == "ADD":
                        others = [i for i in reader.inputs if i != operator.outputs[0]]
                        yield operator, slot, others[0], True


def _is_huge(model: flatbuffer.Model, index: int) -> bool:
    if index == operators.ABSENT or not flatbuffer.is_constant(model, index):
        return False
    if flatbuffer.tensor_dtype(model, index) != np.float32:
        return False
    value = flatbuffer.constant(model, index)
    return bool(value.size) and float(value.max()) <= HUGE


def _readers(model: flatbuffer.Model, index: int) -> list[operators.Operator]:
    return [op for op in flatbuffer.graph(model).operators if index in list(op.inputs)]


def _reaches_softmax(model: flatbuffer.Model, index: int) -> bool:
    for reader in _readers(model, index):
        name = operators.name_of(model, reader)
        if name == "SOFTMAX" or (name in _ON_THE_WAY and _reaches_softmax(model, reader.outputs[0])):
            return True
    return False
