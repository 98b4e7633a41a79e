"""A model on its way to a file: the one value that every pass of the pipeline edits."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import NamedTuple

from edge.aliases import Array
from edge.convert.graph import flatbuffer
from edge.convert.graph.flatbuffer import Model
from edge.convert.graph.operators import Operator
from edge.convert.keras_model.call_sites import Site

Calls = list[list[Array]]  # inputs of one call after another, in the order of the graph


class PlainState(NamedTuple):
    """One state that a plain lowering shows: its name, its width, and the site it belongs to."""

    name: str
    size: int
    site: int


@dataclass
class Fused:
    """A layer that became an operator, and what the model joins to its states, h first.

    Attributes:
        site: of the layer.
        operator: in the graph.
        given: the tensors to start from; shown: those that show the states after the last step. Both are
            empty where the model has none. `joined_states` makes the connection.
    """

    site: Site
    operator: Operator
    given: tuple[int, ...]
    shown: tuple[int, ...]


@dataclass
class Draft:
    """A model on its way to a file; `export` fills it.

    Attributes:
        model: as a flatbuffer. Its inputs are those of the signature, then one a state; its outputs those of
            the model, then one a state.
        sites: the uses of recurrent layers in it, in the order in which the model calls them.
        outputs: names of the outputs of the model.
        plain_states: states of plain lowerings, in the order of the ends.
        fused: what became an operator, in the order in which the operators run.
        state_names: of the states that the finished file takes, in order; `shown_states` makes them.
        calls: what integers are calibrated on; none where there are none.
        anew: sites of layers that start from zeros at every call all the same.
        softened: whether scores of padding were made moderate, which moves outputs in the third digit.
        starts: of each call, whether the states start from zeros; else they go on from the call before.
        real: operators that stay in real numbers while all others become integers.
        real_ends: whether that makes the inputs of the file real numbers, too; notes: says why.
    """

    model: Model = None
    sites: list[Site] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    plain_states: list[PlainState] = field(default_factory=list)
    fused: list[Fused] = field(default_factory=list)
    state_names: list[str] = field(default_factory=list)
    calls: Calls = field(default_factory=list)
    starts: list[bool] = field(default_factory=list)
    anew: set[int] = field(default_factory=set)
    softened: bool = False
    real: list[Operator] = field(default_factory=list)
    real_ends: bool = False
    notes: list[str] = field(default_factory=list)

    def copied(self) -> Draft:
        """Another one to edit, with a structure of its own; the arrays, never edited in place, are shared."""
        shared = (*self.sites, *self.calls, *flatbuffer.arrays(self.model))
        return copy.deepcopy(self, {id(value): value for value in shared})
