"""What this machine allows at most: the time that an LSTM in float or 8 bits cannot go below on one core.

Every step needs all recurrent weights, so either their loads (from the cache where they fit) or their
multiply-adds are the limit. The products with the inputs of several steps share their loads.
"""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from native.build import BuildError, find_compiler

SOURCE = Path(__file__).with_suffix(".c")
SECONDS = 0.001  # of a measurement: of many short ones some are not interrupted
TURNS = 100
STEPS_AT_ONCE = 48  # of which the engine multiplies the inputs together


class Rates(NamedTuple):
    """Of one core: bytes loaded a second from weights of one size, multiply-adds a second of one kind."""

    loads: float
    multiply_adds: float  # 0: not known


class Roofline:
    """Measures it with a few lines of C, compiled for this very machine.

    Raises:
        BuildError: there is no C compiler, or it fails.
    """

    def __init__(self) -> None:
        with TemporaryDirectory() as folder:
            library = Path(folder) / "roofline.so"
            command = [find_compiler(), "-xc", "-O3", "-march=native", "-shared", "-fPIC"]
            done = subprocess.run([*command, SOURCE, "-o", library], capture_output=True, text=True)
            if done.returncode:
                raise BuildError(f"The roofline cannot be measured: {done.stderr.strip()[:200]}")
            self._functions = ctypes.CDLL(str(library))
        self._functions.load_rate.restype = ctypes.c_double
        self._functions.load_rate.argtypes = [
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_size_t,
            ctypes.c_void_p,
        ]
        for sums in (self._functions.multiply_add_rate, self._functions.byte_multiply_add_rate):
            sums.restype = ctypes.c_double
            sums.argtypes = [ctypes.c_size_t, ctypes.c_void_p]

    def rates(self, weights: int, in_bytes: bool = False) -> Rates:
        """The best of several turns, for that many bytes of weights: floats, or 8-bit ones."""
        rate = self._functions.byte_multiply_add_rate if in_bytes else self._functions.multiply_add_rate
        size = max(weights // 1024 * 1024, 1024)
        memory = np.zeros(size + 64, np.uint8)
        start = -memory.ctypes.data % 64  # of a cache line
        buffer = memory[start : start + size]
        sink = (ctypes.c_float * 1)()
        times = max(int(SECONDS * 2e10 / size), 1)
        loads = [
            self._functions.load_rate(buffer.ctypes.data, size, times, ctypes.addressof(sink))
            for _ in range(TURNS)
        ]
        sink[0] = 0.0
        sums = [rate(int(SECONDS * 2e8), ctypes.addressof(sink)) for _ in range(TURNS)]
        return Rates(max(loads), max(sums))


def limit(rates: Rates, inputs: int, cells: int, steps: int, weight: int = 4) -> float:
    """Seconds that a sequence takes at least, with weights of so many bytes each: 4 or 1."""
    recurrent, given = 4 * cells * cells, 4 * cells * inputs  # weights
    step = max(recurrent * weight / rates.loads, recurrent / rates.multiply_adds)
    reads = -(-steps // STEPS_AT_ONCE)
    return steps * step + max(reads * given * weight / rates.loads, steps * given / rates.multiply_adds)
