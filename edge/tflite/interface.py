"""What goes into a file and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.errors import ModelFileError
from edge.tflite.labels import label_fault
from edge.tflite.model_file import Graph, ModelFile, Tensor
from edge.tflite.note import Normalization, Note, read_note
from edge.tflite.parser import parse, read
from edge.tflite.variables import state_of


class TensorInfo(NamedTuple):
    """An input or output of a file.

    Attributes:
        name: as the file has it.
        shape: with -1 for an axis of any length.
        dtype: of the numbers in the file.
        scale: real value = scale * (number - zero_point); None where the numbers are the values.
        zero_point: the number that stands for 0.0; None like `scale`.

    Example:
        >>> import edge
        >>> model = edge.load("exercise.tflite")
        >>> model.outputs[0].shape, model.outputs[0].dtype, model.outputs[0].scale
        ((-1, 7), dtype('float32'), None)
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    scale: float | None
    zero_point: int | None

    @property
    def is_real(self) -> bool:
        """Whether values are real numbers; otherwise they are integers (tokens) or booleans."""
        return self.scale is not None or self.dtype.kind == "f"

    def __str__(self) -> str:
        kind = "real numbers" if self.is_real else str(self.dtype)
        return f"{self.name!r} [{', '.join('any' if n < 0 else str(n) for n in self.shape)}] of {kind}"


class State(NamedTuple):
    """A state: what the file takes before the first step, and what it gives after the last.

    Attributes:
        input: the end that takes it; `input.name` is its name.
        output: the end that gives it.
    """

    input: TensorInfo
    output: TensorInfo

    @property
    def name(self) -> str:
        """What the state is called: as the input that takes it."""
        return self.input.name


