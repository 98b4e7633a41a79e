"""Reads the structure of a `.tflite` file and checks it, before a runtime written in C++ sees it.

The runtimes trust every offset in a file: a damaged one makes them read outside of it, which ends the process
or worse. Here each offset, size and index is checked first. Standard library and NumPy only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.errors import ModelFileError
from edge.tflite import checks, opcodes, operands, quantities
from edge.tflite.model_file import Graph, ModelFile, Operator, Slicing, Tensor
from edge.tflite.reader import DamageError, Reader, Table

IDENTIFIER = b"TFL3"
LARGEST = 2**31 - 1  # offsets are 31 bits wide
CUSTOM_QUANTIZATION = 1  # the type of details that point to more data
SPARSE_INDICES = {1: "<i4", 2: "<u2", 3: "u1"}  # types of the vectors that say where values are


def read(path: str | Path) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelFileError: there is no such file, or it cannot be read, is empty or is something else.
    """
    path = Path(path)
    if not path.exists():
        raise ModelFileError(f"There is no file {path}.")
    if not path.is_file():
        raise ModelFileError(f"{path} is {'a folder' if path.is_dir() else 'no ordinary file'}, not a model.")
    try:
        with path.open("rb") as file:
            start = file.read(8)  # so that a film is not read to its end first
            _check_kind(start, path.name)
            if path.stat().st_size > LARGEST:
                raise ModelFileError(f"{path.name} is larger than 2 GiB, too large for a model file.")
            return start + file.read()
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}.") from None


def parse(content: bytes, name: str = "model") -> ModelFile:
    """The structure of the model in `content`, every part of which is checked.

    Args:
        content: the bytes of a file.
        name: how messages call it.

    Raises:
        ModelFileError: the content is no model, or is cut short or damaged.

    Example:
        >>> parse(b"GIF89a, a picture", "cat.gif")
        Traceback (most recent call last):
        edge.errors.ModelFileError: cat.gif is not a TensorFlow Lite model: bytes 4 to 8 are not 'TFL3'.
    """
    _check_kind(content[:8], name)
    try:
        return _model(Reader(content), name)
    except DamageError as damage:
        raise ModelFileError(
            f"{name} is cut short or damaged: {damage} (the file has {len(content)} bytes). "
            "Copy it again, or convert the model again."
        ) from None


def _check_kind(start: bytes, name: str) -> None:
    if not start:
        raise ModelFileError(f"{name} is empty.")
    if start.startswith(b"PK\x03\x04"):
        raise ModelFileError(
            f"{name} is a zip archive, as a .keras file is, and not a TensorFlow Lite model; "
            "edge.convert.convert makes one from a Keras model."
        )
    if start[4:8] != IDENTIFIER:
        raise ModelFileError(
            f"{name} is not a TensorFlow Lite model: bytes 4 to 8 are not {IDENTIFIER.decode()!r}."
        )


# -- the schema: fields by number ------------------------------------------------------------------------


def _model(reader: Reader, name: str) -> ModelFile:
    root = Table(reader, reader.target(0))
    buffers = [_buffer(buffer, len(reader.content)) for buffer in root.tables(4)]
    codes = [_operator_code(code) for code in root.tables(1)]
    graphs = tuple(_graph(graph, codes, buffers) for graph in root.tables(2))
    if not graphs:
        raise DamageError("it has no graph")
    _check_signatures(root, graphs)
    checks.check_graphs(graphs, lambda tensor: reader.content[buffers[tensor.buffer]])
    metadata = {
        entry.text(0): reader.content[buffers[_index(entry.number(1, "I"), len(buffers), "buffer")]]
        for entry in root.tables(6)
    }
    sizes = {tensor.buffer: tensor.size for graph in graphs for tensor in graph.tensors}
    weights = sum(sizes.values())  # tensors may share a buffer
    return ModelFile(name, len(reader.content), root.text(3), graphs, metadata, weights)


def _buffer(buffer: Table, file_size: int) -> slice:
    offset, size = buffer.number(1, "Q"), buffer.number(2, "Q")  # data behind the tables, in large files
    if offset <= 1:
        return buffer.blob(0)
    if offset + size > file_size:
        raise DamageError(f"the weights at byte {offset} do not fit into the file")
    return slice(offset, offset + size)


def _operator_code(code: Table) -> tuple[str, int, bool]:
    """Name, version, and whether it is a custom operator."""
    number = max(code.number(0, "b"), code.number(3, "i"))
    version, custom = code.number(2, "i", 1), code.text(1)
    if number == opcodes.CUSTOM:
        if not custom:
            raise DamageError("a custom operator has no name")
        return custom, version, True
    known = 0 <= number < len(opcodes.OPERATORS)
    return opcodes.OPERATORS[number] if known else f"OPERATOR_{number}", version, False


def _graph(graph: Table, codes: list[tuple[str, int, bool]], buffers: list[slice]) -> Graph:
    tensors = tuple(_tensor(tensor, buffers) for tensor in graph.tables(0))
    operators = tuple(_operator(operator, codes, len(tensors)) for operator in graph.tables(3))
    ends = [tuple(_index(index, len(tensors), "tensor") for index in graph.words(field)) for field in (1, 2)]
    return Graph(graph.text(4), tensors, operators, *ends)


