"""Operators that share their weights: one layer at one time step after another, written out."""

from __future__ import annotations

from collections import defaultdict

from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft

_WITH_WEIGHTS = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")


def tie_shared_weights(draft: Draft) -> None:
    """One range for all that is multiplied by the same weights, and one for all products.

    A step that was padding in every sample, or follows a state of zeros, has products that are all zero: no
    scale fits them, and other data would have others. And the 16-bit quantizer counts a bias in steps of the
    input, once for all that share it: at another step of the input another bias is added, or refused.
    """
    model = draft.model
    places: dict[tuple[int, str], set[int]] = defaultdict(set)
    for operator in flatbuffer.graph(model).operators:
        if operators.name_of(model, operator) in _WITH_WEIGHTS:
            for shared in map(int, operator.inputs[1:]):
                if shared != operators.ABSENT and flatbuffer.is_constant(model, shared):
                    places[shared, "in"].add(int(operator.inputs[0]))
            places[int(operator.inputs[1]), "out"].add(int(operator.outputs[0]))
    for tensors in places.values():
        ends = [each for each in (flatbuffer.get_range(model, index) for index in tensors) if each is not None]
        for index in tensors if ends else ():
            flatbuffer.set_range(model, index, min(low for low, _ in ends), max(high for _, high in ends))


def widen_empty_ranges(draft: Draft) -> None:
    """Give what was zero in every sample the range that most numbers have: there is no scale for none."""
    for index in range(len(flatbuffer.graph(draft.model).tensors)):
        if flatbuffer.get_range(draft.model, index) == (0.0, 0.0):
            flatbuffer.set_range(draft.model, index, -1.0, 1.0)
