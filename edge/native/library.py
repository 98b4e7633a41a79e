"""The library of this machine: found in this folder alone, checked before it is loaded, asked what it is."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edge.native import places
from edge.native.soundness import fault
from edge.version import __version__

BUILD = "`make native` in a checkout, or `pip install .` where a C++ compiler is at hand"
HEAR = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
TEXTS = ("edge_native_version", "edge_native_isa", "edge_native_isa_error", "edge_native_isas")


class NativeError(Exception):
    """The engine cannot be used here; the message is a sentence with the way out."""


class Layer(NamedTuple):
    """One LSTM of a graph, and what the engine says of it.

    Attributes:
        node: its number among the operators of the graph.
        name: of its output.
        taken: whether the engine runs it.
        kind: of a layer that it runs: `"float"`, `"float16 weights"`, `"8-bit weights"` or `"int8"`.
        why_not: of one that it leaves to the runtime: a clause, "its activation is not tanh".
    """

    node: int
    name: str
    taken: bool
    kind: str
    why_not: str


class Delegate:
    """What an interpreter is given: `Interpreter(..., experimental_delegates=[delegate])`.

    The runtimes' own `load_delegate` would load the library again, and cannot be asked where the delegate is.

    Attributes:
        address: of the delegate.
    """

    def __init__(self, functions: Any) -> None:
        said: list[str] = []
        hear = HEAR(lambda text: said.append((text or b"").decode("utf-8", "replace")))
        self._functions = functions
        self.address: int | None = functions.tflite_plugin_create_delegate(None, None, 0, hear)
        if self.address is None:
            raise NativeError("".join(said) or "The native engine has no memory left; close other models.")

    def _get_native_delegate_pointer(self) -> int | None:
        """By this name both runtimes ask for it."""
        return self.address

    def __del__(self) -> None:
        address, self.address = getattr(self, "address", None), None
        if address is not None:
            self._functions.tflite_plugin_destroy_delegate(address)


class Library:
    """The library, loaded.

    Attributes:
        path: of the file.
        version: of the engine, that of this package.
    """

    def __init__(self, path: Path, functions: Any) -> None:
        self.path, self._functions = path, functions
        for name in TEXTS:
            getattr(functions, name).restype = ctypes.c_char_p
        functions.edge_native_report.argtypes = [ctypes.c_void_p]
        functions.edge_native_report.restype = ctypes.c_void_p
        functions.edge_native_free.argtypes = [ctypes.c_void_p]
        functions.edge_native_free.restype = None
        functions.tflite_plugin_create_delegate.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_size_t, HEAR]
        functions.tflite_plugin_create_delegate.restype = ctypes.c_void_p
        functions.tflite_plugin_destroy_delegate.argtypes = [ctypes.c_void_p]
        functions.tflite_plugin_destroy_delegate.restype = None
        self.version = self._text("edge_native_version")

    @property
    def isa(self) -> str:
        """The instruction set that a model loaded now uses, as `"avx2"`; $EDGE_NATIVE_ISA names another.

        Raises:
            NativeError: $EDGE_NATIVE_ISA names one that this machine does not have.
        """
        found = self._text("edge_native_isa")
        if not found:
            raise NativeError(self._text("edge_native_isa_error") or "The native engine has no code for it.")
        return found

    @property
    def isas(self) -> list[str]:
        """Every instruction set that this machine has and the library is compiled for, best first."""
        return self._text("edge_native_isas").split(",")

    def delegate(self) -> Delegate:
        """One for one interpreter.

        Raises:
            NativeError: there is no memory for it, or no such instruction set as $EDGE_NATIVE_ISA names.
        """
        return Delegate(self._functions)

    def report(self, delegate: int | None) -> tuple[str, Sequence[Layer]]:
        """Why it has taken nothing of the graph that it was given (or nothing at all), and each LSTM there.

        Args:
            delegate: the address of the delegate.
        """
        text = self._functions.edge_native_report(delegate)
        if not text:
            return "the delegate is of another library", ()
        try:
            found = json.loads(ctypes.string_at(text).decode("utf-8", "replace"))
        finally:
            self._functions.edge_native_free(text)
        layers = [Layer(*(each[field] for field in Layer._fields)) for each in found["layers"]]
        return found["refused"].rstrip("."), layers

    def _text(self, function: str) -> str:
        return (getattr(self._functions, function)() or b"").decode("utf-8", "replace")


_loaded: dict[Path, Library] = {}


def find_library(folder: Path | None = None) -> Library:
    """The library of this machine, loaded once.

    Args:
        folder: where the platforms' folders are; None: where this package is, and nowhere else.

    Raises:
        NativeError: there is none, it is for another machine, cut, damaged or of another version, the system
            does not load it, or $EDGE_NATIVE_ISA names an instruction set that is not here.
    """
    name = places.this_platform()
    if name is None:
        raise NativeError(
            "The native engine is made for Linux and macOS, on x86-64 and Arm, not for this machine."
        )
    path = places.library_path(name, folder or places.HERE)
    if path not in _loaded:
        _loaded[path] = _load(path, name)
    _loaded[path].isa  # noqa: B018, asked each time: the variable may have changed
    return _loaded[path]


def _load(path: Path, name: str) -> Library:
    if not path.is_file():
        raise NativeError(f"There is no native engine for {name} in this installation: {BUILD}.")
    wrong = fault(path, name)
    if wrong is not None:
        raise NativeError(f"The native engine {wrong}: {path}. Build or copy it again: {BUILD}.")
    try:
        found = Library(path, ctypes.CDLL(os.fspath(path)))
    except OSError as error:
        words = " ".join(str(error).split()).removeprefix(f"{path}: ").rstrip(".")
        raise NativeError(
            f"This system does not load the native engine ({words}). Build it here: {BUILD}."
        ) from None
    except AttributeError:
        raise NativeError(
            f"{path} is a library, but not the native engine. Build it again: {BUILD}."
        ) from None
    if found.version != __version__:
        raise NativeError(
            f"The native engine is of version {found.version or 'unknown'}, this package of {__version__}. "
            f"Build it again: {BUILD}."
        )
    return found
