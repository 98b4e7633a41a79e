"""`EdgeModel`: a converted file, ready to predict; real numbers in, real numbers out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge import flatfile
from edge.errors import ModelFileError
from edge.interpreter import find_runtime
from edge.session import Session, Shapes
from edge.stream import Stream
from edge.tensors import TensorInfo, check_type, decode, encode, info_of
from edge.variables import state_of

Array = np.ndarray
METADATA = "keras_lstm_plus"


def load(path: str | Path, num_threads: int | None = None, runtime: str | None = None) -> EdgeModel:
    """Load a `.tflite` file, ours or another's.

    Args:
        path: of the file.
        num_threads: how many threads the kernels may use. None: the runtime's own choice, which is one. The
            LSTM operator itself uses one; convolutions and large dense layers gain from more.
        runtime: `"ai-edge-litert"` or `"tflite-runtime"`; None: the first of them that is installed.

    Raises:
        ModelFileError: the file is missing, cut, damaged or no model, or the runtime refuses it. It is a
            ValueError.
        ImportError: no runtime is installed; the message names them.
        ValueError: `num_threads` is not a positive integer, or `runtime` is not one of the two.

    Example:
        >>> model = load("exercise.tflite")  # doctest: +SKIP
        >>> model.predict(np.zeros((4, 50, 6), "float32")).shape  # doctest: +SKIP
        (4, 7)
    """
    model = EdgeModel(path, num_threads, runtime)
    model.prepare()
    return model


class EdgeModel:
    """A file and the memory to run it. Made by `load`, which says what the arguments are.

    One `EdgeModel` may be used from several threads; they take turns.

    Attributes:
        inputs: what `predict` takes, in order: name, shape (-1: any size), dtype, scale, zero point.
        outputs: what it returns.
        state: `"reset"`: each call starts anew; `"carry"`: the file is for streams; `"none"`: it has no
            state. Read off the graph, so it holds for any file.
        metadata: what `edge.convert` noted in the file: variant, quantization, versions. None: it was made
            by something else.
        file: the structure of the file.
        runtime: name and version of what executes it.
    """

    def __init__(self, path: str | Path, num_threads: int | None = None, runtime: str | None = None) -> None:
        is_integer = isinstance(num_threads, int) and not isinstance(num_threads, bool)
        if num_threads is not None and not (is_integer and num_threads > 0):
            raise ValueError(f"num_threads must be a positive integer or None, received {num_threads!r}.")
        content = flatfile.read(path)
        self.file = flatfile.parse(content, Path(path).name)
        graph = self.file.graphs[0]
        self.inputs, self.outputs = (
            tuple(info_of(graph.tensors[index], self.file.name) for index in indices)
            for indices in (graph.inputs, graph.outputs)
        )
        if not self.inputs or not self.outputs:
            raise ModelFileError(
                f"{self.file.name}: the model has no {'input' if self.outputs else 'output'}."
            )
        self.state = state_of(graph)
        self._by_row = self._takes_rows()
        self.metadata = read_metadata(self.file)
        self.runtime = find_runtime(runtime)
        self._content, self._threads = content, num_threads
        self.session = self.new_session()

    def __repr__(self) -> str:
        ends = " -> ".join(", ".join(map(str, infos)) for infos in (self.inputs, self.outputs))
        state = {"none": "no state", "reset": "starts anew each call", "carry": "carries state"}[self.state]
        return f"<EdgeModel {self.file.name}: {ends}; {state}; {self.runtime.name} {self.runtime.version}>"

    def prepare(self, length: int = 1) -> None:
        """Allocate memory for one sequence of that many steps, as `predict` does when the length changes.

        Args:
            length: for every free axis but the first; an axis of fixed length stays what it is.
        """
        self.session.prepare(self.shapes(length))

    def shapes(self, length: int) -> Shapes:
        """The shapes of the inputs for one sequence of that many steps."""
        return tuple(
            tuple(n if n >= 0 else (1 if axis == 0 else length) for axis, n in enumerate(info.shape))
            for info in self.inputs
        )

    def predict(self, x: Any) -> Any:
        """Run the model on a batch.

        Args:
            x: `[batch, time, features]`, or what `inputs` says; real numbers (integer and boolean arrays are
                taken as such), integers for a token input. Several inputs: a list in the order of `inputs`.
                A file for one sequence at a time is run row by row. A sequence starts from a zero state,
                whatever came before.

        Returns:
            The output, `[batch, ...]`, float32 (an integer output, as from an argmax, stays integer). Several
            outputs: a list in the order of `outputs`.

        Raises:
            ValueError: the wrong number of features, axes or steps; NaN or infinity; an empty batch.
            TypeError: the wrong kind of numbers.
            ModelFileError: the runtime cannot run the file on inputs of that shape.
        """
        arrays = [check_type(value, info) for value, info in zip(self._split(x), self.inputs, strict=True)]
        for array, info in zip(arrays, self.inputs, strict=True):
            self._check_shape(array, info)
        self._check_batches(arrays)
        values = [encode(array, info) for array, info in zip(arrays, self.inputs, strict=True)]
        if self._by_row:
            rows = [self._run([value[n : n + 1] for value in values]) for n in range(len(arrays[0]))]
            results = [_stack(parts) for parts in zip(*rows, strict=True)]
        else:
            results = self._run(values)
        decoded = [decode(result, info) for result, info in zip(results, self.outputs, strict=True)]
        return decoded[0] if len(decoded) == 1 else decoded

    def stream(self) -> Stream:
        """A stream of its own, for one time step at a time: it does not disturb `predict` or other streams.

        Raises:
            ValueError: the file keeps no state between calls, or takes several steps at once.
        """
        return Stream(self)

    def _run(self, values: list[Array]) -> list[Array]:
        with self.session.lock:
            self.session.prepare(tuple(value.shape for value in values))
            if self.state == "carry":
                self.session.reset()
            return self.session.run(values)

    def new_session(self) -> Session:
        """Another interpreter for the same file, with a state of its own."""
        return Session(self._content, self.file, self._threads, self.runtime)

    def _takes_rows(self) -> bool:
        """Whether a batch is run row by row: where the file says one, and where a state has its width."""
        firsts = {info.shape[0] if info.shape else None for info in self.inputs}
        return firsts <= {1, -1} and (1 in firsts or self.state != "none")

    def _split(self, x: Any) -> Sequence[Any]:
        if len(self.inputs) == 1:
            return [x]
        names = ", ".join(map(str, self.inputs))
        if not isinstance(x, (list, tuple)):
            raise TypeError(
                f"{self.file.name} takes a list of {len(self.inputs)} inputs ({names}), received "
                f"{type(x).__name__}."
            )
        if len(x) != len(self.inputs):
            raise ValueError(
                f"{self.file.name} takes {len(self.inputs)} inputs ({names}), received {len(x)}."
            )
        return x

    def _check_shape(self, array: Array, info: TensorInfo) -> None:
        shape = tuple(-1 if axis == 0 and self._by_row else n for axis, n in enumerate(info.shape))
        received = f"{self.file.name} takes {info}, received shape {list(array.shape)}"
        if array.ndim != len(shape):
            axes = "[batch, time, features], " if len(shape) == 3 else ""
            raise ValueError(f"{received}: {axes}{len(shape)} axes are needed, not {array.ndim}.")
        for axis, (wanted, found) in enumerate(zip(shape, array.shape, strict=True)):
            if found == 0:
                raise ValueError(f"{received}: axis {axis} is empty.")
            if wanted not in (-1, found):
                raise ValueError(f"{received}: axis {axis} must be {wanted}, not {found}.")

    def _check_batches(self, arrays: Sequence[Array]) -> None:
        pairs = zip(arrays, self.inputs, strict=True)
        batches = [len(array) for array, info in pairs if info.shape and (self._by_row or info.shape[0] < 0)]
        if len(set(batches)) > 1:
            raise ValueError(
                f"{self.file.name}: all inputs need the same batch size, received "
                f"{' and '.join(map(str, batches))}."
            )


def read_metadata(file: flatfile.ModelFile) -> dict[str, Any] | None:
    """What `edge.convert` noted in a file; None if it did not write it.

    Raises:
        ModelFileError: the note is damaged.
    """
    if METADATA not in file.metadata:
        return None
    try:
        note = json.loads(file.metadata[METADATA])
    except (ValueError, RecursionError):
        note = None
    if not isinstance(note, dict):
        raise ModelFileError(f"{file.name} is damaged: its metadata {METADATA!r} is no JSON object.")
    return note


def _stack(rows: Sequence[Array]) -> Array:
    """Rows to a batch: along the batch axis where an output has one."""
    return np.concatenate(rows) if rows[0].ndim and len(rows[0]) == 1 else np.stack(rows)
