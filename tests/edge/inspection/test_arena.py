"""The estimate of memory: which tensors live at the same time, and how large they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edge
from edge.inspection.arena import arena, peak, shapes
from edge.tflite import Graph, ModelFile, Operator, Tensor
from tests.helpers.device_files import model_file
from tests.helpers.explicit_files import explicit_file


def tensor(shape: tuple[int, ...], dtype: str = "float32", size: int = 0, variable: bool = False) -> Tensor:
    return Tensor("t", shape, dtype, size, 0, (), (), variable)


def graph_of(
    tensors: list[Tensor], operators: list[Operator], inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> Graph:
    return Graph("main", tuple(tensors), tuple(operators), inputs, outputs)


def model_of(graph: Graph) -> ModelFile:
    return ModelFile("x.tflite", 0, "", (graph,), {}, 0)


def test_the_arena_of_a_chain() -> None:
    # 10 -> 100 -> 1000 -> 1 numbers of 4 bytes: the two in the middle live together, and the input always.
    tensors = [tensor((1, n)) for n in (10, 100, 1000, 1)] + [tensor((5, 5), size=100)]
    chain = [Operator("MUL", 1, False, (n, 4), (n + 1,)) for n in range(3)]
    assert arena(model_of(graph_of(tensors, chain, (0,), (3,))), 1) == 4 * (10 + 100 + 1000 + 1)
    tensors += [tensor((7,), variable=True), tensor((1, 3), "int8")]
    chain += [Operator("ADD", 1, False, (3, -1), (6,))]
    assert arena(model_of(graph_of(tensors, chain, (0,), (3,))), 1) == 4 * (10 + 100 + 1000 + 1 + 7)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_the_peak_is_what_counting_at_every_moment_gives(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 10))
    index = st.integers(0, count - 1)
    operators = [
        Operator("ADD", 1, False, tuple(data.draw(st.lists(index, max_size=3))), (data.draw(index),))
        for _ in range(data.draw(st.integers(1, 8)))
    ]
    sizes = data.draw(st.lists(st.integers(0, 100), min_size=count, max_size=count))
    ends = (data.draw(index),), (data.draw(index),)
    graph = graph_of([tensor((1,))] * count, operators, *ends)
    most = 0
    for moment in range(len(operators)):
        live = {*graph.inputs, *graph.outputs}
        for each in range(count):
            used = [k for k, op in enumerate(operators) if each in op.inputs + op.outputs]
            if used and used[0] <= moment <= used[-1]:
                live.add(each)
        most = max(most, sum(sizes[each] for each in live))
    assert peak(graph, sizes) == most


@pytest.mark.parametrize("kind", ["reset", "sequence", "unrolled"])
@pytest.mark.parametrize("length", [1, 30])
def test_the_shapes_are_those_of_the_runtime(kind: str, length: int) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    path = explicit_file(kind) if kind != "reset" else model_file(kind)
    model = edge.load(path)
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # which would keep shapes to itself
    interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=resolver)
    for info, shape in zip(interpreter.get_input_details(), model.shapes(length), strict=False):
        interpreter.resize_tensor_input(info["index"], shape)
    interpreter.allocate_tensors()
    interpreter.invoke()
    details = {
        each["index"]: tuple(int(n) for n in each["shape"]) for each in interpreter.get_tensor_details()
    }
    graph = model.interface.graph
    found = shapes(graph, length, 1)
    used = {i for op in graph.operators for i in op.inputs + op.outputs if i >= 0}
    computed = [i for i in used if not graph.tensors[i].size]
    assert len(computed) > 5
    assert {i: found[i] for i in computed} == {i: details[i] for i in computed}
