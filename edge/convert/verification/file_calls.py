"""A file that is called again and again, its states carried on, as a stream uses it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import edge
from edge.aliases import Array
from edge.convert.samples import Samples, in_batches
from edge.runtime.inputs import joined
from edge.runtime.states import fed_back, zeros
from edge.runtime.values import decode, encode


def file_calls(path: Path, streams: Samples) -> list[Array]:
    """The outputs of every call of every stream, `[streams, calls, ...]` each.

    Args:
        path: of the file, which takes a fixed number of steps a call.
        streams: an array an input, `[streams, calls, ...]`; each stream starts from zeros.
    """
    model = edge.load(path, runtime="ai-edge-litert", accelerate=False)
    total, count = streams[0].shape[:2]
    rows, session = model.rows or 1, model.session
    start = [zeros(state, rows) for state in model.states]
    parts = []
    for group in in_batches(streams, rows):
        values = [encode(array, info) for array, info in zip(group, model.inputs, strict=True)]
        session.prepare(tuple(value[:, 0].shape for value in values) + tuple(value.shape for value in start))
        session.reset()
        states, seen = start, []
        for position in range(count):
            results = session.run([*(value[:, position] for value in values), *states])
            seen.append([joined([value], rows, rows) for value in results[: len(model.outputs)]])
            after = zip(model.states, results[len(model.outputs) :], strict=True)
            states = [fed_back(state, value) for state, value in after]
        parts.append([np.stack(each, axis=1) for each in zip(*seen, strict=True)])
    found = [np.concatenate(each)[:total] for each in zip(*parts, strict=True)]
    return [decode(value, info) for value, info in zip(found, model.outputs, strict=True)]
