"""Whether a target has the operators of a file: name, version, types of numbers, axes, constants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edge.inspection.recurrent import FUSED
from edge.micro_operators import Kernel
from edge.targets import Target
from edge.tflite import Graph, ModelFile, Operator

CHANGE = "change the layer that needs it"
# Numbers by the type of the data that a file in them has.
QUANTIZE = {"float32": "None", "int8": "'int8'", "int16": "'int16x8'"}


class Reason(NamedTuple):
    """Something about a file and a target: `"refused"`, `"slow"`, or a `"note"` of what to mind."""

    weight: str
    what: str
    way_out: str


def operator_reasons(file: ModelFile, target: Target) -> Iterator[Reason]:
    """What a target has against the operators of a file, loops included."""
    for graph in file.graphs:
        for operator in graph.operators:
            name = operator.name
            if operator.custom:
                yield _custom(name)
            elif name in FUSED and "fused" not in target.lowerings:
                pass  # a reason of its own says what to do
            elif not target.has(name) or target.versions.get(name) == 0:
                way = f"edge.convert.convert(..., target={target.name!r}), or {CHANGE}"
                yield Reason("refused", f"it has no {name}", way)
            elif operator.version > target.versions.get(name, operator.version):
                yield Reason(
                    "refused",
                    f"{name} is of version {operator.version}, it has {target.versions[name]}",
                    f"edge.convert.convert(..., target={target.name!r}), or a newer runtime",
                )
            elif target.operators is not None:
                yield from _kernel(graph, operator, target.operators[name])


def _custom(name: str) -> Reason:
    if name.startswith("Flex"):
        return Reason(
            "refused", f"{name} is an operator of TensorFlow itself", "convert without SELECT_TF_OPS"
        )
    return Reason("refused", f"{name} is a custom operator", "register it in the program")


def _kernel(graph: Graph, operator: Operator, kernel: Kernel) -> Iterator[Reason]:
    """What one operator asks of a kernel that the kernel does not do."""
    name, tensors = operator.name, graph.tensors
    used = [tensors[index] for index in (*operator.inputs, *operator.outputs) if index >= 0]
    axes = max((len(tensor.shape) for tensor in used), default=0)
    if axes > kernel.rank:
        what = f"its {name} takes tensors of {kernel.rank} axes at most, here one has {axes}"
        yield Reason("refused", what, f"{CHANGE}: a Reshape may join axes")
    if kernel.operands is not None and len(operator.inputs) > kernel.operands:
        what = f"its {name} takes {kernel.operands} tensors at most, here {len(operator.inputs)}"
        yield Reason("refused", what, "join some of them first")
    for place in kernel.constants:
        index = operator.inputs[place] if place < len(operator.inputs) else -1
        if index >= 0 and not tensors[index].size and 0 not in tensors[index].shape:
            what = f"operand {place} of its {name} must be a constant, here it is computed"
            yield Reason("refused", what, f"{CHANGE}, or convert with length=... and batch=...")
    if kernel.types is None or kernel.data >= len(operator.inputs) or operator.inputs[kernel.data] < 0:
        return
    found = tensors[operator.inputs[kernel.data]].dtype
    gives = tensors[operator.outputs[0]].dtype if operator.outputs else found
    if found not in kernel.types:
        what = f"its {name} takes {_listed(kernel.types)}, not {found}"
        yield Reason("refused", what, _numbers(kernel, found))
    elif gives not in kernel.types[found]:
        what = f"its {name} of {found} gives {_listed(kernel.types[found])}, not {gives}"
        yield Reason("refused", what, _numbers(kernel, found))


def _numbers(kernel: Kernel, found: str) -> str:
    """The way out for a type that a kernel does not take."""
    known = [words for dtype, words in QUANTIZE.items() if kernel.types and dtype in kernel.types]
    if found in QUANTIZE and known and QUANTIZE[found] not in known:
        return f"convert with quantize={' or '.join(known)}, or {CHANGE}"
    if found == "int64" and kernel.types and "int32" in kernel.types:
        return "let whole numbers be int32, keras.Input(..., dtype='int32')"
    return CHANGE


def _listed(types: Iterable[str]) -> str:
    *others, last = types
    return f"{', '.join(others)} and {last}" if others else last