def _tensor(tensor: Table, buffers: list[slice]) -> Tensor:
    name = tensor.text(3)
    shape, signature = tensor.words(0), tensor.words(7)
    number = tensor.number(1, "b")
    dtype = opcodes.DTYPES[number] if 0 <= number < len(opcodes.DTYPES) else f"type_{number}"
    checks.check_shape(name, shape, signature, dtype)
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    quantization = tensor.table(4)
    if quantization is not None:
        scales, zero_points = quantization.numbers(2, "<f4"), quantization.numbers(3, "<i8")
        quantization.numbers(0, "<f4")  # least
        quantization.numbers(1, "<f4")  # and largest values
        details = quantization.table(5)
        if details is None:
            axis = quantization.number(6, "i")
            quantities.check_quantization(name, shape, dtype, scales, zero_points, axis)
        elif quantization.number(4, "B") == CUSTOM_QUANTIZATION:
            details.blob(0)
    sparsity = tensor.table(6)
    if sparsity is not None:
        _check_sparsity(sparsity)
    for part in tensor.tables(9):  # of a list
        part.words(0)
    buffer = _index(tensor.number(2, "I"), len(buffers), "buffer")
    size = buffers[buffer].stop - buffers[buffer].start
    if size and sparsity is None:
        checks.check_constant(name, shape, dtype, size)
    if tensor.number(10, "I"):  # its data is in another file
        size = checks.bytes_of(shape, dtype)
    return Tensor(
        name, signature or shape, dtype, size, buffer, scales, zero_points, bool(tensor.number(5, "B"))
    )


def _check_sparsity(sparsity: Table) -> None:
    """Only that its vectors lie in the file."""
    sparsity.words(0)
    sparsity.words(1)
    for axis in sparsity.tables(2):
        for field in (2, 4):  # segments and indices: the type of a vector, and a table with it
            vector, kind = axis.table(field + 1), axis.number(field, "B")
            if vector is not None and kind in SPARSE_INDICES:
                vector.numbers(0, SPARSE_INDICES[kind])


def _operator(operator: Table, codes: list[tuple[str, int, bool]], tensors: int) -> Operator:
    code = codes[_index(operator.number(0, "I"), len(codes), "operator code")]
    kind, options = operator.number(3, "B"), operator.table(4)
    calls: tuple[int, ...] = ()
    splits: int | None = None
    axis: int | None = 0
    slicing: Slicing | None = None
    variable, activation = "", 0
    if options is not None:
        for type_of_options, field, read in _OPTIONS_WITH_POINTERS:
            if kind == type_of_options:
                read(options, field)
        for field in operands.POSITIVE.get(kind, ()):
            default = int((kind, field) in operands.ONE_BY_DEFAULT)
            if options.number(field, "i", default) < 1:
                raise DamageError(f"an operator {code[0]} has a stride or a size below 1")
        if kind in operands.PADDED and options.number(0, "b") not in (0, 1):
            raise DamageError(f"an operator {code[0]} has a padding of no kind")
        calls = tuple(options.number(field, "i") for field in operands.CALLS.get(kind, ()))
        splits = options.number(operands.OUTPUTS[kind], "i") if kind in operands.OUTPUTS else None
        if kind == operands.GATHER:
            axis = None if options.number(1, "i") else options.number(0, "i")
        if kind == operands.STRIDED_SLICE:
            begin, end, ellipsis, new, shrink = (options.number(field, "i") for field in range(5))
            slicing = Slicing(begin, end, ellipsis, new, shrink, bool(options.number(5, "B")))
        if kind == operands.SEQUENCE_LSTM:
            activation = options.number(0, "B")
        if kind == operands.VAR_HANDLE:
            variable = f"{options.text(0)}/{options.text(1)}"
    newest = operator.table(12)  # options of the newest operators
    if newest is not None and operator.number(11, "B") == operands.COMPOSITE:
        calls = (newest.number(operands.COMPOSITE_FIELD, "i"),)
    operator.blob(5)  # options of a custom operator
    ends = []
    for field in (1, 2, 8):  # inputs, outputs, intermediates
        indices = operator.words(field)
        ends.append(tuple(index if index == -1 else _index(index, tensors, "tensor") for index in indices))
    given = kind if options is not None else 0
    return Operator(*code, ends[0], ends[1], given, calls, splits, axis, slicing, variable, activation)


# The options (number of the union's type, field) that point to more data; all others hold numbers only.
_OPTIONS_WITH_POINTERS: tuple[tuple[int, int, Callable[[Table, int], Any]], ...] = (
    (3, 1, Table.words),  # CONCAT_EMBEDDINGS: columns
    (3, 2, Table.words),  # and dimensions per channel
    (17, 0, Table.words),  # RESHAPE: new shape
    (30, 0, Table.words),  # SQUEEZE: axes
    (111, 0, Table.text),  # VAR_HANDLE: container
    (111, 1, Table.text),  # and name
    (115, 0, Table.words),  # BUCKETIZE: boundaries
)


def _check_signatures(root: Table, graphs: tuple[Graph, ...]) -> None:
    for signature in root.tables(7):
        graph = graphs[_index(signature.number(4, "I"), len(graphs), "graph")]
        signature.text(2)
        for field in (0, 1):
            for entry in signature.tables(field):
                entry.text(0)
                _index(entry.number(1, "I"), len(graph.tensors), "tensor")


def _index(index: int, length: int, what: str) -> int:
    if not 0 <= index < length:
        raise DamageError(f"it refers to {what} {index} of {length}")
    return index
