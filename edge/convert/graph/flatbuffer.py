"""The `.tflite` flatbuffer as objects: the file, its tensors, its inputs and outputs.

This and `operators` are the only files here that know the schema. A model is `schema.ModelT`; every function
edits it in place and speaks of tensors by their index in its main graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.aliases import Array

Model = Any  # schema.ModelT

_IDENTIFIER = b"TFL3"
_TYPES = {
    np.dtype(name): getattr(schema.TensorType, name.upper())
    for name in ("float32", "float16", "int8", "int16", "int32", "int64", "uint8", "bool")
}
_DTYPES = {code: dtype for dtype, code in _TYPES.items()}


# -- the file ----------------------------------------------------------------------------------------


def load(content: bytes) -> Model:
    """The model in the bytes of a file; its arrays are views of them."""
    return schema.ModelT.InitFromPackedBuf(content, 0)


def pack(model: Model) -> bytes:
    """The bytes of a file."""
    return bytes(packed(model))


def packed(model: Model) -> memoryview:
    """The same without a copy: where the model is large."""
    return _packed(model, with_data=True)


def packed_size(model: Model) -> int:
    """How many bytes `pack` would give, without the memory for them: no array is copied."""
    return len(_packed(model, with_data=False))


def arrays(model: Model) -> list[Array]:
    """All data of a model. Nobody edits it in place, so copies of the model may share it."""
    return [buffer.data for buffer in model.buffers if buffer.data is not None]


class _Builder(flatbuffers.Builder):
    """Writes into memory that is there from the start: a builder that grows holds everything three times."""

    def __init__(self, size: int, with_data: bool) -> None:
        super().__init__(1)
        self.with_data = with_data
        self.Bytes = np.zeros(size, np.uint8).data  # a page that is never written takes no memory
        self.head = size


class _AlignedBuffer(schema.BufferT):
    """A buffer whose data starts at a multiple of 16 bytes: the schema asks for it, its code forgets it."""

    def Pack(self, builder: Any) -> Any:  # noqa: N802
        data = None
        if self.data is not None:
            content = np.ascontiguousarray(self.data, np.uint8)
            builder.StartVector(1, len(content), 16)
            builder.head -= len(content)
            if builder.with_data:
                np.frombuffer(builder.Bytes, np.uint8)[builder.head : builder.head + len(content)] = content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def _packed(model: Model, with_data: bool) -> memoryview:
    for buffer in model.buffers:
        buffer.__class__ = _AlignedBuffer
    room = sum(len(data) + 64 for data in arrays(model)) + (1 << 20)  # it grows if the structure needs more
    builder = _Builder(room, with_data)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return memoryview(builder.Output())


def add_metadata(model: Model, name: str, content: bytes) -> None:
    """Store `content` in the file under that name."""
    entry = schema.MetadataT(name=name, buffer=_add_buffer(model, np.frombuffer(content, np.uint8)))
    model.metadata = [*(model.metadata or []), entry]


def metadata(model: Model, name: str) -> bytes:
    """What is stored in the file under that name."""
    return bytes(model.buffers[_entry(model, name).buffer].data)


def set_metadata(model: Model, name: str, content: bytes) -> None:
    """Store something else there."""
    model.buffers[_entry(model, name).buffer].data = np.frombuffer(content, np.uint8)


def _entry(model: Model, name: str) -> Any:
    return next(entry for entry in model.metadata if entry.name in (name, name.encode()))


def graph(model: Model) -> Any:
    """The main graph; a model without control flow has no other."""
    return model.subgraphs[0]


# -- tensors -----------------------------------------------------------------------------------------


def add_constant(model: Model, name: str, value: np.ndarray) -> int:
    """A tensor that holds `value`."""
    index = add_tensor(model, name, value.shape, value.dtype)
    tensor(model, index).buffer = _add_buffer(model, _bytes(value))
    return index


def add_tensor(model: Model, name: str, shape: Sequence[int], dtype: Any, variable: bool = False) -> int:
    """A tensor that is computed or, if `variable`, keeps its value between calls."""
    tensors = graph(model).tensors
    tensors.append(
        schema.TensorT(
            name=name.encode(),
            shape=np.array(shape, np.int32),
            type=_TYPES[np.dtype(dtype)],
            buffer=0,  # the empty one
            isVariable=variable,
            hasRank=True,
        )
    )
    return len(tensors) - 1


def tensor(model: Model, index: int) -> Any:
    """The tensor with that index."""
    return graph(model).tensors[index]


def tensor_dtype(model: Model, index: int) -> np.dtype:
    """The number type of a tensor."""
    return _DTYPES[tensor(model, index).type]


def tensor_shape(model: Model, index: int) -> tuple[int, ...]:
    """The shape of a tensor."""
    shape = tensor(model, index).shape
    return () if shape is None else tuple(int(size) for size in shape)  # a single number has none


def tensor_name(model: Model, index: int) -> str:
    """The name of a tensor."""
    return str(tensor(model, index).name.decode())


def is_constant(model: Model, index: int) -> bool:
    """Whether the file holds the value of a tensor."""
    data = model.buffers[tensor(model, index).buffer].data
    return data is not None and len(data) > 0


def constant(model: Model, index: int) -> np.ndarray:
    """The value of a constant tensor."""
    data = model.buffers[tensor(model, index).buffer].data
    return np.asarray(data, np.uint8).view(tensor_dtype(model, index)).reshape(tensor_shape(model, index))


def set_constant(model: Model, index: int, value: np.ndarray, scale: float | None = None) -> None:
    """Give a constant tensor another value and type; `scale` for integers with zero point 0."""
    target = tensor(model, index)
    target.type = _TYPES[value.dtype]
    target.buffer = _add_buffer(model, _bytes(value))
    if scale is not None:
        target.quantization = schema.QuantizationParametersT(scale=[scale], zeroPoint=[0])


def scale_and_zero_point(model: Model, index: int) -> tuple[float, int] | None:
    """Real value = scale * (integer - zero point); None for a tensor that is not quantized."""
    parameters = tensor(model, index).quantization
    if parameters is None or parameters.scale is None or len(parameters.scale) == 0:
        return None
    return float(parameters.scale[0]), int(parameters.zeroPoint[0])


def copy_type(model: Model, source: int, target: int) -> None:
    """Give `target` the number type of `source` and, for integers, their meaning."""
    tensor(model, target).type = tensor(model, source).type
    tensor(model, target).quantization = tensor(model, source).quantization


def set_integers(model: Model, index: int, bits: int, scale: float, zero_point: int) -> None:
    """Let a computed tensor hold integers of 8 or 16 bits with that meaning."""
    tensor(model, index).type = _TYPES[np.dtype(f"int{bits}")]
    tensor(model, index).quantization = schema.QuantizationParametersT(scale=[scale], zeroPoint=[zero_point])


def output_steps(model: Model) -> list[float]:
    """The distance of two neighbouring values of each output of the file; 0 for real numbers."""
    known = [scale_and_zero_point(model, index) for index in graph(model).outputs]
    return [0.0 if quantized is None else quantized[0] for quantized in known]


def get_range(model: Model, index: int) -> tuple[float, float] | None:
    """What calibration saw in a tensor: its least and largest value."""
    parameters = tensor(model, index).quantization
    if parameters is None or parameters.min is None or len(parameters.min) == 0:
        return None
    return float(parameters.min[0]), float(parameters.max[0])


def set_range(model: Model, index: int, low: float, high: float) -> None:
    """Let the quantizer believe that calibration saw this range."""
    tensor(model, index).quantization = schema.QuantizationParametersT(min=[low], max=[high])


def drop_unused_buffers(model: Model) -> None:
    """Leave out the data to which no tensor and no metadata refers any more."""
    used = [item for part in model.subgraphs for item in part.tensors] + list(model.metadata or [])
    kept = [0, *sorted({item.buffer for item in used} - {0})]
    renumbered = {old: new for new, old in enumerate(kept)}
    for item in used:
        item.buffer = renumbered[item.buffer]
    model.buffers = [model.buffers[index] for index in kept]


def share_equal_buffers(model: Model) -> None:
    """Let constants of the same bytes lie in the file once: a layer that is called twice has weights once."""
    first: dict[bytes, int] = {}
    keepers = list(range(len(model.buffers)))
    for index, buffer in enumerate(model.buffers):
        if index and buffer.data is not None and len(buffer.data):
            key = sha256(np.ascontiguousarray(buffer.data, np.uint8).data).digest()
            keepers[index] = first.setdefault(key, index)
    for part in model.subgraphs:
        for item in part.tensors:
            item.buffer = keepers[item.buffer]


def _add_buffer(model: Model, data: np.ndarray) -> int:
    model.buffers.append(schema.BufferT(data=data))
    return len(model.buffers) - 1


def _bytes(value: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(value).reshape(-1).view(np.uint8)


# -- what the file shows to its user -----------------------------------------------------------------


def order_ends(model: Model, inputs: int, outputs: int) -> None:
    """Put inputs and outputs in the order in which `trace` numbered them: TensorFlow sorts them as text."""
    signature, main = model.signatureDefs[0], graph(model)
    for key, count, maps in (("input", inputs, signature.inputs), ("output", outputs, signature.outputs)):
        index = {entry.name.decode(): entry.tensorIndex for entry in maps}
        setattr(main, f"{key}s", [index[f"{key}_{position}"] for position in range(count)])


def name_ends(model: Model, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Give the inputs and outputs of the graph, in their order, the names that its user knows."""
    signature, main = schema.SignatureDefT(signatureKey=b"serving_default", subgraphIndex=0), graph(model)
    signature.inputs, signature.outputs = [], []
    model.signatureDefs = [signature]
    ends = ((inputs, main.inputs, signature.inputs), (outputs, main.outputs, signature.outputs))
    for names, indices, entries in ends:
        for name, index in zip(names, indices, strict=True):
            tensor(model, index).name = name.encode()
            entries.append(schema.TensorMapT(name=name.encode(), tensorIndex=index))
        entries.sort(key=lambda entry: entry.name)
