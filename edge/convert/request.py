"""The arguments of `convert`, checked before any work is done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import keras


def check_choice(name: str, value: Any, choices: Sequence[Any]) -> None:
    """Refuse a value that is none of `choices` with a ValueError that suggests the nearest."""
    if value in choices:
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
        hint = " Load a .keras file first: keras.saving.load_model(path)." if isinstance(model, str) else ""
        raise TypeError(f"model must be a keras.Model, received {type(model).__name__}.{hint}")


def check_path(path: Any) -> Path:
    """The path of a file that can be written.

    Raises:
        TypeError: not a path.
        OSError: it is a folder, its folder does not exist, or nothing can be written there.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the name of the file to write, received {path!r}.")
    target = Path(path)
    folder = target.parent
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; give the name of a file in it, like model.tflite.")
    if not folder.exists():
        raise FileNotFoundError(f"The folder {folder} does not exist; create it first.")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file, so {target} cannot lie in it.")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"The folder {folder} cannot be written to; choose another.")
    return target
