"""What is inside a model file and what to know before running it; no runtime is needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from edge import flatfile
from edge.flatfile import ModelFile, Tensor
from edge.model import read_metadata
from edge.variables import has_resources, state_of, variables

SCHEMA = 1
STATES = {
    "none": "no state between calls",
    "reset": "starts anew each call",
    "carry": "carries state from call to call",
}


def inspect(path: str | Path) -> dict[str, Any]:
    """Read a model file, ours or another's.

    Returns:
        Plain data, ready for JSON: `size_bytes`; `weights_bytes` and, by type, `weights`; `inputs`, `outputs`
        and `variables` (name, shape with -1 for a free axis, dtype, scale, zero point; for a variable the
        operator that sets it at the head of each call); `operators` with version and count, those in loops
        included; `state`, one of `"none"`, `"reset"`, `"carry"`; `metadata` of `edge.convert`; `hints`.

    Raises:
        ModelFileError: the file is missing, cut, damaged or no model.
    """
    file = flatfile.parse(flatfile.read(path), Path(path).name)
    graph = file.graphs[0]
    return {
        "schema": SCHEMA,
        "path": str(path),
        "name": file.name,
        "size_bytes": file.size,
        "description": file.description,
        "weights_bytes": file.weights_size,
        "weights": _weights(file),
        "inputs": [_tensor(graph.tensors[index]) for index in graph.inputs],
        "outputs": [_tensor(graph.tensors[index]) for index in graph.outputs],
        "operators": _operators(file),
        "state": state_of(graph),
        "variables": [
            {**_tensor(variable.tensor), "set_by": variable.written_by} for variable in variables(graph)
        ],
        "metadata": read_metadata(file),
        "hints": hints(file),
    }


def hints(file: ModelFile) -> list[str]:
    """Why a file may be slow, refused or surprising, a sentence or two each."""
    operators = {operator.name: operator for graph in file.graphs for operator in graph.operators}
    found = []
    if "WHILE" in operators:
        found.append(
            "WHILE is a loop, one turn for each time step, as TensorFlow's converter makes it from a Keras "
            "LSTM or GRU. It is slow, the more so the longer the sequence; edge.convert.convert makes one "
            "fused operator from an LSTM instead."
        )
    flex = sorted(name for name in operators if name.startswith("Flex"))
    if flex:
        found.append(
            f"{', '.join(flex)}: operators of TensorFlow itself (Flex), refused by the runtimes of devices. "
            "Convert without SELECT_TF_OPS, or replace those layers."
        )
    custom = sorted(name for name, op in operators.items() if op.custom and not name.startswith("Flex"))
    if custom:
        found.append(
            f"{', '.join(custom)}: custom operators, which a runtime refuses unless it registers them."
        )
    if has_resources(file.graphs[0]):
        found.append(
            "The state is in resource variables, which no runtime can reset; edge.load builds a new "
            "interpreter for that, other programs must do the same."
        )
    elif state_of(file.graphs[0]) == "carry":
        found.append(
            "A call goes on where the last one ended. EdgeModel.predict and Stream.reset reset it; other "
            "programs must call reset_all_variables() between sequences."
        )
    return found


def _weights(file: ModelFile) -> dict[str, int]:
    """Bytes of constant data by type; data that tensors share counts once."""
    shared = {tensor.buffer: tensor for graph in file.graphs for tensor in graph.tensors if tensor.size}
    sizes: Counter[str] = Counter()
    for tensor in shared.values():
        sizes[tensor.dtype] += tensor.size
    return dict(sizes.most_common())


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
        "scale": tensor.scales[0] if len(tensor.scales) == 1 else None,
        "zero_point": tensor.zero_points[0] if len(tensor.zero_points) == 1 else None,
    }
