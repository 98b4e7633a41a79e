"""The inputs and outputs of a file under the names that its user knows, and what the file says of itself."""

from __future__ import annotations

import json
from typing import Any

import keras
import tensorflow as tf

from edge.convert.graph import flatbuffer
from edge.convert.tracing.draft import Draft
from edge.tflite.note import ENTRY, NEWEST
from edge.version import __version__


def name_ends(draft: Draft, inputs: list[str]) -> None:
    """Give the data its names, `inputs` and those of the draft, and the states theirs."""
    after = [f"{name}_next" for name in draft.state_names]
    flatbuffer.name_ends(draft.model, [*inputs, *draft.state_names], [*draft.outputs, *after])


def write_note(
    draft: Draft,
    made: dict[str, Any],
    said: dict[str, Any],
    timed_inputs: list[bool | None],
    timed: list[bool],
) -> None:
    """Note what the file is, for whoever loads it.

    Args:
        made: how it was made: state, lowering, quantize.
        said: everything else that the file says of itself.
        timed_inputs: of each input, whether it has one entry a time step; None where the model does not say.
        timed: the same of each output.
    """
    model, main = draft.model, flatbuffer.graph(draft.model)
    data, results = len(main.inputs) - len(draft.state_names), len(draft.outputs)
    note = {
        "format": NEWEST,
        "version": __version__,
        **made,
        **said,
        "inputs": [
            {**_end(model, index), **({} if has is None else {"timed": has})}
            for index, has in zip(main.inputs[:data], timed_inputs, strict=True)
        ],
        "outputs": [
            {**_end(model, index), "timed": bool(has)}
            for index, has in zip(main.outputs[:results], timed, strict=True)
        ],
        "states": [
            {"input": name, "output": f"{name}_next", "shape": _end(model, index)["shape"]}
            for name, index in zip(draft.state_names, main.inputs[data:], strict=True)
        ],
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
    }
    flatbuffer.add_metadata(model, ENTRY, json.dumps(note, ensure_ascii=False).encode())


def add_to_note(draft: Draft, more: dict[str, Any]) -> None:
    """Add to what `write_note` wrote."""
    note = json.loads(flatbuffer.metadata(draft.model, ENTRY))
    flatbuffer.set_metadata(draft.model, ENTRY, json.dumps({**note, **more}, ensure_ascii=False).encode())


def _end(model: flatbuffer.Model, index: int) -> dict[str, Any]:
    tensor = flatbuffer.tensor(model, index)
    signature = tensor.shapeSignature
    sizes = flatbuffer.tensor_shape(model, index)
    free = signature if signature is not None and len(signature) == len(sizes) else sizes
    # TensorFlow may lose sight of the batch on the way; the file has a fixed one.
    shape = [None if n and axis < 0 else size for n, (size, axis) in enumerate(zip(sizes, free, strict=True))]
    return {
        "name": flatbuffer.tensor_name(model, index),
        "shape": shape,
        "dtype": flatbuffer.tensor_dtype(model, index).name,
    }
