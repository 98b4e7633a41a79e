"""A file that takes and gives its states: each that the model does not give is an input and an output."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from edge.convert.edits.fusion import state_tensors
from edge.convert.edits.state_copies import copied, copied_and_filled, read_after, tensor_like
from edge.convert.graph import flatbuffer, operators
from edge.convert.tracing.draft import Draft, Fused


class _Shown(NamedTuple):
    """A state of the file: the layer it belongs to, its name, and the tensors that are its two ends."""

    site: int
    name: str
    before: int
    after: int


def show_states(draft: Draft, anew: Collection[int] = ()) -> None:
    """Put the states behind the data at both ends, in the order of the layers, and name them.

    Those of the sites `anew` are no states of the file: they start from zeros at every call.
    """
    main = flatbuffer.graph(draft.model)
    found: list[_Shown] = []
    data, results = (len(ends) - len(draft.plain_states) for ends in (main.inputs, main.outputs))
    for state, before, after in zip(
        draft.plain_states, main.inputs[data:], main.outputs[results:], strict=True
    ):
        found.append(_Shown(state.site, state.name, before, after))
    for layer in draft.fused:
        if not layer.given and layer.site.index not in anew:
            found += _shown_of(draft.model, layer)
    found.sort(key=lambda each: each.site)
    main.inputs = [*main.inputs[:data], *(each.before for each in found)]
    main.outputs = [*main.outputs[:results], *(each.after for each in found)]
    draft.state_names = _unique([each.name for each in found])


def _shown_of(model: flatbuffer.Model, layer: Fused) -> list[_Shown]:
    site, operator = layer.site, layer.operator
    states = state_tensors(model, operator)
    shown = [tensor_like(model, state, "shown") for state in states]
    given, after = list(shown), list(shown)
    for n, (state, size) in enumerate(zip(states, site.own_sizes, strict=True)):
        given[n] = tensor_like(model, state, "given", size)
        operators.insert_before(model, operator, copied_and_filled(model, given[n], state))
        if size < flatbuffer.tensor_shape(model, state)[1]:  # filled up with zeros for the kernel
            after[n] = tensor_like(model, state, "own", size)
            operators.insert_after(model, operator, copied(model, shown[n], after[n]))
    read_after(model, operator, list(zip(states, shown, strict=True)))
    ends = zip(site.state_names(), given, after, strict=True)
    return [_Shown(site.index, *each) for each in ends]


def _unique(names: list[str]) -> list[str]:
    """A layer that is called twice has its states twice."""
    earlier = [names[:position].count(name) for position, name in enumerate(names)]
    return [f"{name}_{count}" if count else name for name, count in zip(names, earlier, strict=True)]
