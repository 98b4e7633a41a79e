"""What runs on the Pi: requests on stdin, answers on stdout, a line of JSON each. NumPy and `edge` only.

A request has `file`, `runtime`, `how` and its inputs as nested lists; real numbers survive JSON to the bit.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import edge
from edge.aliases import Array


def about(request: dict[str, Any]) -> dict[str, Any]:
    """Where this runs, and what it has imported."""
    return {
        "machine": platform.machine(),
        "numpy": np.__version__,
        "edge": edge.__file__,
        "modules": sorted({name.split(".")[0] for name in sys.modules}),
    }


def predict(request: dict[str, Any]) -> dict[str, Any]:
    """Twice the same: nothing may remain of the first time. From `states`, if they are given."""
    model, inputs = _load(request), [np.array(x, np.float32) for x in request["inputs"]]
    x = inputs if len(inputs) > 1 else inputs[0]
    if "states" not in request:
        outputs = [model.predict(x) for _ in range(2)]
        return {"outputs": [_listed(output) for output in outputs], "runtime": model.runtime[:2]}
    given = [np.array(state, np.float32) for state in request["states"]]
    for _ in range(2):
        output, states = model.predict(x, initial_state=given, return_state=True)
    return {"outputs": _listed(output), "states": [state.tolist() for state in states.values()]}


def stream(request: dict[str, Any]) -> dict[str, Any]:
    """Each sequence step by step, a reset between them; the state goes on within one."""
    steps = _load(request).stream()
    outputs = []
    for row in request["inputs"][0]:
        steps.reset()
        outputs.append([steps.step(np.array(step, np.float32)).tolist() for step in row])
    return {"outputs": [outputs]}


def acceleration(request: dict[str, Any]) -> dict[str, Any]:
    """What the native engine runs there."""
    return _load(request).acceleration.to_dict()


def _load(request: dict[str, Any]) -> edge.EdgeModel:
    # The runtime's own kernels, whatever library is in the folder; test_engine.py asks for the engine.
    return edge.load(request["file"], runtime=request["runtime"], accelerate=request.get("accelerate", False))


def _listed(output: Array | list[Array]) -> list[Any]:
    return [each.tolist() for each in (output if isinstance(output, list) else [output])]


HOW: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "about": about,
    "acceleration": acceleration,
    "predict": predict,
    "stream": stream,
}


def main() -> None:
    """Answer until there are no more requests."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a runtime prints on stdout
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = HOW[request["how"]](request)
        except (ValueError, TypeError, ImportError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
