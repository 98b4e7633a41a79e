"""What `edge.convert` noted in a file, as a checked value. Standard library only."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

from edge.errors import ModelFileError
from edge.tflite.model_file import ModelFile

ENTRY = "keras_lstm_plus"
NEWEST = 2  # format; a change of what is noted is a new one
STATES = ("reset", "carry", "explicit")


class NotedState(NamedTuple):
    """A state of an explicit file: the names of the input and the output that belong together."""

    input: str
    output: str


class Normalization(NamedTuple):
    """How the features were scaled for training, a number per feature: (x - mean) / std."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


class NotedRange(NamedTuple):
    """Where the values of an input lay in the data that a file was calibrated on."""

    name: str
    low: float
    high: float


class NotedCheck(NamedTuple):
    """Data of another kind (`"longer"`, `"shorter"`, `"larger"`, `"quiet"`, `"zero"`, `"shuffled"`,
    `"constant"`, `"padded"`): the largest rms error of an output, in its standard deviations; infinite where
    the file gave NaN."""

    kind: str
    steps: int
    error: float


class NotedCalibration(NamedTuple):
    """What the ranges of a file in integers were taken from.

    Attributes:
        samples: how many; held_out: on how many others the file was compared with Keras.
        steps: how many a state went through from zeros on.
        inputs: the range of each that takes real numbers.
    """

    samples: int
    held_out: int
    steps: int
    inputs: tuple[NotedRange, ...]


class Note(NamedTuple):
    """The note in a file.

    Attributes:
        state: `"reset"`, `"carry"` or `"explicit"`.
        lowering: `"fused"`, `"unrolled"`, `"step"` or `"mixed"`.
        inputs: names of the data inputs, in order; the inputs for the states come after them.
        outputs: names of the outputs of the model, in order; the states come after them.
        timed_inputs: for each of those inputs whether it has one entry per time step; None where that is not
            noted, as of a model that has its length fixed.
        timed: the same of each output.
        states: in order; empty but in an explicit file.
        labels: names of the classes, or None.
        normalization: or None.
        calibration: of a file in integers, or None.
        checks: of a quantized file, on data of other kinds.
        content: all of it, as it stands in the file.
    """

    state: str
    lowering: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    timed_inputs: tuple[bool | None, ...]
    timed: tuple[bool, ...]
    states: tuple[NotedState, ...]
    labels: tuple[str, ...] | None
    normalization: Normalization | None
    calibration: NotedCalibration | None
    checks: tuple[NotedCheck, ...]
    content: dict[str, Any]


def read_note(file: ModelFile) -> Note | None:
    """The note in a file; None if `edge.convert` did not write it.

    Raises:
        ModelFileError: the note is damaged, does not fit the graph, or is of a newer version.
    """
    if ENTRY not in file.metadata:
        return None
    try:
        content = json.loads(file.metadata[ENTRY])
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ModelFileError(f"{file.name} is damaged: its metadata {ENTRY!r} is no JSON object.")
    version = content.get("format")
    if isinstance(version, int) and version > NEWEST:
        raise ModelFileError(
            f"{file.name} was made by a newer version (metadata format {version}, this one knows {NEWEST}): "
            "update keras-lstm-plus, pip install --upgrade keras-lstm-plus."
        )
    try:
        note = _note(content)
        _check_graph(note, file)
    except _NoteError as error:
        raise ModelFileError(
            f"{file.name} is damaged: in its metadata {ENTRY!r} {error}. Convert the model again."
        ) from None
    return note


class _NoteError(Exception):
    """Something in the note is not what it must be; the message says what."""


