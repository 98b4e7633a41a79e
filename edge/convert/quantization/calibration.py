"""What integers are calibrated on, and the ranges that are seen there."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from edge.aliases import Array
from edge.convert import tf_private
from edge.convert.edits.joined_states import join_states
from edge.convert.edits.reset_states import reset_states
from edge.convert.graph import flatbuffer, operators
from edge.convert.quantization.cell_ranges import largest_cells
from edge.convert.quantization.ranges import settle_ranges
from edge.convert.samples import Samples, in_batches
from edge.convert.stages import Stages
from edge.convert.tracing.draft import Draft


def calibrate(draft: Draft, stage: Stages) -> None:
    """Note the range of every tensor over the calls of the draft, as the integer kernels need it.

    The ranges are seen in a copy, whose states are joined: there is nothing to undo.
    """
    for operator in operators.named(draft.model, operators.LSTM):
        operators.add_intermediates(draft.model, operator)
    whole = _joined(draft)
    cells = largest_cells(whole)
    _keep_apart(whole)
    content = tf_private.calibrate(flatbuffer.pack(whole.model), stage.counted(draft.calls), draft.starts)
    seen = flatbuffer.load(content)
    for index in range(len(flatbuffer.graph(draft.model).tensors)):
        ends = flatbuffer.get_range(seen, index)
        if ends is not None:
            flatbuffer.set_range(draft.model, index, *ends)
    settle_ranges(draft, cells)


def gather_calls(draft: Draft, streams: Samples, rows: int, anew: Collection[int] = ()) -> None:
    """Let the draft be calibrated on these streams, with the states that belong to each call.

    Args:
        draft: in float32.
        streams: an array an input, `[streams, calls, ...]`: the states of a stream start from zeros and go on
            from call to call.
        rows: how many streams the draft takes side by side.
        anew: sites of layers that start from zeros at every call all the same.
    """
    draft.anew = set(anew)
    count = streams[0].shape[1]
    sizes = [state.size for state in draft.plain_states]
    run = _float_model(draft) if sizes else None
    # From zeros alone a plain state would have products that are always zero, for which there is no scale.
    calls = range(max(2, count)) if sizes else range(count)
    draft.calls, draft.starts = [], []
    for group in in_batches(streams, rows):
        states = [np.zeros((rows, size), np.float32) for size in sizes]
        for position in calls:
            values = [np.ascontiguousarray(array[:, position % count]) for array in group]
            draft.calls.append([*values, *states])
            draft.starts.append(position == 0)
            if run is not None:
                states = run(draft.calls[-1], position == 0)[-len(sizes) :]


def _joined(draft: Draft) -> Draft:
    """A copy that runs: its states joined, and those of zeros where a layer starts anew."""
    whole = draft.copied()
    join_states(whole)
    reset_states(whole, draft.anew)
    return whole


def _keep_apart(draft: Draft) -> None:
    """Let every tensor have a place of its own, as an output has.

    A sum is computed in the place of what is added, and calibration would take its range for that of both: a
    fused LSTM with a scale for its output that is not the one it computes with.
    """
    main = flatbuffer.graph(draft.model)
    made = [int(index) for operator in main.operators for index in operator.outputs]
    main.outputs = list(dict.fromkeys([*main.outputs, *made]))


def _float_model(draft: Draft) -> Callable[[list[Array], bool], list[Array]]:
    """What the draft gives for inputs, from zeros or from where its own states are."""
    joined = _joined(draft)
    main = flatbuffer.graph(joined.model)
    interpreter = Interpreter(model_content=flatbuffer.pack(joined.model))

    def run(values: list[Array], is_start: bool) -> list[Array]:
        for index, value in zip(main.inputs, values, strict=True):
            if is_start:
                interpreter.resize_tensor_input(index, value.shape)
        if is_start:
            interpreter.allocate_tensors()
            interpreter.reset_all_variables()
        for index, value in zip(main.inputs, values, strict=True):
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in main.outputs]

    return run
