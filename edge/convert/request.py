"""What the caller of `convert` asks for, checked before any work is done."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.aliases import Length
from edge.errors import as_count
from edge.files import check_target
from edge.targets import LOWERINGS, QUANTIZE, STATES, Target, get_target
from edge.tflite.labels import label_fault


@dataclass(frozen=True)
class Request:
    """What the caller asked for.

    Attributes:
        target: where the file will run.
        lowering: may be `"auto"`; state: may be None.
        quantize, length, batch: as in `convert`.
        input_type, output_type: of a file in integers: `"float32"`, the integers if they were asked for, or
            None for integers where nothing speaks against them.
        said: what the file is to say of itself: labels and normalization, as far as they were given.
    """

    target: Target
    lowering: str = "auto"
    state: str | None = None
    quantize: str | None = None
    length: Length | None = None
    batch: int = 1
    input_type: str | None = None
    output_type: str | None = None
    said: dict[str, Any] = field(default_factory=dict)


def check_request(
    *,
    quantize: str | None,
    state: str | None,
    lowering: str,
    target: str,
    length: Length | None,
    batch: int,
    input_type: str | None,
    output_type: str | None,
    labels: Any,
    normalization: Any,
) -> Request:
    """The options of `convert` as one value.

    Raises:
        ValueError: an option that is none of those there are; the message names them.
    """
    check_choice("quantize", quantize, QUANTIZE)
    check_choice("state", state, (None, *STATES))
    check_choice("lowering", lowering, ("auto", *LOWERINGS))
    check_count("batch", batch, "the number of sequences at a time")
    _check_length(length)
    row = get_target(target)
    types = end_types(row, quantize, input_type, output_type)
    said = {"labels": check_labels(labels), "normalization": check_normalization(normalization)}
    said = {key: value for key, value in said.items() if value is not None}
    return Request(row, lowering, state, quantize, length, batch, *types, said)


def _check_length(length: Any) -> None:
    """Refuse what is neither a number of steps nor one for each name."""
    if isinstance(length, Mapping) and length:
        for name, steps in length.items():
            check_count(f"length of input {name!r}", steps, "the number of time steps")
    elif length is not None:
        check_count("length", length, "the number of time steps (or of each input, by its name)")


def check_choice(name: str, value: Any, choices: Sequence[Any]) -> None:
    """Refuse a value that is none of `choices` with a ValueError that suggests the nearest."""
    if any(value is choice or value == choice for choice in choices):
        return
    near = get_close_matches(str(value).lower(), [choice for choice in choices if choice], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{name} must be {', '.join(map(repr, choices))}; received {value!r}.{hint}")


def check_model(model: Any) -> None:
    """Refuse what is no Keras model, and a Keras that does not run on TensorFlow."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"Conversion runs on Keras's TensorFlow backend, not on {keras.backend.backend()!r}. Save the "
            "model (model.save), then load and convert it in a process with KERAS_BACKEND=tensorflow."
        )
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"model must be a keras.Model or the path of a .keras file, received {type(model).__name__}."
        )


def check_count(name: str, value: Any, meaning: str) -> None:
    """Refuse what is no positive integer with a ValueError."""
    if as_count(value) is None:
        raise ValueError(f"{name} is {meaning}, a positive integer; received {value!r}.")


def check_labels(labels: Any) -> list[str] | None:
    """The names of the classes as a list."""
    if labels is None:
        return None
    if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"labels must be a list of names, one a class; received {labels!r}.")
    return list(labels)


def check_fit(labels: list[str] | None, outputs: Mapping[str, np.ndarray]) -> None:
    """See that there is a label for each value of an output.

    Raises:
        ValueError: of none; both numbers are named.
    """
    sizes = {name: value.shape[-1] for name, value in outputs.items()}
    fault = None if labels is None else label_fault(len(labels), sizes)
    if fault:
        raise ValueError(f"labels do not fit: {fault}; give one for each value.")


def check_normalization(normalization: Any) -> dict[str, list[float]] | None:
    """Mean and standard deviation by feature, as lists."""
    if normalization is None:
        return None
    if not isinstance(normalization, Mapping) or set(normalization) != {"mean", "std"}:
        raise ValueError(
            'normalization must be {"mean": [...], "std": [...]}, a number a feature; received '
            f"{normalization!r}."
        )
    mean, std = (np.asarray(normalization[key], np.float64).reshape(-1) for key in ("mean", "std"))
    if len(mean) != len(std) or not np.isfinite([mean, std]).all() or (std <= 0).any():
        raise ValueError(
            "normalization needs as many means as standard deviations, all finite and the latter above zero; "
            f"received {normalization!r}."
        )
    return {"mean": mean.tolist(), "std": std.tolist()}


def end_types(
    target: Target, quantize: str | None, input_type: str | None, output_type: str | None
) -> tuple[str | None, str | None]:
    """The types of inputs and outputs: `"float32"`, the integers that were asked for, or None."""
    own = {"int8": "int8", "int16x8": "int16"}.get(quantize or "", "float32")
    types = []
    for name, asked in (("input_type", input_type), ("output_type", output_type)):
        check_choice(name, asked, (None, *dict.fromkeys(("float32", own))))
        if asked not in (None, "float32") and not target.integer_ends:
            raise ValueError(f"{target.where} takes no {name}={asked!r}; use {name}='float32'.")
        real = asked == "float32" or (asked is None and not target.integer_ends)
        types.append(None if own == "float32" else "float32" if real else asked)
    return types[0], types[1]


def check_path(path: Any) -> Path:
    """The path of a file that can be written.

    Raises:
        TypeError: not a path.
        OSError: it is a folder, its folder does not exist, or nothing can be written there.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the name of the file to write, received {path!r}.")
    target = Path(path)
    check_target(target)
    return target
