"""Cells that are stacked into one: as many layers, one after another.

`StackedRNNCells` runs all of its cells in each step. A cell looks at the steps of the cell below it and at
nothing else, so that all steps of one cell may run before those of the next: the same numbers, and each cell
takes the form that fits it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class StackedCell:
    """One cell of a stack, with what the converter asks of a layer.

    Attributes:
        layer: the layer that has the stack for its cell.
        cell: one of the stack.
        position: counted from below; is_last: whether nothing is above it.
    """

    layer: Any
    cell: Any
    position: int
    is_last: bool

    @property
    def name(self) -> str:
        """That of the layer, with the position behind it."""
        return f"{self.layer.name}_cell_{self.position}"

    @property
    def return_sequences(self) -> bool:
        """The cell above takes every step."""
        return self.layer.return_sequences or not self.is_last

    @property
    def return_state(self) -> bool:
        """Whether the model takes the states after the last step."""
        return bool(self.layer.return_state)

    @property
    def go_backwards(self) -> bool:
        """The first cell turns the sequence round; those above take it as it comes."""
        return bool(self.layer.go_backwards and self.position == 0)

    @property
    def zero_output_for_mask(self) -> bool:
        """A step that does not count is skipped by the cell above anyway."""
        return bool(self.layer.zero_output_for_mask and self.is_last)

    @property
    def stateful(self) -> bool:
        """Whether Keras keeps the states from call to call."""
        return bool(self.layer.stateful)

    @property
    def compute_dtype(self) -> str:
        """The type of its numbers."""
        return str(self.layer.compute_dtype)


def cells_of(layer: Any) -> list[Any]:
    """The layer, alone in a list, or a view of it for each of the cells that are stacked in it."""
    if type(layer.cell) is not keras.layers.StackedRNNCells:
        return [layer]
    cells = _flat(layer.cell)
    return [StackedCell(layer, cell, n, n == len(cells) - 1) for n, cell in enumerate(cells)]


def _flat(cell: Any) -> list[Any]:
    if type(cell) is not keras.layers.StackedRNNCells:
        return [cell]
    return [each for inner in cell.cells for each in _flat(inner)]
