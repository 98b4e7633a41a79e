"""What is inside a model file and what to know before running it; no runtime is needed."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from pathlib import Path
from typing import Any

from edge.inspection.arena import Memory, memory
from edge.inspection.engine import taken_by_engine
from edge.inspection.hints import hints
from edge.inspection.recurrent import recurrent_operators
from edge.inspection.verdicts import verdict
from edge.targets import TARGETS, get_target
from edge.tflite import ModelFile, Tensor, describe
from edge.tflite.variables import variables

SCHEMA = 2


def inspect(path: str | Path, target: str | None = None) -> dict[str, Any]:
    """Read a model file, ours or another's: what is in it, and why it is slow or refused.

    Args:
        path: of the file.
        target: a row of `edge.targets`, where the file shall run; None: all of them.

    Returns:
        Plain data, ready for JSON: `size_bytes`; `weights_bytes` and, by type, `weights`; `memory`, with an
        estimate of what it needs beside the weights; `inputs`, `outputs` and `variables` (name, shape with -1
        for a free axis, dtype, scale, zero point; for a variable the operator that sets it at the head of
        each call); `states` of an explicit file, the input and the output of each; `operators` with version
        and count, those in loops included; `recurrent`, the recurrent layers and their form; `state`, one of
        `"none"`, `"reset"`, `"carry"`, `"explicit"`; `metadata` of `edge.convert`; `hints`; `targets`, by
        name a `verdict` (`"ok"`, `"slow"`, `"refused"`) with `reasons` and their way out; `engine`, for each
        fused LSTM whether the native engine takes it (`taken`), in which numbers (`kind`), or `why_not`.

    Raises:
        ModelFileError: the file is missing, cut, damaged or no model, or of a newer version.
        ValueError: there is no such target.

    Example:
        >>> found = inspect("exercise.tflite")
        >>> found["state"], found["recurrent"][0]["form"], found["targets"]["raspberry-pi"]["verdict"]
        ('reset', 'fused', 'ok')
    """
    rows = [get_target(target)] if target is not None else list(TARGETS.values())
    interface = describe(path)
    file, ends, state, note = interface.file, interface.ends, interface.state, interface.note
    layers = recurrent_operators(file)
    return {
        "schema": SCHEMA,
        "path": str(path),
        "name": file.name,
        "size_bytes": file.size,
        "description": file.description,
        "weights_bytes": file.weights_size,
        "weights": _weights(file),
        "memory": _memory(memory(file)),
        "inputs": [_tensor(end) for end in ends.inputs],
        "outputs": [_tensor(end) for end in ends.outputs],
        "states": [{"input": _tensor(before), "output": _tensor(after)} for before, after in ends.states],
        "operators": _operators(file),
        "recurrent": [layer._asdict() for layer in layers],
        "state": state,
        "variables": [
            {**_tensor(variable.tensor), "set_by": variable.written_by}
            for variable in variables(interface.graph)
        ],
        "metadata": note.content if note else None,
        "hints": hints(file, layers, state, note is not None),
        "engine": [layer._asdict() for layer in taken_by_engine(interface)],
        "targets": {row.name: verdict(file, row, layers, state).to_dict() for row in rows},
    }


def _weights(file: ModelFile) -> dict[str, int]:
    """Bytes of constant data by type; data that tensors share counts once."""
    shared = {tensor.buffer: tensor for graph in file.graphs for tensor in graph.tensors if tensor.size}
    sizes: Counter[str] = Counter()
    for tensor in shared.values():
        sizes[tensor.dtype] += tensor.size
    return dict(sizes.most_common())


def _memory(found: Memory) -> dict[str, Any]:
    return {
        "weights_bytes": found.weights_bytes,
        "arena_bytes": {str(length): size for length, size in found.arena_bytes.items()},
        "largest": [
            {
                "name": tensor.name,
                "shape": list(tensor.shape),
                "dtype": tensor.dtype,
                "bytes": size,
                "constant": bool(tensor.size),
            }
            for tensor, size in found.largest
        ],
    }


def _operators(file: ModelFile) -> list[dict[str, Any]]:
    counts = Counter((op.name, op.version, op.custom) for graph in file.graphs for op in graph.operators)
    return [
        {"name": name, "version": version, "custom": custom, "count": count}
        for (name, version, custom), count in counts.items()
    ]


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "scale": tensor.scales[0] if len(tensor.scales) == 1 and isfinite(tensor.scales[0]) else None,
        "zero_point": tensor.zero_points[0] if len(tensor.zero_points) == 1 else None,
    }
