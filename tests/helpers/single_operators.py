"""Files of one operator: what a runtime says to each is a fact about that operator."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.aliases import Array
from edge.convert.graph.flatbuffer import pack

SCALED = ("int8", "int16", "uint8")  # hold real numbers by a scale
SCALE = 1 / 16


class End(NamedTuple):
    """A tensor of the file: computed or given by the caller, or a constant."""

    shape: tuple[int, ...]
    dtype: str
    value: Array | None = None
    is_plain: bool = False  # an index or a mask, that has no scale
    scale: float = SCALE
    zero: int = 0


class Case(NamedTuple):
    """An operator with its operands."""

    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    options: Any = None


def constant(values: Any, dtype: str = "int32") -> End:
    """An operand that stands in the file, without a scale."""
    array = np.asarray(values, dtype)
    return End(array.shape, dtype, array, is_plain=True)


def options(kind: str, **fields: Any) -> Any:
    """Options of the schema: `options("Softmax", beta=1.0)`."""
    made = getattr(schema, f"{kind}OptionsT")()
    for name, value in fields.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


def one_operator(name: str, case: Case) -> bytes:
    """The file of that operator."""
    model = schema.ModelT()
    model.version, model.description = 3, b"one operator"
    model.buffers = [schema.BufferT()]
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name)
    code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
    model.operatorCodes = [code]
    operator, count = schema.OperatorT(), len(case.inputs)
    operator.opcodeIndex = 0
    operator.inputs = np.arange(count, dtype=np.int32)
    operator.outputs = np.arange(count, count + len(case.outputs), dtype=np.int32)
    if case.options is not None:
        operator.builtinOptions = case.options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(case.options).__name__[:-1])
    graph = schema.SubGraphT()
    graph.name, graph.operators = b"main", [operator]
    ends = (*case.inputs, *case.outputs)
    graph.tensors = [_tensor(model, end, f"t{place}") for place, end in enumerate(ends)]
    graph.inputs = np.array([n for n, end in enumerate(case.inputs) if end.value is None], np.int32)
    graph.outputs = operator.outputs
    model.subgraphs = [graph]
    return pack(model)


def input_values(case: Case, seed: int = 0) -> list[Array]:
    """Input for the file of a case: small positive numbers, so that every function is defined on them."""
    rng = np.random.default_rng(seed)
    return [_values(end, rng) for end in case.inputs if end.value is None]


def _tensor(model: Any, end: End, name: str) -> Any:
    tensor = schema.TensorT()
    tensor.shape = np.array(end.shape, np.int32)
    tensor.type = getattr(schema.TensorType, end.dtype.upper())
    tensor.name, tensor.buffer = name.encode(), 0
    if end.value is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(end.value).tobytes(), np.uint8)
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
    if end.dtype in SCALED and not end.is_plain:
        quantization = schema.QuantizationParametersT()
        quantization.scale = np.array([end.scale], np.float32)
        quantization.zeroPoint = np.array([end.zero], np.int64)
        tensor.quantization = quantization
    return tensor


def _values(end: End, rng: np.random.Generator) -> Array:
    if end.dtype == "bool":
        return rng.integers(0, 2, end.shape).astype(bool)
    if end.dtype == "float32":
        return rng.uniform(0.2, 2.0, end.shape).astype(np.float32)
    return rng.integers(1, 40 if end.dtype in SCALED else 5, end.shape).astype(end.dtype)
