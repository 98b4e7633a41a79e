"""The runtimes that are not Interpreters: TensorFlow Lite Micro, and LiteRT's CompiledModel."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np

from edge.aliases import Array
from edge.runtime.values import decode, encode
from edge.tflite import TensorInfo, describe

_COMPILED = """
import pickle, sys
import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
path, values, ends = pickle.load(sys.stdin.buffer)
model = CompiledModel.from_file(path)
inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
for buffer, value in zip(inputs, values):
    buffer.write(value)
model.run_by_index(0, inputs, outputs)
found = [buffer.read(int(np.prod(shape)), np.dtype(kind).type).reshape(shape)
         for buffer, (shape, kind) in zip(outputs, ends)]
sys.stdout.buffer.write(b"ANSWER" + pickle.dumps(found))
"""


def _ends(path: Path) -> tuple[list[TensorInfo], list[TensorInfo]]:
    """All that goes in and comes out, states too, in the order of the graph."""
    file = describe(path)
    inputs = [*file.inputs, *(state.input for state in file.states)]
    return inputs, [*file.outputs, *(state.output for state in file.states)]


def compiled_model(path: Path, values: list[Array]) -> list[Array]:
    """One call of the CompiledModel, real numbers in and out; RuntimeError if it refuses the file."""
    inputs, outputs = _ends(path)
    encoded = [encode(value, info) for value, info in zip(values, inputs, strict=True)]
    shapes = [([abs(n) for n in info.shape], info.dtype.name) for info in outputs]
    done = subprocess.run(
        [sys.executable, "-c", _COMPILED],
        input=pickle.dumps((str(path), encoded, shapes)),
        capture_output=True,
        timeout=60,
    )
    _, mark, answer = done.stdout.partition(b"ANSWER")
    if not mark:
        raise RuntimeError(done.stderr.decode()[-500:])
    return [decode(value, info) for value, info in zip(pickle.loads(answer), outputs, strict=True)]


def micro(path: Path, calls: list[list[Array]], feed_back: bool = False) -> list[list[Array]]:
    """Some calls of one interpreter of TensorFlow Lite Micro, real numbers in and out.

    With `feed_back` the first call has the states too; every other one gets those that came out before it.
    """
    from tflite_micro import runtime

    inputs, outputs = _ends(path)
    interpreter = runtime.Interpreter.from_bytes(path.read_bytes())
    results: list[list[Array]] = []
    for call in calls:
        values = call if not (feed_back and results) else [*call, *results[-1][1:]]
        for position, (value, info) in enumerate(zip(values, inputs, strict=True)):
            interpreter.set_input(np.ascontiguousarray(encode(value, info)), position)
        interpreter.invoke()
        raw = [np.array(interpreter.get_output(position)) for position in range(len(outputs))]
        results.append([decode(value, info) for value, info in zip(raw, outputs, strict=True)])
    return results
