"""Data that comes piece by piece (a generator, a `tf.data.Dataset`, a `PyDataset`), gathered into arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from edge.convert.keras_model.signature import Signature

MOST_SAMPLES = 1000  # of a source that may have no end
MOST_BYTES = 2**28

Key = str | int  # the name of an input, or its position


def gathered(signature: Signature, data: Any, name: str = "representative_data") -> tuple[Any, str | None]:
    """The data as arrays, and a note if a source was not read to its end.

    Args:
        signature: of the model; its ranks say whether a piece is one sample or a batch of them.
        data: arrays, which come back as they are; or pieces as `fit` takes them, batches or single samples:
            inputs alone (an array, a list, a dictionary by name), or a tuple of inputs, targets and weights,
            of which the inputs are taken. A function without arguments gives such pieces.
        name: what messages call it.

    Raises:
        ValueError: there is no piece, or the pieces do not fit together.
    """
    if callable(data) and not hasattr(data, "__array__") and not isinstance(data, Iterable):
        data = data()
    if data is None or isinstance(data, (Mapping, list, tuple, str, bytes)) or hasattr(data, "__array__"):
        return data, None
    if not isinstance(data, Iterable):
        return data, None  # for the check of arrays to name
    pieces: list[dict[Key, np.ndarray]] = []
    samples = size = 0
    note = None
    for piece in data:
        if samples >= MOST_SAMPLES or size >= MOST_BYTES:
            note = f"of {name}, which goes on, the first {samples:,} samples were taken"
            break
        arrays = _batch(signature, piece)
        _check_alike(arrays, pieces, name)
        pieces.append(arrays)
        samples += min((len(array) for array in arrays.values() if array.ndim), default=0)
        size += sum(array.nbytes for array in arrays.values())
    if not pieces:
        raise ValueError(f"{name} gave nothing: it is empty, or an iterator that has been read before.")
    joined = {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    if all(isinstance(key, int) for key in joined):
        inputs = list(joined.values())
        return (inputs if len(inputs) > 1 else inputs[0]), note
    return joined, note


def _batch(signature: Signature, piece: Any) -> dict[Key, np.ndarray]:
    """The inputs of a piece by name or position, with the axis of the batch in front."""
    count = len(signature.inputs)
    # As fit takes them: a tuple is inputs, targets and weights, unless it can but be several inputs.
    if isinstance(piece, tuple) and not (count > 1 and len(piece) == count and not _is_nested(piece[0])):
        piece = piece[0] if piece else []
    by_key: dict[Key, Any]
    if isinstance(piece, Mapping):
        by_key = dict(piece)
    else:
        by_key = dict(enumerate(piece if _is_nested(piece) else [piece]))
    arrays = {key: np.asarray(value) for key, value in by_key.items()}
    ranks: dict[Key, int] = {}
    for position, spec in enumerate(signature.inputs):
        ranks[spec.name] = ranks[position] = len(spec.shape)
    lone = all(array.ndim == ranks.get(key, 0) - 1 for key, array in arrays.items())
    return {key: array[None] for key, array in arrays.items()} if lone else arrays


def _is_nested(value: Any) -> bool:
    return isinstance(value, (list, tuple, Mapping))


def _check_alike(arrays: dict[Key, np.ndarray], before: list[Any], name: str) -> None:
    if not arrays or not all(array.ndim for array in arrays.values()):
        raise ValueError(
            f"{name} gives pieces without an axis of samples; give arrays [samples, time, features]."
        )
    if not before:
        return
    first = before[0]
    if set(arrays) != set(first):
        raise ValueError(f"{name} gives pieces of {len(first)} inputs and of {len(arrays)}.")
    for key, array in arrays.items():
        if array.shape[1:] != first[key].shape[1:]:
            raise ValueError(
                f"{name} gives samples of different shapes, {list(first[key].shape[1:])} and "
                f"{list(array.shape[1:])}; cut or pad them to one length."
            )
