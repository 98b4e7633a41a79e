"""Which runtime executes a file: ai-edge-litert, else tflite-runtime, else one clear ImportError."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module, metadata
from typing import Any, NamedTuple

from edge.errors import as_count

# Best first. Both packages hold the same class `Interpreter`.
MODULES = {
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
}
INSTALL = (
    "pip install ai-edge-litert, or on 32-bit Raspberry Pi OS pip install tflite-runtime 'numpy<2' "
    "(tflite-runtime: Linux, Python 3.11 or older)"
)
MOST_THREADS = 64


class Runtime(NamedTuple):
    """A runtime that is installed here."""

    name: str
    version: str
    interpreter: Callable[..., Any]


def find_runtime(name: str | None = None) -> Runtime:
    """The runtime of that name, or the best one installed.

    Args:
        name: `"ai-edge-litert"`, `"tflite-runtime"`, or None for the first of them that can be imported.

    Raises:
        ValueError: a runtime of that name is not known.
        ImportError: no such runtime can be imported; the message says why and what to install.
    """
    if name is not None and name not in MODULES:
        raise ValueError(f"runtime must be one of {', '.join(MODULES)} or None, received {name!r}.")
    reasons = []
    for candidate in MODULES if name is None else (name,):
        found = _import(candidate)
        if isinstance(found, Runtime):
            return found
        reasons.append(f"{candidate}: {found}")
    wanted = "No TensorFlow Lite runtime" if name is None else f"The runtime {name}"
    verb = "can be imported" if name is None else "cannot be imported"
    raise ImportError(f"{wanted} {verb} ({'; '.join(reasons)}). Install one: {INSTALL}.")


def check_threads(count: Any) -> int | None:
    """The number of threads that the kernels may use.

    Up to 64 may be asked for on any machine, as a program for several boards does: more than there are cores
    do no harm but to speed, and what was asked for is what runs. Beyond that (and beyond the cores of a large
    machine) nobody means it, and the runtime would start every one of them.

    Raises:
        ValueError: no positive integer, or so many.
    """
    if count is None:
        return None
    number = as_count(count)
    if number is None:
        raise ValueError(f"num_threads must be a positive integer or None, received {count!r}.")
    cores = os.cpu_count() or 1
    if number > max(MOST_THREADS, cores):
        raise ValueError(
            f"num_threads is at most {max(MOST_THREADS, cores)} here, received {number}: this machine has "
            f"{cores} cores, and more threads than cores only make it slower."
        )
    return number


def _import(name: str) -> Runtime | str:
    """The runtime, or why it cannot be had."""
    module = MODULES[name]
    if name == "tflite-runtime" and "tensorflow" in sys.modules and module not in sys.modules:
        # The two share symbols; the process would end in the C++ library.
        return "it crashes in a process that has imported tensorflow, use a process of its own"
    try:
        interpreter = import_module(module).Interpreter
    except ModuleNotFoundError:
        return "not installed"
    except Exception as error:  # a broken installation raises more than ImportError
        return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:  # a folder copied to the device
        version = "unknown"
    return Runtime(name, version, interpreter)
