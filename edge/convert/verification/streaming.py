"""Whether a file gives one step at a time what it gives for a whole sequence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import edge
from edge.convert.keras_model.signature import Signature, has_free_time
from edge.convert.samples import Samples

STEPS = 20  # that are fed one by one

LOOKS_FURTHER = (
    "the model looks at several time steps at once outside of its recurrent layers (a convolution, pooling, "
    "attention over time, a layer that reads backwards)"
)


def stream_note(path: Path, whole: Signature, samples: Samples) -> str | None:
    """What the user of a file with `state="carry"` should know, if it is no good one step at a time."""
    if not all(has_free_time(spec) for spec in whole.inputs) or whole.inputs[0].shape[0] != 1:
        return None  # a stream has its time axis at every input
    model = edge.load(path, runtime="ai-edge-litert")
    first = [array[:1, :STEPS] for array in samples]
    together = model.predict(first if len(first) > 1 else first[0], normalized=True)
    wanted = [np.asarray(output) for output in (together if isinstance(together, list) else [together])]
    try:
        stream = model.stream()
        for step in range(first[0].shape[1]):
            now = [array[0, step] for array in first]
            answer = stream.step(now if len(now) > 1 else now[0], normalized=True)
    except ValueError:
        return f"the file cannot run one step at a time: {LOOKS_FURTHER}"
    found = answer if isinstance(answer, list) else [answer]
    for value, whole_value, is_timed in zip(found, wanted, model.timed, strict=True):
        right = whole_value[0, -1] if is_timed else whole_value[0]
        spread = max(1.0, float(np.abs(whole_value).max()))
        if np.shape(value) != right.shape or np.abs(value - right).max() > 1e-2 * spread:
            return (
                f"one step at a time the file gives other results than for whole sequences: {LOOKS_FURTHER}"
            )
    return None
