"""What a model that shows its states is calibrated on: sequences, with the states that belong to them."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from edge.convert.graph import flatbuffer
from edge.convert.keras_model.signature import Signature, has_free_time
from edge.convert.samples import Samples, evenly, in_batches

Batches = list[list[np.ndarray]]

MOST_STEPS = 2000  # calls of a step model that its ranges are taken from


def with_states(model: flatbuffer.Model, batches: Batches, sizes: list[int]) -> Batches:
    """Every batch with states behind its data: of zeros, and those with which the float model ends there.

    From zeros alone the first step would have products that are always zero, for which there is no scale.
    """
    if not sizes:
        return batches
    interpreter = Interpreter(model_content=flatbuffer.pack(model))
    interpreter.allocate_tensors()
    count = len(batches[0][0])
    calls = []
    for batch in batches:
        calls.append([*batch, *(np.zeros((count, size), np.float32) for size in sizes)])
        calls.append([*batch, *_call(interpreter, model, calls[-1])[-len(sizes) :]])
    return calls


def stepwise(model: flatbuffer.Model, whole: Signature, samples: Samples, sizes: list[int]) -> Batches:
    """Every step of the sequences as one call, with the states that the float model had there.

    Args:
        model: one step in float32, its inputs the data and then the states, its outputs likewise.
        whole: the signature of the model for whole sequences, which says what has a time axis.
        samples: whole sequences.
        sizes: of the states.
    """
    interpreter = Interpreter(model_content=flatbuffer.pack(model))
    interpreter.allocate_tensors()
    batch = whole.inputs[0].shape[0] or 1
    timed = [has_free_time(spec) for spec in whole.inputs]
    steps = next(array.shape[1] for array, t in zip(samples, timed, strict=True) if t)
    kept = evenly(samples, max(1, MOST_STEPS // steps) * batch)
    calls = []
    for sequences in in_batches(kept, batch):
        states = [np.zeros((batch, size), np.float32) for size in sizes]
        for step in range(steps):
            data = [a[:, step : step + 1] if t else a for a, t in zip(sequences, timed, strict=True)]
            calls.append([*data, *states])
            states = _call(interpreter, model, calls[-1])[-len(sizes) :]
    return calls


def _call(interpreter: Interpreter, model: flatbuffer.Model, values: list[np.ndarray]) -> list[np.ndarray]:
    main = flatbuffer.graph(model)
    for index, value in zip(main.inputs, values, strict=True):
        interpreter.set_tensor(index, value)
    interpreter.invoke()
    return [interpreter.get_tensor(index) for index in main.outputs]
