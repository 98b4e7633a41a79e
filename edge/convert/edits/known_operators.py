"""Operators that a small runtime lacks, written as others that it has and that give the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.convert.graph import flatbuffer, operators
from edge.convert.graph.flatbuffer import Model
from edge.convert.graph.operators import Operator
from edge.convert.graph.wiring import Wiring
from edge.convert.tracing.draft import Draft
from edge.targets import Target

_FEW_AXES = 4


def write_known_operators(draft: Draft, target: Target) -> None:
    """Replace what `target` lacks, where something that it has does the same."""
    if target.operators is None:
        return
    model = draft.model
    for operator in list(flatbuffer.graph(model).operators):
        other = _OTHERS.get(operators.name_of(model, operator))
        if other is not None:
            other(_Place(model, operator))
    main = flatbuffer.graph(model)
    read = {int(index) for operator in main.operators for index in operator.inputs}.union(main.outputs)
    main.operators = [
        operator
        for operator in main.operators
        if operators.name_of(model, operator) != "CAST" or read.intersection(operator.outputs)
    ]
    operators.drop_unused_codes(model)


class _Place:
    """The place of one operator, into which others are put."""

    def __init__(self, model: Model, operator: Operator) -> None:
        self.model, self.operator = model, operator
        self.inputs = [int(index) for index in operator.inputs]
        self.output = int(operator.outputs[0])
        self.options = operator.builtinOptions

    def shape(self, index: int) -> tuple[int, ...]:
        return flatbuffer.tensor_shape(self.model, index)

    def constant(self, value: object, dtype: type = np.int32) -> int:
        return flatbuffer.add_constant(self.model, "of_a_known_operator", np.array(value, dtype))

    def like(self, index: int, shape: tuple[int, ...], dtype: type | None = None) -> int:
        """A new tensor of that shape, and of the numbers of `index` or of others."""
        new = flatbuffer.add_tensor(self.model, "of_a_known_operator", shape, dtype or np.float32)
        if dtype is None:
            flatbuffer.copy_type(self.model, index, new)
        return new

    def put(self, name: str, inputs: list[int], output: int, options: object = None) -> int:
        """An operator before this one; its output."""
        new = operators.plain(self.model, name, inputs, output, options)
        operators.insert_before(self.model, self.operator, new)
        return output

    def reshaped(self, index: int, shape: tuple[int, ...], output: int | None = None) -> int:
        """The tensor in another shape."""
        output = self.like(index, shape) if output is None else output
        return self.put("RESHAPE", [index, self.constant(shape)], output)

    def done(self) -> None:
        """Take the operator away."""
        ops = flatbuffer.graph(self.model).operators
        ops[:] = [operator for operator in ops if operator is not self.operator]


def _select(place: _Place) -> None:
    """SELECT_V2; for whole numbers b + (a - b) * condition, as that takes none."""
    condition, a, b = place.inputs
    shape, wanted = place.shape(condition), place.shape(place.output)
    if len(shape) == 1 and len(wanted) > 1:  # a row each, where SELECT_V2 would have a column each
        condition = place.reshaped(condition, (*shape, *(1,) * (len(wanted) - 1)))
    dtype = flatbuffer.tensor_dtype(place.model, a).type
    if flatbuffer.scale_and_zero_point(place.model, a) is None and dtype == np.int32:
        is_a = place.put("CAST", [condition], place.like(a, place.shape(condition)), _cast(place, condition, a))
        difference = place.put("SUB", [a, b], place.like(a, wanted))
        place.put("ADD", [b, place.put("MUL", [difference, is_a], place.like(a, wanted))], place.output)
    else:
        place.put("SELECT_V2", [condition, a, b], place.output)
    place.done()


def _reduce_any(place: _Place) -> None:
    """The largest of zeros and ones."""
    condition, axes = place.inputs
    ones = place.like(condition, place.shape(condition), np.float32)
    place.put("CAST", [condition], ones, _cast(place, condition, ones))
    largest = place.like(ones, place.shape(place.output))
    place.put("REDUCE_MAX", [ones, axes], largest, schema.ReducerOptionsT(keepDims=place.options.keepDims))
    place.put("CAST", [largest], place.output, _cast(place, largest, place.output))
    place.done()


def _cast(place: _Place, source: int, target: int) -> object:
    kinds = (flatbuffer.tensor(place.model, index).type for index in (source, target))
    return schema.CastOptionsT(*kinds)


def _tile(place: _Place) -> None:
    """An axis more, along which it is broadcast."""
    index, times = place.inputs
    if not flatbuffer.is_constant(place.model, times):
        return
    shape, counts = list(place.shape(index)), flatbuffer.constant(place.model, times).tolist()
    for axis in [n for n, count in enumerate(counts) if count > 1] or [0]:
        before, after = int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))
        wide = (before, counts[axis], after)
        index = place.reshaped(index, (before, 1, after))
        index = place.put("BROADCAST_TO", [index, place.constant(wide)], place.like(index, wide))
        shape[axis] *= counts[axis]
    place.reshaped(index, tuple(shape), place.output)
    place.done()


def _strided_slice(place: _Place) -> None:
    """Of three axes, where there are too many: the one that is cut, and what lies before and behind it."""
    index, *parts = place.inputs
    shape, options = place.shape(index), place.options
    if len(shape) <= _FEW_AXES or options.ellipsisMask or options.newAxisMask:
        return
    begin, end, stride = (flatbuffer.constant(place.model, part).tolist() for part in parts)
    ranges = []
    for axis, size in enumerate(shape):
        first = None if options.beginMask >> axis & 1 else begin[axis]
        last = None if options.endMask >> axis & 1 else end[axis]
        if options.shrinkAxisMask >> axis & 1:
            first, last = begin[axis] % size, begin[axis] % size + 1
        ranges.append(range(size)[first : last : stride[axis]])
    for axis, chosen in enumerate(ranges):
        if len(chosen) == shape[axis] and chosen.step == 1:
            continue
        if chosen.step < 1:
            return
    for axis, chosen in enumerate(ranges):
        sizes = [len(each) for each in ranges[:axis]]
        before, after = int(np.prod(sizes)), int(np.prod(shape[axis + 1 :]))
        if len(chosen) == shape[axis] and chosen.step == 1:
            continue
        flat = place.reshaped(index, (before, shape[axis], after))
        ends = [[0, chosen.start, 0], [before, chosen.stop, after], [1, chosen.step, 1]]
        cut = place.like(flat, (before, len(chosen), after))
        index = place.put("STRIDED_SLICE", [flat, *map(place.constant, ends)], cut)
    place.reshaped(index, place.shape(place.output), place.output)
    place.done()


def _as_int32(place: _Place, index: int) -> int:
    """The whole numbers as they were before they were cast to 64 bits."""
    if flatbuffer.tensor_dtype(place.model, index) == np.int32:
        return index
    maker = Wiring(place.model).maker.get(index)
    if maker is not None and operators.name_of(place.model, maker) == "CAST":
        index = int(maker.inputs[0])
        if flatbuffer.tensor_dtype(place.model, index) == np.int32:
            return index
    new = place.like(index, place.shape(index), np.int32)
    return place.put("CAST", [index], new, _cast(place, index, new))


def _one_hot(place: _Place) -> None:
    """Compared with every class."""
    index, depth, on, off = place.inputs
    model, shape = place.model, place.shape(place.output)
    known = all(flatbuffer.is_constant(model, each) for each in (depth, on, off))
    last = place.options.axis in (-1, len(shape) - 1)
    if not (known and last and flatbuffer.constant(model, on) == 1 and flatbuffer.constant(model, off) == 0):
        return
    index = _as_int32(place, index)
    classes = place.constant(np.arange(shape[-1]))
    column = place.reshaped(index, (*shape[:-1], 1))
    same = place.put("EQUAL", [column, classes], place.like(column, shape, np.bool_))
    place.put("CAST", [same], place.output, _cast(place, same, place.output))
    place.done()


_OTHERS: dict[str, Callable[[_Place], None]] = {
    "SELECT": _select,
    "REDUCE_ANY": _reduce_any,
    "TILE": _tile,
    "STRIDED_SLICE": _strided_slice,
    "ONE_HOT": _one_hot,
}
