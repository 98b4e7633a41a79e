"""Representative data: checked, and cut into batches in the order of the model's inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from edge.convert.keras_model.signature import Input, Signature
from edge.convert.keras_model.tokens import real_tokens
from edge.runtime.values import as_array
from keras_lstm_plus.private import flat_layers

Samples = list[np.ndarray]  # one array an input, [samples, ...]

RANDOM_SAMPLES = 16
RANDOM_LENGTH = 20  # where an axis is free


def check_samples(
    signature: Signature, data: Any, name: str = "representative_data", streams: bool = False
) -> Samples:
    """The representative data as one array an input.

    Args:
        signature: of the model.
        data: an array `[samples, time, features]`; for several inputs a list in the order of the model's
            inputs, or a dictionary by their names.
        name: what messages call it.
        streams: whether a fixed number of steps is that of a call, and a sample may have more of them.

    Raises:
        ValueError: data whose number of inputs, shape or values does not fit; the message names the input.
        TypeError: data that is not made of numbers.
    """
    arrays = _by_input(signature, data, name)
    samples = [
        _check(spec, array, name, streams) for spec, array in zip(signature.inputs, arrays, strict=True)
    ]
    counts = {spec.name: len(array) for spec, array in zip(signature.inputs, samples, strict=True)}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{count} for {name!r}" for name, count in counts.items())
        raise ValueError(f"{name} must have as many samples for each input, received {found}.")
    return samples


def random_samples(signature: Signature, model: keras.Model) -> Samples:
    """Normal noise for real inputs; for tokens, integer or not, such as every Embedding knows."""
    rng = np.random.default_rng(0)
    samples = []
    for spec, kinds in zip(signature.inputs, token_kinds(model, signature), strict=True):
        shape = (RANDOM_SAMPLES, *(RANDOM_LENGTH if axis is None else axis for axis in spec.shape[1:]))
        noise = rng.integers(0, kinds, shape) if kinds else rng.normal(size=shape)
        samples.append(noise.astype(spec.dtype))
    return samples


def token_kinds(model: keras.Model, signature: Signature) -> list[int]:
    """By input how many kinds of tokens every Embedding knows; 0 for real numbers."""
    embeddings = [layer for layer in flat_layers(model) if isinstance(layer, keras.layers.Embedding)]
    kinds = min((layer.input_dim for layer in embeddings), default=2)
    real = real_tokens(model, signature)
    inputs = enumerate(signature.inputs)
    return [kinds if _is_integer(spec) else int(real.get(place) or 0) for place, spec in inputs]


def evenly(samples: Samples, count: int) -> Samples:
    """At most `count` of the samples, spread over all of them."""
    total = len(samples[0])
    picked = np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int))
    return [array[picked] for array in samples]


def in_batches(samples: Samples, batch: int) -> list[list[np.ndarray]]:
    """The samples as the file takes them, `batch` at a time; the first ones fill up the last batch."""
    total = len(samples[0])
    starts = range(0, total, batch)
    return [[np.take(a, range(s, s + batch), axis=0, mode="wrap") for a in samples] for s in starts]


def is_sequence(spec: Input) -> bool:
    """Whether an input of fixed shape has an axis of time: `[batch, time, features]`, or tokens."""
    return len(spec.shape) > 2 or (len(spec.shape) == 2 and _is_integer(spec))


def _by_input(signature: Signature, data: Any, label: str) -> Sequence[Any]:
    names = [spec.name for spec in signature.inputs]
    if isinstance(data, Mapping):
        if set(data) != set(names):
            raise ValueError(
                f"{label} has the keys {', '.join(map(repr, data))}; the inputs of the model "
                f"are {', '.join(map(repr, names))}."
            )
        return [data[name] for name in names]
    if isinstance(data, (list, tuple)) and (len(names) > 1 or len(data) == 1):
        if len(data) != len(names):
            raise ValueError(
                f"{label} has {len(data)} arrays; the model has {len(names)} inputs: "
                f"{', '.join(map(repr, names))}."
            )
        return data
    if len(names) > 1:
        raise ValueError(
            f"The model has {len(names)} inputs ({', '.join(map(repr, names))}); give {label} "
            f"as a list in that order or as a dictionary, received {type(data).__name__}."
        )
    return [data]


def _check(spec: Input, data: Any, name: str, streams: bool) -> np.ndarray:
    label = f"{name} for input {spec.name!r}"
    array = as_array(data, label)
    kinds = "iu" if _is_integer(spec) else "fiub"
    if array.dtype.kind not in kinds:
        wanted = "integers" if _is_integer(spec) else "real numbers"
        raise TypeError(
            f"{label} must be {wanted} (the model takes {spec.dtype}), received dtype {array.dtype}."
        )
    sizes: list[int | str] = ["any" if axis is None else axis for axis in spec.shape[1:]]
    fits = array.ndim == len(sizes) + 1 and all(
        wanted in ("any", found) for wanted, found in zip(sizes, array.shape[1:], strict=True)
    )
    if streams and is_sequence(spec) and isinstance(least := sizes[0], int):
        sizes[0] = f"{least} or more"
        given = list(array.shape[1:])
        fits = fits or (len(given) == len(sizes) and given[0] >= least and given[1:] == sizes[1:])
    shape = ("samples", *sizes)
    if not fits:
        raise ValueError(
            f"{label} must have the shape [{', '.join(map(str, shape))}], received {list(array.shape)}."
        )
    if array.size == 0:
        raise ValueError(f"{label} is empty: its shape is {list(array.shape)}. Give at least one sample.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(np.argwhere(~np.isfinite(array))[0][0])
        raise ValueError(
            f"{label} has NaN or infinite values, the first in sample {bad}. Clean the data: a range cannot "
            "be taken from it."
        )
    with np.errstate(over="ignore"):
        samples = np.ascontiguousarray(array.astype(spec.dtype))
    # What does not fit becomes infinity, or another number.
    lost = ~np.isfinite(samples) if samples.dtype.kind == "f" else samples != array
    if lost.any():
        where = tuple(int(n) for n in np.argwhere(lost)[0])
        raise ValueError(f"{label} has {array[where]} at index {where}, which is no {spec.dtype}.")
    return samples


def _is_integer(spec: Input) -> bool:
    return np.dtype(spec.dtype).kind in "iu"
