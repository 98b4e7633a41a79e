"""A runtime with and without the native engine: a worker process that runs files and says who ran what.

A process of its own, because tflite-runtime fails where TensorFlow has been imported, and because a library
that writes where it should not is to end the worker and not the tests. A request is a pickle on stdin: a
file, rounds of inputs in real numbers, the library or None, and the instruction set to force. Integers go
out as they are: they are compared byte by byte.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from tests.helpers.places import ROOT
from tests.helpers.runtimes import _MODULES, Round, run_rounds


class Ran(NamedTuple):
    """The outputs of every round, and the engine's own report (empty without it)."""

    outputs: list[Round]
    report: dict[str, Any]


class NativeWorker:
    """One worker process of one runtime. Use it as a context manager."""

    def __init__(self, runtime: str, python: str | Path = sys.executable) -> None:
        self.name = runtime
        self._process = subprocess.Popen(
            [python, "-m", "tests.helpers.native_worker", _MODULES[runtime]],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(
        self,
        path: Any,
        rounds: list[Round],
        library: Any = None,
        isa: str = "",
        threads: int = 1,
        real: bool = False,
    ) -> Ran:
        """All rounds, one after the other on one interpreter, or on one in each of so many threads.

        Args:
            path: of the file.
            rounds: real numbers.
            library: the engine; None: the runtime's own kernels.
            isa: the instruction set to force; "": the best.
            threads: interpreters side by side, which have to say the same.
            real: outputs as `Runtime` gives them: real numbers, in the file's order.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = (str(path), rounds, None if library is None else str(library), isa, threads, real)
        pickle.dump(request, self._process.stdin)
        self._process.stdin.flush()
        answer: Any = pickle.load(self._process.stdout)
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return Ran(*answer)

    def __enter__(self) -> NativeWorker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


def reported(library: str, delegate: Any) -> dict[str, Any]:
    """What the library says of the graph that the delegate was applied to."""
    functions = ctypes.CDLL(library)
    functions.edge_native_report.argtypes = [ctypes.c_void_p]
    functions.edge_native_report.restype = ctypes.c_void_p
    functions.edge_native_free.argtypes = [ctypes.c_void_p]
    text = functions.edge_native_report(delegate._get_native_delegate_pointer())
    try:
        found: dict[str, Any] = json.loads(ctypes.string_at(text))
    finally:
        functions.edge_native_free(text)
    return found


def _start(module: Any, path: str, library: str | None) -> tuple[Any, Any]:
    delegates = [] if library is None else [module.load_delegate(library)]
    resolver = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = module.Interpreter(
        model_path=path, experimental_delegates=delegates, experimental_op_resolver_type=resolver
    )
    return interpreter, delegates[0] if delegates else None


def _answer(
    module: Any, path: str, rounds: list[Round], library: str | None, isa: str, threads: int, real: bool
) -> tuple[list[Round], dict[str, Any]]:
    from concurrent.futures import ThreadPoolExecutor

    os.environ["EDGE_NATIVE_ISA"] = isa
    started = [_start(module, path, library) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        every = list(pool.map(lambda pair: run_rounds(pair[0], rounds, real), started))
    for other in every[1:]:
        for mine, theirs in zip(every[0], other, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True)), "the threads differ"
    return every[0], {} if library is None else reported(library, started[0][1])


def _serve(name: str) -> None:
    # What the runtime prints on stdout would stand in the middle of an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    module = importlib.import_module(name)
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer: Any = _answer(module, *request)
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