def _note(content: dict[str, Any]) -> Note:
    _require(content.get("format") == NEWEST, "'format' is no known number")
    state = content.get("state")
    _require(state in STATES, f"'state' must be one of {', '.join(STATES)}")
    inputs, outputs, states = (_list(content, key, dict) for key in ("inputs", "outputs", "states"))
    _require(not states or state == "explicit", "there are 'states', and 'state' is not 'explicit'")
    return Note(
        state=str(state),
        lowering=_field(content, "lowering", str),
        inputs=tuple(_field(end, "name", str) for end in inputs),
        outputs=tuple(_field(end, "name", str) for end in outputs),
        timed_inputs=tuple(_field(end, "timed", bool) if "timed" in end else None for end in inputs),
        timed=tuple(_field(output, "timed", bool) for output in outputs),
        states=tuple(NotedState(_field(each, "input", str), _field(each, "output", str)) for each in states),
        labels=tuple(_list(content, "labels", str)) if content.get("labels") is not None else None,
        normalization=_normalization(content.get("normalization")),
        calibration=_calibration(content.get("calibration")),
        checks=_checks(content),
        content=content,
    )


def _normalization(value: Any) -> Normalization | None:
    if value is None:
        return None
    _require(isinstance(value, dict), "'normalization' is no object")
    mean, std = (_list(value, key, (int, float)) for key in ("mean", "std"))
    _require(len(mean) == len(std) > 0, "'mean' and 'std' must have a number for each feature")
    _require(
        all(map(math.isfinite, [*mean, *std])) and min(std) > 0, "'mean' and 'std' must be numbers, std > 0"
    )
    return Normalization(tuple(map(float, mean)), tuple(map(float, std)))


def _calibration(value: Any) -> NotedCalibration | None:
    if value is None:
        return None
    _require(isinstance(value, dict), "'calibration' is no object")
    inputs = [
        NotedRange(_field(each, "name", str), _number(each, "low"), _number(each, "high"))
        for each in _list(value, "inputs", dict)
    ]
    samples, held_out, steps = (_count(value, key) for key in ("samples", "held_out", "steps"))
    return NotedCalibration(samples, held_out, steps, tuple(inputs))


def _checks(content: dict[str, Any]) -> tuple[NotedCheck, ...]:
    if content.get("checks") is None:
        return ()
    checks = []
    for each in _list(content, "checks", dict):
        errors = [_number(error, "relative") for error in _list(each, "errors", dict)]
        _require(bool(errors), "a check has no 'errors'")
        checks.append(NotedCheck(_field(each, "kind", str), _count(each, "steps"), max(errors)))
    return tuple(checks)


def _check_graph(note: Note, file: ModelFile) -> None:
    """The ends go by their position; more or fewer of them would take one for another."""
    graph = file.graphs[0]
    for kind, noted, found in (("input", note.inputs, graph.inputs), ("output", note.outputs, graph.outputs)):
        wanted = len(noted) + len(note.states)
        _require(
            wanted == len(found),
            f"there are {wanted} {kind}s, states included, and {len(found)} in the graph",
        )
    pairs = zip(graph.inputs[len(note.inputs) :], graph.outputs[len(note.outputs) :], strict=True)
    for state, (source, target) in zip(note.states, pairs, strict=True):
        before, after = graph.tensors[source], graph.tensors[target]
        _require(
            len(before.shape) >= 1 and before.shape[1:] == after.shape[1:],
            f"the state {state.input!r} has shape {list(before.shape)} and becomes {list(after.shape)}",
        )


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise _NoteError(what)


def _list(content: dict[str, Any], key: str, kind: Any) -> list[Any]:
    value = content.get(key)
    is_right = isinstance(value, list) and all(
        isinstance(each, kind) and not isinstance(each, bool) for each in value
    )
    _require(is_right, f"{key!r} is not the list that it must be")
    assert isinstance(value, list)
    return value


def _count(content: dict[str, Any], key: str) -> int:
    value = content.get(key)
    is_right = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    _require(is_right, f"{key!r} is no number of things")
    assert isinstance(value, int)
    return value


def _number(content: dict[str, Any], key: str) -> float:
    value = content.get(key)
    if value is None:  # JSON has no infinity
        return math.inf
    _require(isinstance(value, (int, float)) and not isinstance(value, bool), f"{key!r} is no number")
    assert isinstance(value, (int, float))
    return float(value)


def _field(content: dict[str, Any], key: str, kind: type) -> Any:
    value = content.get(key)
    _require(isinstance(value, kind), f"{key!r} is missing or of the wrong kind")
    return value
