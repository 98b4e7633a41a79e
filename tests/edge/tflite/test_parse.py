"""The reader of model files: what it reads is right, and what is wrong it says, whatever the bytes."""

from __future__ import annotations

import os
import pickle
import random
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import edge
from edge.errors import ModelFileError
from edge.inspection import inspect
from edge.tflite import opcodes, parse
from edge.tflite.reader import DamageError, Reader, Table
from tests.helpers.device_files import edited, model_file

KINDS = ("reset", "int8", "stock", "stateful", "multi")
QUICKLY = 2.0  # seconds in which any file of this size must be read or refused


def names_of(numbers: type) -> dict[int, str]:
    return {number: name for name, number in vars(numbers).items() if isinstance(number, int)}


# -- what it reads -----------------------------------------------------------------------------------------


def test_names_are_those_of_the_schema() -> None:
    assert dict(enumerate(opcodes.OPERATORS)) == names_of(schema.BuiltinOperator)
    assert dict(enumerate(opcodes.DTYPES)) == {n: s.lower() for n, s in names_of(schema.TensorType).items()}
    assert opcodes.OPERATORS[opcodes.CUSTOM] == "CUSTOM"


@pytest.mark.parametrize("kind", KINDS)
def test_it_reads_what_the_generated_code_reads(kind: str) -> None:
    content = model_file(kind).read_bytes()
    mine, theirs = parse(content), schema.ModelT.InitFromPackedBuf(content, 0)
    operators, dtypes = names_of(schema.BuiltinOperator), names_of(schema.TensorType)
    assert len(mine.graphs) == len(theirs.subgraphs)
    for graph, other in zip(mine.graphs, theirs.subgraphs, strict=True):
        assert graph.inputs == tuple(other.inputs)
        assert graph.outputs == tuple(other.outputs)
        for tensor, twin in zip(graph.tensors, other.tensors, strict=True):
            signature = twin.shape if twin.shapeSignature is None else twin.shapeSignature
            data, quantization = theirs.buffers[twin.buffer].data, twin.quantization
            scales = getattr(quantization, "scale", None)
            zeros = getattr(quantization, "zeroPoint", None)
            assert tensor == (
                (twin.name or b"").decode(),
                tuple(signature if signature is not None else ()),
                dtypes[twin.type].lower(),
                0 if data is None else len(data),
                twin.buffer,
                () if scales is None else tuple(scales.tolist()),
                () if zeros is None else tuple(zeros.tolist()),
                bool(twin.isVariable),
            )
        for operator, twin in zip(graph.operators, other.operators, strict=True):
            code = theirs.operatorCodes[twin.opcodeIndex]
            assert operator.name == operators[max(code.builtinCode, code.deprecatedBuiltinCode)]
            assert operator.version == code.version
            assert operator.inputs == tuple(twin.inputs if twin.inputs is not None else ())
            assert operator.outputs == tuple(twin.outputs if twin.outputs is not None else ())
    for entry in theirs.metadata:
        assert mine.metadata[entry.name.decode()] == bytes(theirs.buffers[entry.buffer].data)


# -- files of another kind ---------------------------------------------------------------------------------

FOREIGN = {
    "empty.tflite": (b"", "empty.tflite is empty"),
    "model.keras": (b"PK\x03\x04" + bytes(100), "zip archive, as a .keras file is.*edge.convert.convert"),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "picture.png is not a TensorFlow Lite model.*'TFL3'"),
    "notes.txt": (b"hello", "notes.txt is not a TensorFlow Lite model"),
    "short.tflite": (b"\x1c\0\0\0TFL3", "short.tflite is cut short or damaged: .*the file has 8 bytes"),
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("use", [edge.load, inspect], ids=["load", "inspect"])
def test_foreign_files_are_refused(name: str, use: Any, tmp_path: Path) -> None:
    content, message = FOREIGN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=message) as caught:
        use(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("use", [edge.load, inspect], ids=["load", "inspect"])
def test_missing_files_and_folders_are_refused(use: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="There is no file .*nowhere.tflite"):
        use(tmp_path / "nowhere.tflite")
    with pytest.raises(ModelFileError, match="is a folder, not a model"):
        use(tmp_path)
    if os.path.exists("/dev/zero"):
        with pytest.raises(ModelFileError, match="no ordinary file"):
            use("/dev/zero")  # which never ends


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3")
    path.chmod(0)
    with pytest.raises(ModelFileError, match="cannot be read: Permission denied"):
        edge.load(path)


# -- damage ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_is_refused_wherever_it_is_cut(kind: str) -> None:
    content = model_file(kind).read_bytes()
    whole = parse(content)
    for length in range(0, len(content), 7):
        try:
            part = parse(content[:length])
        except ModelFileError:
            continue
        assert part[2:] == whole[2:], length  # no more than padding was lost
        assert len(content) - length < 16


def test_a_cut_file_is_refused_before_a_runtime_sees_it(tmp_path: Path) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(model_file("reset").read_bytes()[:-200])
    with pytest.raises(ModelFileError, match="cut.tflite is cut short or damaged: .* Copy it again"):
        edge.load(path)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("tensor", "refers to tensor 9999 of"),
        ("buffer", "refers to buffer 9999 of"),
        ("code", "refers to operator code 9999 of"),
        ("input", "refers to tensor 9999 of"),
    ],
)
def test_an_index_out_of_range_is_refused(what: str, message: str) -> None:
    def damage(model: Any) -> None:
        graph = model.subgraphs[0]
        operator = graph.operators[-1]
        if what == "tensor":
            operator.inputs = [9999, *operator.inputs[1:]]
        elif what == "buffer":
            graph.tensors[-1].buffer = 9999
        elif what == "code":
            operator.opcodeIndex = 9999
        else:
            graph.inputs = [9999]

    with pytest.raises(ModelFileError, match=message):
        parse(edited("multi", damage))


