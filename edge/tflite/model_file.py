"""A model file as a value: graphs of operators and tensors, as the file says."""

from __future__ import annotations

from typing import NamedTuple


class Tensor(NamedTuple):
    """A tensor of a graph: `shape` has -1 for a free axis, `size` is in bytes and 0 for what is computed."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    buffer: int
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    is_variable: bool


class Slicing(NamedTuple):
    """How a STRIDED_SLICE takes its bounds: masks with a bit an axis, and whether its ends count from
    where it begins."""

    begin_mask: int
    end_mask: int
    ellipsis_mask: int
    new_axis_mask: int
    shrink_mask: int
    is_offset: bool

    @property
    def adds_axes(self) -> bool:
        """Whether the axes of the result, or of the bounds, are not those of the operand."""
        return bool(self.ellipsis_mask or self.new_axis_mask)


class Operator(NamedTuple):
    """An operator: tensors by their index, -1 for an operand left out.

    `options` is the number of their type in the schema, `calls` are the graphs that it runs, and `splits` is
    in how many outputs it splits its input, None for most operators. `axis` is the one along which GATHER
    looks up, None where each row of a batch has a table of its own; `slicing` are
    the options of a STRIDED_SLICE; `variable` is what VAR_HANDLE calls its variable; `activation` is that
    of a fused LSTM, 4 for tanh.
    """

    name: str
    version: int
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: int = 0
    calls: tuple[int, ...] = ()
    splits: int | None = None
    axis: int | None = 0
    slicing: Slicing | None = None
    variable: str = ""
    activation: int = 0


class Graph(NamedTuple):
    """A graph: its tensors, its operators in the order in which they run, what goes in and what comes out."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class ModelFile(NamedTuple):
    """A model: `graphs[0]` is the main one, the others are bodies of loops and conditions."""

    name: str
    size: int
    description: str
    graphs: tuple[Graph, ...]
    metadata: dict[str, bytes]
    weights_size: int
