"""Every call into a runtime, and the one place where what it mutters becomes a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.runtime.acceleration import Acceleration, Accelerator, Wish, accelerator, insist, unused
from edge.runtime.interpreter import Runtime
from edge.tflite import Interface

Shapes = tuple[tuple[int, ...], ...]

FLEX = (
    " The file has TensorFlow (Flex) operators, which the runtimes of devices lack; `python -m edge inspect` "
    "lists them, and a conversion without SELECT_TF_OPS avoids them."
)
BOUNDS = " An input that names rows of a table (tokens, indices) named one that is not there."
MEMORY = " Give it fewer rows or steps at a time, or a device with more memory."
LOOK = " `python -m edge inspect` shows what is in the file and which runtimes take it."


class Engine(Protocol):
    """What runs the main graph of one file, here or in another process. Tensors go by their index."""

    def allocate(self, shapes: Shapes) -> None:
        """Memory for inputs of these shapes; every variable is zero afterwards."""

    def write(self, indices: Sequence[int], values: Sequence[Array]) -> None:
        """Copy values in."""

    def read(self, indices: Sequence[int]) -> list[Array]:
        """Copies of values."""

    def invoke(self) -> None:
        """Run the graph."""

    def run(self, values: Sequence[Array]) -> list[Array]:
        """The outputs for the inputs: `write`, `invoke` and `read` in one."""

    def reset(self) -> None:
        """Set every variable to zero."""

    def acceleration(self) -> Acceleration:
        """Which LSTM runs on the native engine, and why not."""

    def close(self) -> None:
        """Let go of what it holds."""


class LocalEngine:
    """An interpreter in this process.

    Where the native engine may be had or not and the runtime does not work with it, it is made again without.

    Args:
        interface: the file. Its bytes, not its path, go to the runtime: what was checked is what runs.
        threads: how many the kernels may use; None: as the runtime likes, which is one.
        runtime: what executes it.
        accelerate: as in `edge.load`.

    Raises:
        ModelFileError: by this and by every method: the runtime refuses, in one sentence; or the native
            engine is insisted on, and does not take every LSTM.
        ImportError: it is insisted on, and cannot be used here.
    """

    def __init__(
        self, interface: Interface, threads: int | None, runtime: Runtime, accelerate: Wish = False
    ) -> None:
        self._interface, self._runtime = interface, runtime
        self._inputs, self._outputs = interface.graph.inputs, interface.graph.outputs
        self._options = {"model_content": interface.content, "num_threads": threads}
        self._insists = accelerate is True
        self._native: Any = None
        self._found: Acceleration
        found = accelerator(interface, accelerate)
        if isinstance(found, Accelerator):
            self._accelerated(found)
        else:
            self._plain(found)

    def allocate(self, shapes: Shapes) -> None:
        """Memory for inputs of these shapes; every variable is zero afterwards."""
        try:
            self._allocate(shapes)
        except ModelFileError as error:
            if self._found.version is None or self._insists:
                raise
            before = self._native, self._found
            self._plain(f"the runtime stopped with it ({error})".rstrip("."))
            try:
                self._allocate(shapes)
            except ModelFileError:  # it is not for the engine's sake
                self._native, self._found = before
                raise

    def acceleration(self) -> Acceleration:
        """Which LSTM runs on the native engine, and why not."""
        return self._found

    def write(self, indices: Sequence[int], values: Sequence[Array]) -> None:
        """Copy values in."""
        for index, value in zip(indices, values, strict=True):
            self._call(f"does not take the values for tensor {index}", self._native.set_tensor, index, value)

    def read(self, indices: Sequence[int]) -> list[Array]:
        """Copies of values."""
        what = "does not give its results"
        return [self._call(what, self._native.get_tensor, index) for index in indices]

    def invoke(self) -> None:
        """Run the graph."""
        self._call("stopped while running it", self._native.invoke)

    def bare_invoke(self) -> Callable[[], None]:
        """The runtime's own call, for a clock; what goes wrong in it is not translated."""
        found: Callable[[], None] = self._native.invoke
        return found

    def run(self, values: Sequence[Array]) -> list[Array]:
        """The outputs for the inputs."""
        self.write(self._inputs, values)
        self.invoke()
        return self.read(self._outputs)

    def reset(self) -> None:
        """Set every variable to zero."""
        self._call("cannot reset its state", self._native.reset_all_variables)

    def close(self) -> None:
        """Let go of the interpreter and its memory."""
        self._native = None

    def _accelerated(self, found: Accelerator) -> None:
        """The interpreter with the engine; without, where it does not go with it and need not."""
        made, delegates = self._runtime.interpreter, [found.delegate]
        try:
            self._native = made(**self._options, experimental_delegates=delegates)
        except Exception as error:  # a runtime raises whatever it likes
            if self._insists:
                raise self._refusal(error, "does not take it with the native engine") from None
            self._plain(f"the runtime does not take it there ({plain_words(error)})")
            return
        self._found = found.report(self._interface)
        if self._insists:
            insist(self._interface.name, self._found)

    def _plain(self, why_not: str) -> None:
        made = self._runtime.interpreter
        self._native = self._call("does not take it", lambda: made(**self._options))
        self._found = unused(self._interface, why_not)

    def _allocate(self, shapes: Shapes) -> None:
        what = f"cannot run it on inputs of shape {', '.join(str(list(shape)) for shape in shapes)}"
        for index, shape in zip(self._inputs, shapes, strict=True):
            self._call(what, self._native.resize_tensor_input, index, shape)
        self._call(what, self._native.allocate_tensors)
        self._call(what, self._native.reset_all_variables)

    def _call(self, what: str, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:  # a runtime raises whatever it likes
            raise self._refusal(error, what) from None

    def _refusal(self, error: Exception, what: str) -> ModelFileError:
        file, words = self._interface.file, plain_words(error)
        hint = LOOK
        if any(each.name.startswith("Flex") for graph in file.graphs for each in graph.operators):
            hint = FLEX
        elif isinstance(error, MemoryError):
            hint = MEMORY
        elif "out of bounds" in words:
            hint = BOUNDS
        runtime = f"{self._runtime.name} {self._runtime.version}"
        return ModelFileError(f"{file.name}: {runtime} {what}: {words}.{hint}")


def plain_words(error: Exception) -> str:
    """What a runtime said, once, without its source files and with the operator set apart.

    Example:
        >>> plain_words(RuntimeError("gather index out of boundsNode number 25 (GATHER) failed to invoke."))
        'gather index out of bounds, at operator 25, GATHER'
        >>> plain_words(RuntimeError("core/graph.cc:97 a != b (5 != 6)core/graph.cc:97 a != b (5 != 6)"))
        'a != b (5 != 6)'
    """
    words = " ".join(str(error).split()) or (
        "no memory" if isinstance(error, MemoryError) else type(error).__name__
    )
    words = re.sub(r"(?:/?[\w+-]+/)*[\w+-]+\.(?:cc|h|cpp)(?::\d+)?:? ?", "\0", words)
    parts = list(dict.fromkeys(part.strip() for part in words.split("\0") if part.strip()))
    words = "; ".join(parts)
    node = r"[\s.:;,]*Node number (\d+) \((\w+)\) failed to (?:invoke|prepare)\.?"
    return re.sub(node, r", at operator \1, \2", words).strip(" .,;") or type(error).__name__
