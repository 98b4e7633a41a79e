"""The process in which TensorFlow Lite Micro runs one file: the other end of a `Worker`. It may abort."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.results.benchmark import RuntimeName
from edge.runtime.interpreter import Runtime
from edge.runtime.model import EdgeModel
from edge.runtime.session import Session
from edge.runtime.values import encode
from edge.tflite import parser

NAME = "tflite-micro"
CONVERT = "python -m edge convert --target microcontroller"
PLENTY = 64 * 2**20  # bytes of arena; no microcontroller has so many, so what needs more is refused
ALIGNMENT = 16
WARM_UP, LEAST, MOST, SECONDS = 3, 20, 1000, 0.5


class Found(NamedTuple):
    """One file on both runtimes; durations in seconds.

    Attributes:
        runtime: TensorFlow Lite Micro.
        reference, outputs: of the Interpreter, and of TensorFlow Lite Micro.
        load, first, warm_up, times: what it took there.
        batch: sequences of one inference.
        size: of the file, in bytes.
        arena: the smallest in which it runs, in bytes.
    """

    runtime: RuntimeName
    reference: list[Array]
    outputs: list[Array]
    load: float
    first: float
    warm_up: list[float]
    times: list[float]
    batch: int
    size: int
    arena: int


class MicroInterpreter:
    """TensorFlow Lite Micro with the methods of an Interpreter that `edge.runtime.session` calls.

    Args:
        model_content: the bytes of the file.
        num_threads: is not used, there is one.
        arena: bytes for everything but the weights.

    Raises:
        RuntimeError: it refuses the file; the message is what it prints.
    """

    def __init__(self, model_content: bytes, num_threads: int | None = None, arena: int = PLENTY) -> None:
        runtime = import_module("tflite_micro").runtime
        graph = parser.parse(model_content).graphs[0]
        self.graph = graph
        self._inner = _heard(lambda: runtime.Interpreter.from_bytes(model_content, arena_size=arena))

    def resize_tensor_input(self, index: int, shape: tuple[int, ...]) -> None:
        """Nothing: shapes are fixed. ValueError if another is wanted."""
        fixed = self.graph.tensors[index].shape
        if tuple(shape) != fixed:
            raise ValueError(f"shapes are fixed there, and input {index} has {list(fixed)}")

    def allocate_tensors(self) -> None:
        """Nothing: it is done."""

    def reset_all_variables(self) -> None:
        """Set the state to zero."""
        _heard(self._inner.reset)

    def set_tensor(self, index: int, value: Array) -> None:
        """Copy an input in."""
        self._inner.set_input(np.ascontiguousarray(value), self.graph.inputs.index(index))

    def invoke(self) -> None:
        """Run the graph."""
        _heard(self._inner.invoke)

    def get_tensor(self, index: int) -> Array:
        """A copy of an output."""
        return np.array(self._inner.get_output(self.graph.outputs.index(index)))

    def arena_used(self) -> int:
        """Bytes of the arena in use, after an inference, by what it prints of itself."""
        words: list[str] = []
        _heard(self._inner.print_allocations, words)
        found = re.search(r"Arena allocation total (\d+) bytes", words[0])
        if found is None:
            raise RuntimeError("it does not say how much of its arena it uses")
        return int(found[1])


def smallest_arena(takes: Callable[[int], bool], used: int) -> int:
    """The smallest arena that a file can be loaded in, in bytes, to the 16 that it is aligned to.

    Args:
        takes: whether an arena of so many bytes will do.
        used: of a larger one, where to begin.
    """
    low, high = 0, -(-used // ALIGNMENT) * ALIGNMENT
    while not takes(high):
        if high > PLENTY:
            raise RuntimeError("no arena is large enough")
        low, high = high, 2 * high
    while high - low > ALIGNMENT:
        middle = (low + high) // (2 * ALIGNMENT) * ALIGNMENT
        low, high = (low, middle) if takes(middle) else (middle, high)
    return high


class Process:
    """What runs in the worker."""

    def measure(self, path: str, x: list[Array], length: int | None, runs: int | None) -> Found:
        """Run a file on the Interpreter and on TensorFlow Lite Micro.

        Args:
            path: of the file.
            x: inputs for `predict`.
            length: time steps of a sequence.
            runs: inferences to measure; None: half a second's worth, 20 to 1000.

        Raises:
            ModelFileError: it cannot be run, and what to do about it.
        """
        try:
            return _measure(path, x, length, runs)
        except (ImportError, ValueError, RuntimeError) as error:
            name, words = Path(path).name, str(error)
            hint = "" if "microcontroller" in words else f" Convert it for a microcontroller: {CONVERT}."
            sentence = words if name in words else f"{name}: {words}".rstrip(".") + "."
            raise ModelFileError(f"{sentence}{hint}") from None


def _measure(path: str, x: list[Array], length: int | None, runs: int | None) -> Found:
    model = EdgeModel(path, accelerate=False)
    reference = _outputs(model, x)
    content = parser.read(path)
    version = metadata.version("tflite_micro")
    import_module("tflite_micro")  # is no part of loading a file
    model.runtime = Runtime(NAME, version, MicroInterpreter)
    start = time.perf_counter()
    model.session = model.new_session()
    load = time.perf_counter() - start
    model.prepare(length or 1)
    shapes = model.shapes(length or 1)
    values = [
        np.resize(encode(value, info), shape)
        for value, info, shape in zip(x, model.inputs, shapes, strict=True)
    ]
    first, *warm_up = _durations(model.session, values, 1 + WARM_UP)
    runs = runs or int(np.clip(SECONDS / max(float(np.median(warm_up)), 1e-7), LEAST, MOST))
    return Found(
        RuntimeName(NAME, version),
        reference,
        load=load,
        first=first,
        warm_up=warm_up,
        times=_durations(model.session, values, runs),
        outputs=_outputs(model, x),
        batch=max((shape[0] for shape in shapes if shape), default=1),
        size=len(content),
        arena=smallest_arena(lambda size: _fits(content, values, size), _ran(content, values).arena_used()),
    )


def _ran(content: bytes, values: list[Array], arena: int = PLENTY) -> MicroInterpreter:
    """An interpreter after one inference; states that go in, behind the values, are zeros."""
    interpreter = MicroInterpreter(content, arena=arena)
    for index, value in zip(interpreter.graph.inputs, values, strict=False):
        interpreter.set_tensor(index, value)
    interpreter.invoke()
    return interpreter


def _fits(content: bytes, values: list[Array], size: int) -> bool:
    """Whether the file can be loaded and run there; tried in a copy of this process, which some sizes end."""
    process = os.fork()
    if process == 0:
        try:
            _ran(content, values, size)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(process, 0)[1] == 0


def _outputs(model: EdgeModel, x: list[Array]) -> list[Array]:
    outputs = model.predict(x if len(x) > 1 else x[0], normalized=True)  # noise stands for data of training
    return outputs if isinstance(outputs, list) else [outputs]


def _durations(session: Session, values: list[Array], count: int) -> list[float]:
    """Of so many inferences. Each needs its inputs anew: in the arena others may lie where they were."""
    clock, durations = time.perf_counter, []
    for _ in range(count):
        session.set_inputs(values)
        start = clock()
        session.invoke()
        durations.append(clock() - start)
    return durations


def _heard(function: Callable[[], Any], words: list[str] | None = None) -> Any:
    """The function's result; what it prints on the way goes to `words`, or into its error.

    What it prints can be read here if descriptor 2 is a file: the `Worker` sees to that.
    """
    begin = _printed()
    try:
        result = function()
    except RuntimeError as error:
        first = [line.strip().rstrip(".") for line in _since(begin).splitlines() if line.strip()][:2]
        raise RuntimeError("; ".join(first) or str(error)) from None
    if words is not None:
        words.append(_since(begin))
    return result


def _printed() -> int:
    """How many bytes; 0 where that cannot be known."""
    try:
        return os.lseek(2, 0, os.SEEK_END)
    except OSError:
        return 0


def _since(begin: int) -> str:
    count = _printed() - begin
    return os.pread(2, count, begin).decode("utf-8", "replace") if count > 0 else ""