def damage(content: bytes, cut: int | None, changes: list[tuple[int, int]]) -> bytes:
    damaged = bytearray(content)
    for position, value in changes:
        damaged[position % len(damaged)] = value
    return bytes(damaged[: None if cut is None else cut % len(damaged)])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(KINDS),
    cut=st.none() | st.integers(0, 2**20),
    changes=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=8),
)
def test_any_damage_is_refused_or_harmless(
    kind: str, cut: int | None, changes: list[tuple[int, int]]
) -> None:
    start = time.perf_counter()
    try:
        parse(damage(model_file(kind).read_bytes(), cut, changes))
    except ModelFileError as error:
        assert "\n" not in str(error)  # noqa: PT017
    assert time.perf_counter() - start < QUICKLY


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 64), st.binary(max_size=400))
def test_any_bytes_are_refused_or_harmless(root: int, content: bytes) -> None:
    try:
        parse(struct.pack("<I", root) + b"TFL3" + content)
    except ModelFileError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("size", "field", "fits"),
    [(12, 8, True), (12, 12, False), (13, 8, False), (2, 0, False), (12, 200, False)],
)
def test_a_table_lies_in_the_file_and_its_fields_in_the_table(size: int, field: int, fits: bool) -> None:
    # A vtable of 6 bytes, then at byte 8 a table of 12. The runtime reads fields that we never look at.
    content = struct.pack("<HHHHiII", 6, size, field, 0, 8, 1, 2)
    if fits:
        assert Table(Reader(content), 8).number(0, "I") == 2
    else:
        with pytest.raises(DamageError, match="the table at byte 8 does not fit"):
            Table(Reader(content), 8)


def test_a_file_that_describes_far_more_than_it_holds_is_refused_quickly() -> None:
    # A thousand graphs that are all the same place, each with the same name of 100,000 letters.
    graphs, letters = 1_000, 100_000
    root_vtable = struct.pack("<HHHHH", 10, 8, 0, 0, 4)  # field 2: the graphs
    graph_vtable = struct.pack("<HHHHHHH", 14, 8, 0, 0, 0, 0, 4)  # field 4: the name
    root_at = 8 + len(root_vtable) + len(graph_vtable)
    root = struct.pack("<iI", root_at - 8, 4)
    entries = struct.pack(f"<{graphs + 1}I", graphs, *(4 * (graphs - k) for k in range(graphs)))
    graph_at = root_at + len(root) + len(entries)
    graph = struct.pack("<iI", graph_at - 8 - len(root_vtable), 4)
    name = struct.pack("<I", letters) + b"x" * letters + b"\0"
    head = struct.pack("<I4s", root_at, b"TFL3")
    content = head + root_vtable + graph_vtable + root + entries + graph + name
    start = time.perf_counter()
    with pytest.raises(ModelFileError, match="describes more than a file of this length can hold"):
        parse(content)
    assert time.perf_counter() - start < QUICKLY
    one = content.replace(entries[:4], struct.pack("<I", 1), 1)  # the same bytes with one graph are a model
    assert len(parse(one).graphs) == 1


# Files that pass the reader are given to the runtime in forked processes, which may crash.
LOAD_ALL = """
import os, pickle, signal, sys
from ai_edge_litert.interpreter import Interpreter
from edge import ModelFileError
from edge.tflite import parse
passed = crashed = 0
for content in pickle.load(sys.stdin.buffer):
    try:
        parse(content)
    except ModelFileError:
        continue
    passed += 1
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            Interpreter(model_content=content).allocate_tensors()
        except (RuntimeError, ValueError):
            pass
        os._exit(0)
    crashed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
print(passed, crashed)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_damage_that_passes_does_not_crash_the_runtime() -> None:
    rng = random.Random(0)
    files = []
    for _ in range(250):
        content = model_file(rng.choice(KINDS)).read_bytes()
        files.append(damage(content, None, [(rng.randrange(len(content)), rng.randrange(256))]))
    result = subprocess.run(
        [sys.executable, "-c", LOAD_ALL], input=pickle.dumps(files), capture_output=True, check=True
    )
    passed, crashed = map(int, result.stdout.split())
    assert passed > 60
    # A flipped byte can turn one operator into another: a valid file that kernels are not ready for.
    assert crashed <= 2