class Ends(NamedTuple):
    """The ends of the main graph as they stand in the file, those for states apart, in pairs."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    states: tuple[tuple[Tensor, Tensor], ...]


@dataclass(frozen=True)
class Interface:
    """What a program must know of a file to use it. Made by `describe`.

    The graph lists its states after the data; only the note tells how many they are. Here they are apart.

    Attributes:
        content: the bytes of the file. Whoever runs it takes these: what was checked is what runs.
        file: their structure.
        note: what `edge.convert` noted; None: the file is another's.
    """

    content: bytes = field(repr=False)
    file: ModelFile
    note: Note | None

    @property
    def name(self) -> str:
        """How messages call the file."""
        return self.file.name

    @property
    def graph(self) -> Graph:
        """The main graph."""
        return self.file.graphs[0]

    @property
    def lstms(self) -> dict[int, str]:
        """The fused LSTMs of the main graph by their numbers among its operators, and what to call them: as
        `edge.convert` noted it, else by their outputs."""
        found = {
            number: self.graph.tensors[operator.outputs[0]].name
            for number, operator in enumerate(self.graph.operators)
            if operator.name == "UNIDIRECTIONAL_SEQUENCE_LSTM"
        }
        noted = self.note.content.get("layers") if self.note else None
        layers = [each for each in noted if isinstance(each, dict)] if isinstance(noted, list) else []
        names = [str(each.get("name")) for each in layers if each.get("lowering") == "fused"]
        return dict(zip(found, names, strict=True)) if len(names) == len(found) else found

    @cached_property
    def ends(self) -> Ends:
        """The ends as they are, also of types that Python cannot pass."""
        count = len(self.note.states) if self.note else 0
        sources, results = (
            [self.graph.tensors[index] for index in indices]
            for indices in (self.graph.inputs, self.graph.outputs)
        )
        first, last = len(sources) - count, len(results) - count
        pairs = zip(sources[first:], results[last:], strict=True)
        return Ends(tuple(sources[:first]), tuple(results[:last]), tuple(pairs))

    @cached_property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """The data that goes in, in order.

        Raises:
            ModelFileError: there is none, or Python cannot pass values of that type.
        """
        return self._infos(self.ends.inputs, "input")

    @cached_property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """The data that comes out, in order. Raises like `inputs`."""
        return self._infos(self.ends.outputs, "output")

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The states of an explicit file, in order; else none. Raises like `inputs`."""
        return tuple(State(*(_info_of(end, self.name) for end in pair)) for pair in self.ends.states)

    @property
    def state(self) -> str:
        """What becomes of the state: `"none"`, `"reset"`, `"carry"` or `"explicit"`."""
        return "explicit" if self.note and self.note.state == "explicit" else state_of(self.graph)

    @property
    def lowering(self) -> str | None:
        """`"fused"`, `"unrolled"`, `"step"` or `"mixed"`; None where it is not noted."""
        return self.note.lowering if self.note else None

    @property
    def timed(self) -> tuple[bool | None, ...]:
        """For each output whether it has one entry per time step; None where it is not noted."""
        return self.note.timed if self.note else (None,) * len(self.ends.outputs)

    @property
    def timed_inputs(self) -> tuple[bool | None, ...]:
        """The same for each input."""
        return self.note.timed_inputs if self.note else (None,) * len(self.ends.inputs)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the classes, where they are noted."""
        return self.note.labels if self.note else None

    def check_labels(self) -> None:
        """See that the names of the classes fit, before somebody is told a wrong one.

        Raises:
            ModelFileError: no output has as many values as there are names.
        """
        if self.labels is None:
            return
        sizes = {info.name: info.shape[-1] if info.shape else 1 for info in self.outputs}
        fault = label_fault(len(self.labels), sizes)
        if fault:
            raise ModelFileError(f"{self.name}: {fault}; convert it again with a label for each value.")

    @property
    def normalization(self) -> Normalization | None:
        """How features were scaled for training, where it is noted."""
        return self.note.normalization if self.note else None

    def shapes(self, length: int) -> tuple[tuple[int, ...], ...]:
        """The shapes of the data inputs for one sequence of that many steps."""
        return tuple(
            tuple(n if n >= 0 else (1 if axis == 0 else length) for axis, n in enumerate(info.shape))
            for info in self.inputs
        )

    def _infos(self, tensors: Sequence[Tensor], kind: str) -> tuple[TensorInfo, ...]:
        if not tensors:
            raise ModelFileError(f"{self.name}: the model has no {kind}.")
        return tuple(_info_of(tensor, self.name) for tensor in tensors)


def describe(path: str | Path) -> Interface:
    """Read and check a model file, ours or another's. No runtime is needed.

    Raises:
        ModelFileError: the file is missing, cut, damaged or no model, or of a newer version.
    """
    return describe_content(read(path), Path(path).name)


def describe_content(content: bytes, name: str) -> Interface:
    """The same for the bytes of a file; `name` is how messages call it."""
    file = parse(content, name)
    return Interface(content, file, read_note(file))


def _info_of(tensor: Tensor, file: str) -> TensorInfo:
    """What the caller of a file must know of one of its inputs or outputs.

    Raises:
        ModelFileError: values of that type cannot be passed from Python.
    """
    try:
        dtype = np.dtype(tensor.dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "fiub":
        raise ModelFileError(
            f"{file}: {tensor.name!r} holds {tensor.dtype} values; only real numbers, integers and booleans "
            "can be passed in and out. Convert the model with float inputs and outputs."
        )
    if dtype.kind not in "iu" or not tensor.scales:
        return TensorInfo(tensor.name, tensor.shape, dtype, None, None)
    scale, zero_point = tensor.scales[0], (tensor.zero_points or (0,))[0]
    limits = np.iinfo(dtype)
    if len(tensor.scales) > 1 or not (np.isfinite(scale) and scale > 0):
        raise ModelFileError(f"{file}: {tensor.name!r} needs one positive scale, it has {tensor.scales}.")
    if not limits.min <= zero_point <= limits.max:
        raise ModelFileError(f"{file}: the zero point {zero_point} of {tensor.name!r} is no {dtype}.")
    return TensorInfo(tensor.name, tensor.shape, dtype, scale, zero_point)
