"""Model files with damage: a byte changed anywhere, or a field of the schema with a value of no sense.

Bytes alone seldom reach what lies deep in the file; fields always do: scales, zero points, shapes, types,
operands, operator codes, options, variable flags, buffers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

SIZES = (0, -1, -2, 1, 2, 3, 4, 5, 7, 8, 16, 64, 255, 4096, 65536, 2**20, 2**30, 2**31 - 1, -(2**31))
SCALES = (
    0.0,
    -0.0,
    -1.0,
    float("nan"),
    float("inf"),
    -float("inf"),
    1e-45,
    1e-30,
    1e-3,
    1.0,
    2.0,
    1e10,
    3e38,
)
ZERO_POINTS = (0, 1, -1, 127, 128, -128, -129, 255, 256, 2**15, 2**31 - 1, 2**31, -(2**31), 2**63 - 1)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A copy with one to three places changed, by bytes or by fields."""
    if rng.random() < 0.4:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            content = flipped(content, rng)
        return content
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(CHANGES)(model, rng)
    builder = flatbuffers.Builder(len(content) + 1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def flipped(content: bytes, rng: random.Random) -> bytes:
    """One byte is another, or one bit."""
    changed, at = bytearray(content), rng.randrange(len(content))
    changed[at] ^= rng.randrange(1, 256) if rng.random() < 0.5 else 1 << rng.randrange(8)
    return bytes(changed)


def _shape(model: Any, rng: random.Random) -> None:
    tensor = _tensor(model, rng)
    name = rng.choice(("shape", "shape", "shapeSignature"))
    setattr(tensor, name, _list(getattr(tensor, name), SIZES, rng))
    if rng.random() < 0.3:
        tensor.shapeSignature = None
    if rng.random() < 0.2:
        tensor.shapeSignature = tensor.shape


def _type(model: Any, rng: random.Random) -> None:
    _tensor(model, rng).type = rng.randrange(18)


def _buffer(model: Any, rng: random.Random) -> None:
    _tensor(model, rng).buffer = rng.choice((0, rng.randrange(len(model.buffers)), len(model.buffers)))


def _variable(model: Any, rng: random.Random) -> None:
    tensor = _tensor(model, rng)
    tensor.isVariable = not tensor.isVariable


def _scale(model: Any, rng: random.Random) -> None:
    tensor = _tensor(model, rng, quantized=True)
    if tensor.quantization is None:
        tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale = np.array(_list(tensor.quantization.scale, SCALES, rng), "f4")


def _zero_point(model: Any, rng: random.Random) -> None:
    tensor = _tensor(model, rng, quantized=True)
    if tensor.quantization is None:
        tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.zeroPoint = np.array(_list(tensor.quantization.zeroPoint, ZERO_POINTS, rng), "i8")


def _axis(model: Any, rng: random.Random) -> None:
    quantization = _tensor(model, rng, quantized=True).quantization
    if quantization is not None:
        quantization.quantizedDimension = rng.choice((-1, 0, 1, 2, 3, 9, 2**31 - 1))


def _quantization(model: Any, rng: random.Random) -> None:
    target, source = _tensor(model, rng, quantized=True), _tensor(model, rng, quantized=True)
    target.quantization = rng.choice((None, source.quantization))


def _ends(model: Any, rng: random.Random) -> None:
    graph = rng.choice(model.subgraphs)
    name = rng.choice(("inputs", "outputs"))
    setattr(graph, name, _list(getattr(graph, name), range(-1, len(graph.tensors) + 1), rng))


def _operand(model: Any, rng: random.Random) -> None:
    graph = rng.choice(model.subgraphs)
    if graph.operators:
        operator = rng.choice(graph.operators)
        name = rng.choice(("inputs", "inputs", "inputs", "outputs", "intermediates"))
        choices = [-1, *range(len(graph.tensors)), len(graph.tensors)]
        setattr(operator, name, _list(getattr(operator, name), choices, rng))


def _order(model: Any, rng: random.Random) -> None:
    operators = rng.choice(model.subgraphs).operators
    if operators:
        n = rng.randrange(len(operators))
        taken = operators.pop(n)
        if rng.random() < 0.7:
            operators.insert(rng.randrange(len(operators) + 1), taken)


def _code(model: Any, rng: random.Random) -> None:
    code = rng.choice(model.operatorCodes)
    if rng.random() < 0.6:
        code.builtinCode = rng.choice((rng.randrange(210), *(c.builtinCode for c in model.operatorCodes)))
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    else:
        code.version = rng.choice((0, 1, 2, 3, 4, 5, 9, 99, -1))


def _coded(model: Any, rng: random.Random) -> None:
    operators = rng.choice(model.subgraphs).operators
    if operators:
        rng.choice(operators).opcodeIndex = rng.randrange(len(model.operatorCodes) + 1)


def _options(model: Any, rng: random.Random) -> None:
    operators = [
        o for graph in model.subgraphs for o in graph.operators or () if o.builtinOptions is not None
    ]
    if not operators:
        return
    operator = rng.choice(operators)
    if rng.random() < 0.15:
        operator.builtinOptionsType, operator.builtinOptions = 0, None
        return
    fields = [name for name, value in vars(operator.builtinOptions).items() if not callable(value)]
    if fields:
        name = rng.choice(fields)
        old = getattr(operator.builtinOptions, name)
        if isinstance(old, bool):
            setattr(operator.builtinOptions, name, not old)
        elif isinstance(old, float):
            setattr(operator.builtinOptions, name, rng.choice(SCALES))
        elif isinstance(old, int):  # some are one byte wide
            setattr(operator.builtinOptions, name, rng.choice([n for n in SIZES if 0 <= n < 128]))


def _data(model: Any, rng: random.Random) -> None:
    buffers = [buffer for buffer in model.buffers if buffer.data is not None and len(buffer.data)]
    if not buffers:
        return
    buffer = rng.choice([b for b in buffers if len(b.data) <= 64] or buffers)
    data = np.array(buffer.data, "u1")
    if rng.random() < 0.2:
        data = data[: rng.randrange(len(data))] if rng.random() < 0.5 else np.concatenate([data, data])
    elif len(data) % 4 == 0:  # a shape, an axis, a begin, an index
        words = data.view("<i4")
        words[rng.randrange(len(words))] = rng.choice(SIZES)
    else:
        data[rng.randrange(len(data))] = rng.randrange(256)
    buffer.data = data


CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _shape, _shape, _type, _buffer, _variable, _scale, _zero_point, _axis, _quantization, _ends,
    _operand, _operand, _operand, _order, _code, _coded, _options, _options, _data,
)  # fmt: skip


def _tensor(model: Any, rng: random.Random, quantized: bool = False) -> Any:
    tensors = rng.choice(model.subgraphs).tensors
    if quantized:
        scaled = [t for t in tensors if t.quantization is not None and t.quantization.scale is not None]
        tensors = scaled if scaled and rng.random() < 0.9 else tensors
    return rng.choice(tensors)


def _list(values: Any, choices: Any, rng: random.Random) -> list[Any]:
    """A copy in which a value is another one, or one is missing, or two change places, or one is more."""
    changed = [] if values is None else np.array(values).tolist()
    kind = rng.random()
    if not changed or kind < 0.1:
        changed.append(rng.choice(choices))
    elif kind < 0.2:
        changed.pop()
    elif kind < 0.3:
        n, m = rng.randrange(len(changed)), rng.randrange(len(changed))
        changed[n], changed[m] = changed[m], changed[n]
    else:
        changed[rng.randrange(len(changed))] = rng.choice(choices)
    return changed
