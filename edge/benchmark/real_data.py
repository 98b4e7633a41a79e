"""Data and right answers that a benchmark is given instead of noise: what each file gets of it, and how often
it is right."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edge.aliases import Array
from edge.runtime.inputs import by_input
from edge.tflite import TensorInfo


def given_to(data: Any, inputs: Sequence[TensorInfo], name: str) -> list[Array]:
    """What a file gets of the data, in the order of its inputs.

    Args:
        data: an array, a list of them in the order of the inputs, or a dictionary by their names.
        inputs: of the file, name: its own.

    Raises:
        ValueError: other inputs than the file has, or not as many samples for each.
    """
    arrays = [np.asarray(each) for each in by_input(data, inputs, name)]
    counts = {len(each) if each.ndim else 0 for each in arrays}
    if counts == {0} or len(counts) > 1:
        shapes = ", ".join(str(list(each.shape)) for each in arrays)
        raise ValueError(
            f"The data must have as many samples for each input, one at least; received {shapes}."
        )
    return arrays


def steps_of(arrays: Sequence[Array], inputs: Sequence[TensorInfo]) -> int | None:
    """How many time steps the sequences in it have: of the first input whose time axis is free; else None."""
    found = (each.shape[1] for each, info in zip(arrays, inputs, strict=True) if -1 in info.shape[1:2])
    return next((int(steps) for steps in found), None)


def accuracy(outputs: Sequence[Array], names: Sequence[str], answers: Any, file: str) -> float:
    """The share of right decisions of one output: the largest of the last axis.

    Args:
        outputs: of a file, by sample; names: of them.
        answers: class numbers from 0 on, `[samples]` (`[samples, time]` for an output per step), or one-hot;
            where several outputs decide something, a dictionary with the name of one of them.
        file: its name, for messages.

    Raises:
        ValueError: answers that do not fit.
    """
    decides = {
        name: value
        for name, value in zip(names, outputs, strict=True)
        if value.dtype.kind in "iu" or (value.ndim > 1 and value.shape[-1] > 1)
    }
    if isinstance(answers, Mapping):
        name = next((each for each in answers if each in decides), None)
        if name is None or len(answers) > 1:
            known = ", ".join(map(repr, decides)) or "none that decides between classes"
            raise ValueError(
                f"The answers are for {', '.join(map(repr, answers))}; one output of {file} is needed: "
                f"{known}."
            )
        return _share(decides[name], np.asarray(answers[name]), name, file)
    if len(decides) != 1:
        which = f"{len(decides)} outputs of {file} decide: say for which they are, in a .npz by its name"
        none = f"no output of {file} decides between classes, so there is nothing to be right about"
        raise ValueError(f"The answers do not fit: {which if decides else none}.")
    ((name, value),) = decides.items()
    return _share(value, np.asarray(answers), name, file)


def _share(output: Array, answers: Array, name: str, file: str) -> float:
    if output.dtype.kind in "iu":  # the file decides itself
        decisions, classes = output, None
    else:
        decisions, classes = output.argmax(axis=-1), output.shape[-1]
    if answers.shape == output.shape and classes:  # one-hot
        answers = answers.argmax(axis=-1)
    if answers.shape == (*decisions.shape, 1):
        answers = answers[..., 0]
    if answers.shape != decisions.shape or answers.dtype.kind not in "iufb" or (answers % 1 != 0).any():
        raise ValueError(
            f"The answers for output {name!r} of {file} must be class numbers of shape "
            f"{list(decisions.shape)}, or one-hot; received {answers.dtype} {list(answers.shape)}."
        )
    if classes and not 0 <= answers.min() <= answers.max() < classes:
        raise ValueError(
            f"The answers run from {answers.min():g} to {answers.max():g}; output {name!r} of {file} has the "
            f"classes 0 to {classes - 1}."
        )
    return float((decisions == answers).mean())


def packed(value: Any) -> bytes:
    """Data as bytes for another machine: `unpacked` gives the same."""
    if isinstance(value, Mapping):
        arrays = {f"d{name}": each for name, each in value.items()}
    elif isinstance(value, list):
        arrays = {f"l{n}": each for n, each in enumerate(value)}
    else:
        arrays = {"a": value}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: np.asarray(each) for name, each in arrays.items()})
    return buffer.getvalue()


def unpacked(path: str) -> Any:
    """What `packed` has packed, from a file."""
    with np.load(path, allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    if set(arrays) == {"a"}:
        return arrays["a"]
    if all(name.startswith("l") for name in arrays):
        return [arrays[f"l{n}"] for n in range(len(arrays))]
    return {name[1:]: each for name, each in arrays.items()}
