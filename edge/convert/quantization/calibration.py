"""What integers are calibrated on, and the ranges that are seen there."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from edge.aliases import Array
from edge.convert import tf_private
from edge.convert.edits.joined_states import join_states
from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.signature import Signature, has_free_time
from edge.convert.quantization.cell_ranges import largest_cells
from edge.convert.quantization.ranges import settle_ranges
from edge.convert.samples import Samples, evenly, in_batches
from edge.convert.tracing.draft import Calls, Draft

MOST_SAMPLES = 256
MOST_STEPS = 2000  # calls of a step model that its ranges are taken from


def calibrate(draft: Draft) -> None:
    """Note the range of every tensor over the calls of the draft, as the integer kernels need it.

    The ranges are seen in a copy, whose states are joined: there is nothing to undo.
    """
    for operator in operators.named(draft.model, operators.LSTM):
        operators.add_intermediates(draft.model, operator)
    whole = draft.copied()
    join_states(whole)
    cells = largest_cells(whole)
    content = tf_private.calibrate(flatbuffer.pack(whole.model), draft.calls)
    seen = flatbuffer.load(content)
    for index in range(len(flatbuffer.graph(draft.model).tensors)):
        ends = flatbuffer.get_range(seen, index)
        if ends is not None:
            flatbuffer.set_range(draft.model, index, *ends)
    settle_ranges(draft, cells)


def gather_calls(draft: Draft, whole: Signature, samples: Samples, by_step: bool) -> None:
    """Let the draft be calibrated on these samples: sequences, with the states that belong to them.

    Args:
        draft: in float32.
        whole: the signature of the model for whole sequences, which says what has a time axis.
        samples: whole sequences.
        by_step: whether the draft takes one step at a time.
    """
    joined = draft.copied()
    join_states(joined)
    kept = evenly(samples, MOST_SAMPLES)
    sizes = [state.size for state in draft.plain_states]
    if by_step:
        draft.calls = _stepwise(joined.model, whole, kept, sizes)
    else:
        draft.calls = _with_states(joined.model, in_batches(kept, whole.inputs[0].shape[0] or 1), sizes)


def _with_states(model: flatbuffer.Model, batches: Calls, sizes: list[int]) -> Calls:
    """Every batch with states behind its data: of zeros, and those with which the float model ends there.

    From zeros alone the first step would have products that are always zero, for which there is no scale.
    """
    if not sizes:
        return batches
    interpreter = _interpreter(model)
    count = len(batches[0][0])
    calls = []
    for batch in batches:
        calls.append([*batch, *(np.zeros((count, size), np.float32) for size in sizes)])
        calls.append([*batch, *_call(interpreter, model, calls[-1])[-len(sizes) :]])
    return calls


def _stepwise(model: flatbuffer.Model, whole: Signature, samples: Samples, sizes: list[int]) -> Calls:
    """Every step of the sequences as one call, with the states that the float model had there."""
    interpreter = _interpreter(model)
    batch = whole.inputs[0].shape[0] or 1
    timed = [has_free_time(spec) for spec in whole.inputs]
    steps = next(array.shape[1] for array, t in zip(samples, timed, strict=True) if t)
    calls = []
    for sequences in in_batches(evenly(samples, max(1, MOST_STEPS // steps) * batch), batch):
        states = [np.zeros((batch, size), np.float32) for size in sizes]
        for step in range(steps):
            data = [a[:, step : step + 1] if t else a for a, t in zip(sequences, timed, strict=True)]
            calls.append([*data, *states])
            states = _call(interpreter, model, calls[-1])[-len(sizes) :]
    return calls


def _interpreter(model: flatbuffer.Model) -> Interpreter:
    interpreter = Interpreter(model_content=flatbuffer.pack(model))
    interpreter.allocate_tensors()
    return interpreter


def _call(interpreter: Interpreter, model: flatbuffer.Model, values: list[Array]) -> list[Array]:
    main = flatbuffer.graph(model)
    for index, value in zip(main.inputs, values, strict=True):
        interpreter.set_tensor(index, value)
    interpreter.invoke()
    return [interpreter.get_tensor(index) for index in main.outputs]
