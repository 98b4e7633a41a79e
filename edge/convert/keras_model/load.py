"""A saved Keras model from its file, or one sentence about what is wrong with the file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import keras

import keras_lstm_plus  # noqa: F401, registers its layers with Keras

ZIP, HDF5, TFLITE = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"TFL3"
SUFFIXES = {ZIP: (".keras",), HDF5: (".h5", ".hdf5")}


def load_keras(path: str | os.PathLike[str]) -> keras.Model:
    """The model in a `.keras` or `.h5` file, with the layers of `keras_lstm_plus` known; it is not compiled.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is a folder, cut, no saved model, holds weights alone, or needs code of its own (custom
            layers, Lambda); the message says which and what to do.
        OSError: it cannot be read.
    """
    place = Path(path)
    _check(place)
    try:
        return _loaded(place)
    except (MemoryError, PermissionError):
        raise
    except Exception as error:  # Keras raises whatever its parts do: KeyError, BadZipFile, TypeError, ...
        raise ValueError(_sentence(place, error)) from None


class _TimeMajorError(Exception):
    """A layer of Keras 2 that takes [time, batch, features]."""


def _loaded(place: Path) -> keras.Model:
    try:
        return keras.saving.load_model(place, compile=False)
    except Exception as error:
        if "time_major" not in str(error):
            raise
        with _without_time_major():
            return keras.saving.load_model(place, compile=False)


@contextmanager
def _without_time_major() -> Iterator[None]:
    """Let layers come from what Keras 2 wrote of them: time_major=False, the usual, says nothing."""
    kinds = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN, keras.layers.RNN)
    with ExitStack() as stack:
        for kind in kinds:
            own = vars(kind).get("from_config")
            right = kind.from_config.__func__

            def from_config(
                cls: Any, config: dict[str, Any], *rest: Any, _right: Any = right, **more: Any
            ) -> Any:
                if config.pop("time_major", False):
                    raise _TimeMajorError(config.get("name"))
                return _right(cls, config, *rest, **more)

            kind.from_config = classmethod(from_config)
            if own is None:
                stack.callback(delattr, kind, "from_config")
            else:
                stack.callback(setattr, kind, "from_config", own)
        yield


def _check(place: Path) -> None:
    """Refuse what is not the beginning of a saved model under a name that Keras takes."""
    if place.is_dir():
        raise ValueError(
            f"{place} is a folder. Keras 3 saves a model as one file, model.save('model.keras'); give that."
        )
    if not place.exists():
        raise FileNotFoundError(f"There is no file {place}.")
    with place.open("rb") as file:
        head = file.read(8)
    if not head:
        raise ValueError(f"{place} is empty.")
    if head[4:] == TFLITE:
        raise ValueError(f"{place} is a TensorFlow Lite file already; give the Keras model it comes from.")
    for magic, suffixes in SUFFIXES.items():
        if head.startswith(magic):
            if place.suffix.lower() not in suffixes:
                raise ValueError(
                    f"{place} holds a saved model, but Keras goes by the name: call it "
                    f"{place.with_suffix(suffixes[0]).name}."
                )
            return
    raise ValueError(
        f"{place} is no saved Keras model (a .keras or .h5 file, as model.save('model.keras') writes it)."
    )


def _sentence(place: Path, error: Exception) -> str:
    words = str(error)
    if isinstance(error, _TimeMajorError):
        return (
            f"{place} is of Keras 2, and its layer {words!r} has time_major=True, [time, batch, features], "
            "which Keras 3 does not have. Build the model in Keras 3 without it, load the weights "
            "(model.load_weights) and convert that."
        )
    unknown = re.search(r"Could not locate (?:class|function) '([^']+)'", words) or re.search(
        r"Unknown (?:layer|object): '?(\w+)", words
    )
    if unknown:
        return (
            f"{place} needs {unknown[1]!r}, code of your own that is not in the file. Load the model where "
            "that is known (decorate it with @keras.saving.register_keras_serializable() and import it) and "
            "call edge.convert with the model instead of the file."
        )
    if "Lambda" in words or "lambda" in words:
        return (
            f"{place} has a Lambda layer: Python code, which Keras loads from a file of unknown origin only "
            "when told to. Load it with keras.saving.load_model(path, safe_mode=False), if you trust it, and "
            "call edge.convert with the model instead of the file."
        )
    if "No model config found" in words or "config.json" in words:
        return (
            f"{place} has weights alone. Build the model, load them with model.load_weights, and save all of "
            "it: model.save('model.keras')."
        )
    first = (words.strip().splitlines() or [""])[0].strip().rstrip(".")
    cause = f" ({type(error).__name__}: {first[:200]})" if first else ""
    return f"{place} is cut or damaged, or of a Keras that does not fit this one, {keras.__version__}{cause}."
