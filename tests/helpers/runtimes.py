"""Both runtimes behind one call: each a worker process that runs files and sends the outputs back.

tflite-runtime fails in a process that has imported TensorFlow, so each runtime has a process of its own. A
request is a pickle on stdin: (path, rounds), where a round is a list of inputs. The rounds are run one after
the other on one interpreter: what it remembers between calls shows.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from types import TracebackType
from typing import Any

import numpy as np

RUNTIMES = ("ai-edge-litert", "tflite-runtime")
_MODULES = {"ai-edge-litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}

Round = list[np.ndarray]


class Runtime:
    """One worker process. Use it as a context manager."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, __file__, _MODULES[name]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, path: Any, rounds: list[Round]) -> list[Round]:
        """The outputs of every round: real numbers in and out, whatever integers the file holds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((str(path), rounds), self._process.stdin)
        self._process.stdin.flush()
        answer: list[Round] | str = pickle.load(self._process.stdout)
        if isinstance(answer, str):
            raise RuntimeError(f"{self.name}: {answer}")
        return answer

    def __enter__(self) -> Runtime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)


def _quantize(value: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero_point = detail["quantization"]
    if not scale:
        return value.astype(detail["dtype"])
    limits = np.iinfo(detail["dtype"])
    return np.clip(np.round(value / scale) + zero_point, limits.min, limits.max).astype(detail["dtype"])


def _dequantize(value: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero_point = detail["quantization"]
    return (value.astype(np.float32) - zero_point) * scale if scale else value


def run_rounds(interpreter: Any, rounds: list[Round], real: bool = True) -> list[Round]:
    """One after the other on one interpreter: real numbers in the order of the file's outputs.

    Args:
        real: False: integers as they are, and the outputs in the order of their names.
    """
    results = []
    shapes = None
    for values in rounds:
        if shapes != [value.shape for value in values]:
            shapes = [value.shape for value in values]
            for detail, value in zip(interpreter.get_input_details(), values, strict=True):
                interpreter.resize_tensor_input(detail["index"], value.shape)
            interpreter.allocate_tensors()
        for detail, value in zip(interpreter.get_input_details(), values, strict=True):
            interpreter.set_tensor(detail["index"], _quantize(value, detail))
        interpreter.invoke()
        details = interpreter.get_output_details()
        if not real:
            details = sorted(details, key=lambda detail: str(detail["name"]))
        values = [interpreter.get_tensor(detail["index"]) for detail in details]
        if real:
            values = [_dequantize(*each) for each in zip(values, details, strict=True)]
        results.append(values)
    return results


def _serve(module: str) -> None:
    import importlib
    import os

    # What the runtime prints on stdout would stand in the middle of an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    interpreter_class = importlib.import_module(module).Interpreter
    while True:
        try:
            path, rounds = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer: Any = run_rounds(interpreter_class(model_path=path), rounds)
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
