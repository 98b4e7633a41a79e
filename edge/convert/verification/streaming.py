"""Whether a model, or a file, gives step by step what it gives for a whole sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

import edge
from edge.aliases import Array
from edge.convert.keras_model.signature import Signature, has_free_time
from edge.convert.samples import Samples
from edge.convert.verification.parity import keras_outputs

STEPS = 20  # that are fed one by one

LOOKS_FURTHER = (
    "the model looks at several time steps at once outside of its recurrent layers (a convolution, pooling, "
    "attention over time, a layer that reads backwards)"
)


def is_the_same_by_calls(
    model: keras.Model,
    whole: Signature,
    streams: Samples,
    timed: Sequence[bool],
    outputs: Mapping[str, Array],
) -> bool:
    """Whether the model gives call by call, its states carried on, what it gives for whole sequences.

    Args:
        model: with a free axis of time.
        whole: its signature.
        streams: `[streams, calls, ...]` an input.
        timed: which inputs have an axis of time.
        outputs: of the model by name, `[streams, calls, ...]`.
    """
    few = [array[: max(2, whole.batch or 1), :STEPS] for array in streams]
    rows, calls = few[0].shape[:2]
    together = [
        array.reshape(rows, -1, *array.shape[3:]) if has else array[:, 0]
        for array, has in zip(few, timed, strict=True)
    ]
    for name, wanted in keras_outputs(model, whole, together).items():
        last = outputs[name][:rows, calls - 1]
        if last.ndim > 2 and last.ndim == wanted.ndim:  # an entry a step
            wanted = wanted[:, -last.shape[1] :]
        if last.shape != wanted.shape:
            return False
        if _differs(last, wanted, wanted, 1e-4):
            return False
    return True


def stream_note(path: Path, whole: Signature, samples: Samples, rows: int) -> str | None:
    """What the user of a file that goes on from call to call should know, if single steps are no good.

    Args:
        path: of the file, which takes any number of steps.
        whole: the signature of the model.
        samples: whole sequences.
        rows: that the file takes at a time.
    """
    timed = [has_free_time(spec) for spec in whole.inputs]
    if not any(timed):
        return None
    model = edge.load(path, runtime="ai-edge-litert", accelerate=False)
    first = [array[:rows, :STEPS] if has else array[:rows] for array, has in zip(samples, timed, strict=True)]
    steps = next(array.shape[1] for array, has in zip(first, timed, strict=True) if has)
    together = model.predict(first if len(first) > 1 else first[0], normalized=True)
    wanted = [np.asarray(output) for output in (together if isinstance(together, list) else [together])]
    try:
        stream = model.stream()
        for step in range(steps):
            now = [array[:, step] if has else array for array, has in zip(first, timed, strict=True)]
            now = now if rows > 1 else [array[0] for array in now]
            answer = stream.step(now if len(now) > 1 else now[0], normalized=True)
    except ValueError:
        return f"the file cannot run one step at a time: {LOOKS_FURTHER}"
    found = answer if isinstance(answer, list) else [answer]
    for value, whole_value, is_timed in zip(found, wanted, model.timed, strict=True):
        right = whole_value[:, -1] if is_timed else whole_value
        right = right if rows > 1 else right[0]
        if np.shape(value) != right.shape or _differs(value, right, whole_value, 1e-2):
            return (
                f"one step at a time the file gives other results than for whole sequences: {LOOKS_FURTHER}"
            )
    return None


def _differs(found: Array, wanted: Array, whole: Array, share: float) -> bool:
    """By more than a share of the largest value, or of 1; where all are small, by five shares of them."""
    difference, size = float(np.abs(found - wanted).max()), float(np.abs(whole).max())
    return difference > share * max(1.0, size) or difference > 5 * share * size
