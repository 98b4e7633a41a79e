"""What stands at the ends of a file: states settled, inputs and outputs in order and named, metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from edge.convert.edits import real_ends
from edge.convert.edits.fusion import Fused
from edge.convert.edits.states import reset_states, show_states
from edge.convert.graph import flatbuffer
from edge.convert.plan import Plan
from edge.convert.tracing.export import Traced
from edge.tflite.note import ENTRY, NEWEST
from edge.version import __version__


class Ends(NamedTuple):
    """How inputs and outputs are named and typed, and what is noted about them.

    Attributes:
        inputs, outputs: names of the data.
        input_type, output_type: `"float32"`, or None for what the file computes in.
        timed: of each output, whether it has one entry a time step.
        note: everything else that the file says of itself.
    """

    inputs: Sequence[str]
    outputs: Sequence[str]
    input_type: str | None
    output_type: str | None
    timed: Sequence[bool]
    note: dict[str, Any]


def finish(
    model: flatbuffer.Model, plan: Plan, traced: Traced, fused: Sequence[Fused], wanted: Ends
) -> bytes:
    """The bytes of the finished file. Edits `model`."""
    states = _settle_states(model, plan, traced, fused)
    main = flatbuffer.graph(model)
    data, results = len(wanted.inputs), len(wanted.outputs)
    main.inputs = [*main.inputs[:data], *(before for _, before, _ in states)]
    main.outputs = [*main.outputs[:results], *(after for _, _, after in states)]
    if wanted.input_type == "float32":
        real_ends.real_inputs(model, range(len(main.inputs)))
        real_ends.real_outputs(model, range(results, len(main.outputs)))  # states match what goes in
    if wanted.output_type == "float32":
        real_ends.real_outputs(model, range(results))
    real_ends.separate(model)
    names = [name for name, _, _ in states]
    after = [f"{name}_next" for name in names]
    flatbuffer.name_ends(model, [*wanted.inputs, *names], [*wanted.outputs, *after])
    note = {
        "format": NEWEST,
        "version": __version__,
        "state": plan.state,
        "lowering": plan.lowering,
        "quantize": plan.quantize,
        **wanted.note,
        "inputs": [_end(model, index) for index in main.inputs[:data]],
        "outputs": [
            {**_end(model, index), "timed": bool(timed)}
            for index, timed in zip(main.outputs[:results], wanted.timed, strict=True)
        ],
        "states": [
            {"input": name, "output": later, "shape": _end(model, index)["shape"]}
            for name, later, index in zip(names, after, main.inputs[data:], strict=True)
        ],
        "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
    }
    flatbuffer.add_metadata(model, ENTRY, json.dumps(note, ensure_ascii=False).encode())
    flatbuffer.drop_unused_buffers(model)
    return flatbuffer.pack(model)


def _settle_states(
    model: flatbuffer.Model, plan: Plan, traced: Traced, fused: Sequence[Fused]
) -> list[tuple[str, int, int]]:
    """Name, input and output of every state that the file shows, in the order of the layers."""
    if plan.state == "reset":
        reset_states(model, fused)
    if plan.state != "explicit":
        return []
    main = flatbuffer.graph(model)
    found = []
    first = len(main.inputs) - len(traced.states), len(main.outputs) - len(traced.states)
    for position, state in enumerate(traced.states):
        pair = main.inputs[first[0] + position], main.outputs[first[1] + position]
        found.append((state.site, state.name, *pair))
    sites = {site.index: site for site in traced.sites}
    for index, pairs in show_states(model, fused).items():
        found += [(index, name, *p) for name, p in zip(sites[index].state_names(), pairs, strict=True)]
    found.sort(key=lambda each: each[0])
    return [(_unique(n, found), before, after) for n, (_, _, before, after) in enumerate(found)]


def _unique(position: int, found: Sequence[tuple[int, str, int, int]]) -> str:
    """A layer that is called twice has its states twice."""
    name = found[position][1]
    earlier = sum(other == name for _, other, *_ in found[:position])
    return f"{name}_{earlier}" if earlier else name


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
