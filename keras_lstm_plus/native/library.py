"""The library of this machine: found in this folder alone, checked before it is loaded."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from functools import lru_cache
from pathlib import Path

from keras_lstm_plus.native.engine import Engine
from keras_lstm_plus.native.problem import INTERFACE, Problem

HERE = Path(__file__).resolve().parent
OFF = "KERAS_LSTM_PLUS_ENGINE"
ISA = "EDGE_NATIVE_ISA"
BUILD = "`make native` in a checkout, or `pip install .` where a C++ compiler is at hand"
PROCESSORS = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


class EngineError(Exception):
    """The engine cannot be used here; the message is a sentence with the way out."""


def library_path(folder: Path = HERE) -> Path | None:
    """Where the library of this machine lies; None: the engine is not made for it."""
    processor = PROCESSORS.get(platform.machine().lower())
    if processor is None or sys.platform not in ("linux", "darwin") or sys.maxsize < 2**32:
        return None
    ending = "dylib" if sys.platform == "darwin" else "so"
    return folder / f"{sys.platform}-{processor}" / f"libkeras_lstm.{ending}"


_found: dict[Path, Engine | EngineError] = {}


def find_engine(folder: Path = HERE) -> Engine:
    """The engine of this machine, loaded once.

    Args:
        folder: where the platforms' folders are.

    Raises:
        EngineError: it is switched off; there is none, or it is cut, damaged or of another version; the
            system does not load it.
    """
    if os.environ.get(OFF, "").lower() in ("0", "off", "no", "false"):
        raise EngineError(f"${OFF} switches the training engine off; leave it out to use the engine.")
    path = library_path(folder)
    if path is None:
        raise EngineError(
            "The training engine is made for Linux and macOS, on 64-bit x86 and Arm, not for this machine."
        )
    if path not in _found:
        try:
            _found[path] = _load(path)
        except EngineError as error:
            _found[path] = error  # it is asked for at every call of a layer
    found = _found[path]
    if isinstance(found, EngineError):
        raise found
    forced = os.environ.get(ISA)
    if not forced:
        return found
    # The engine for devices has sets of other names: what is not among ours is not for us.
    return _with_isa(found, forced) if forced in found.isas else found


@lru_cache(maxsize=16)
def _with_isa(engine: Engine, isa: str) -> Engine:
    """One for each: what was traced with it is found again."""
    return engine.with_isa(isa)


def _load(path: Path) -> Engine:
    if not path.is_file():
        raise EngineError(
            f"There is no training engine for {path.parent.name} in this installation: {BUILD}."
        )
    # The system's loader trusts a file; a cut one may end the process.
    noted = path.with_name(path.name + ".sha256")
    words = noted.read_text(encoding="ascii", errors="replace").split() if noted.is_file() else []
    if not words:
        raise EngineError(
            f"The training engine came without its checksum, {noted}. Build or copy it again: {BUILD}."
        )
    if words[0] != hashlib.sha256(path.read_bytes()).hexdigest():
        raise EngineError(
            f"The training engine is not what was built ({noted.name} does not fit it): {path}. "
            f"Build or copy it again: {BUILD}."
        )
    try:
        functions = ctypes.CDLL(os.fspath(path))
        functions.training_problem_bytes.restype = ctypes.c_int64
        interface, size = functions.training_interface(), functions.training_problem_bytes()
    except (OSError, AttributeError) as error:
        reason = " ".join(str(error).split()).removeprefix(f"{path}: ").rstrip(".")
        raise EngineError(
            f"This system does not load the training engine ({reason}). Build it here: {BUILD}."
        ) from None
    if (interface, size) != (INTERFACE, ctypes.sizeof(Problem)):
        raise EngineError(
            f"The training engine has interface {interface}, this package {INTERFACE}: they are of different "
            f"versions. Build it again: {BUILD}."
        )
    return Engine(functions, path)
