"""One interpreter with its memory: shapes allocated, values in, invoke, values out, state reset."""

from __future__ import annotations

import threading
from typing import Any

from edge.aliases import Array
from edge.errors import ModelFileError
from edge.runtime.interpreter import Runtime
from edge.tflite import Interface
from edge.tflite.variables import has_resources

Shapes = tuple[tuple[int, ...], ...]


class Session:
    """Runs the main graph of a file. Every public method may be called from any thread; hold `lock` over
    several calls that belong together.

    Args:
        interface: the file. Its bytes, not its path, go to the runtime: what was checked is what runs.
        threads: how many the kernels may use; None: as the runtime likes, which is one.
        runtime: what executes it.

    Raises:
        ModelFileError: the runtime refuses the file.
    """

    def __init__(self, interface: Interface, threads: int | None, runtime: Runtime) -> None:
        self.lock = threading.RLock()
        self._content, self._file, self._graph = interface.content, interface.file, interface.graph
        self._threads, self._runtime = threads, runtime
        self._resources = has_resources(self._graph)
        self._shapes: Shapes | None = None
        self._interpreter = self._create()

    def prepare(self, shapes: Shapes) -> None:
        """Allocate memory for inputs of these shapes, in the order of the file. Costs nothing if it is done.

        A state is zero afterwards.
        """
        with self.lock:
            if shapes == self._shapes:
                return
            self._shapes = None  # until all of it has worked
            if self._resources:
                self._interpreter = self._create()  # no runtime resets these otherwise
            try:
                for index, shape in zip(self._graph.inputs, shapes, strict=True):
                    self._interpreter.resize_tensor_input(index, shape)
                self._interpreter.allocate_tensors()
            except (RuntimeError, ValueError) as error:
                sizes = ", ".join(str(list(shape)) for shape in shapes)
                raise self._refusal(error, f"cannot run it on inputs of shape {sizes}") from None
            self._shapes = shapes
            self._interpreter.reset_all_variables()

    def run(self, values: list[Array]) -> list[Array]:
        """The outputs for the inputs, both as the file holds them. `prepare` comes first."""
        with self.lock:
            self.set_inputs(values)
            self.invoke()
            return [self._interpreter.get_tensor(index) for index in self._graph.outputs]

    def set_inputs(self, values: list[Array], after: int = 0) -> None:
        """Copy inputs in, in the order of the file, from number `after` on; others stay what they are."""
        with self.lock:
            indices = self._graph.inputs[after : after + len(values)]
            for index, value in zip(indices, values, strict=True):
                self._interpreter.set_tensor(index, value)

    def invoke(self) -> None:
        """Run the graph."""
        try:
            with self.lock:
                self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise self._refusal(error, "stopped while running it") from None

    def reset(self) -> None:
        """Set the state to zero."""
        with self.lock:
            if self._resources and self._shapes is not None:
                shapes, self._shapes = self._shapes, None
                self.prepare(shapes)
            else:
                self._interpreter.reset_all_variables()

    def _create(self) -> Any:
        try:
            return self._runtime.interpreter(model_content=self._content, num_threads=self._threads)
        except (RuntimeError, ValueError) as error:
            raise self._refusal(error, "does not take it") from None

    def _refusal(self, error: Exception, what: str) -> ModelFileError:
        words = " ".join(str(error).split())
        flex = any(
            operator.name.startswith("Flex") for graph in self._file.graphs for operator in graph.operators
        )
        hint = (
            " The file has TensorFlow (Flex) operators, which the runtimes of devices lack; `python -m edge "
            "inspect` lists them, and a conversion without SELECT_TF_OPS avoids them."
        )
        runtime = f"{self._runtime.name} {self._runtime.version}"
        return ModelFileError(f"{self._file.name}: {runtime} {what}: {words}.{hint if flex else ''}")
