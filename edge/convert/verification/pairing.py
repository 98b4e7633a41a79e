"""Which input and output of a file is which of the Keras model, whoever made the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import NamedTuple

import keras
import numpy as np

from edge.aliases import Array
from edge.convert.keras_model.signature import Input, Signature
from edge.convert.samples import Samples, in_batches
from edge.runtime.model import EdgeModel
from edge.tflite.interface import TensorInfo


class Pair(NamedTuple):
    """A Keras model and a file.

    Attributes:
        model, signature: the model, and what goes into it.
        file: the loaded file.
        inputs: for each input of the file, its position among those of the model.
        outputs: for each output of the model, its position among those of the file.
        names: of the outputs of the model.
    """

    model: keras.Model
    signature: Signature
    file: EdgeModel
    inputs: list[int]
    outputs: list[int]
    names: list[str]


def pair_inputs(signature: Signature, file: EdgeModel) -> list[int]:
    """For each input of the file, its position in the model: by position, else by shape.

    Raises:
        ValueError: they do not fit.
    """
    specs = signature.inputs
    order = _matched(
        len(file.inputs), len(specs), lambda mine, its: _fits(specs[its], file.inputs[mine], file)
    )
    if order is None:
        ours = ", ".join(f"{spec.name!r} {_shape((None, *spec.shape[1:]))}" for spec in specs)
        raise ValueError(
            f"{file.file.name} is no conversion of this model: it takes "
            f"{', '.join(map(str, file.inputs))}, the model takes {ours}."
        )
    return order


def pair_outputs(wanted: Sequence[Array], found: Sequence[Array], file: EdgeModel) -> list[int]:
    """For each output of the model, its position in the file: by position, else by shape.

    Raises:
        ValueError: they do not fit.
    """
    order = _matched(len(wanted), len(found), lambda its, mine: wanted[its].shape == found[mine].shape)
    if order is None:
        ours, theirs = (", ".join(str(list(each.shape)) for each in values) for values in (wanted, found))
        raise ValueError(
            f"{file.file.name} is no conversion of this model: on the same input it gives {theirs}, the "
            f"model {ours}."
        )
    return order


def run_file(pair: Pair, x: Samples) -> list[Array]:
    """The outputs of the file, in its order, for inputs in the order of the model."""
    given = [x[position] for position in pair.inputs]
    fixed = {info.shape[0] for info in pair.file.inputs if info.shape}
    (rows,) = fixed if len(fixed) == 1 else (-1,)
    # EdgeModel cuts into batches what edge.convert has made; of another's file it knows no batch axis.
    parts = in_batches(given, rows) if pair.file.rows is None and rows > 1 else [given]
    results = []
    for part in parts:
        outputs = pair.file.predict(part if len(part) > 1 else part[0], normalized=True)
        results.append(outputs if isinstance(outputs, list) else [outputs])
    return [
        np.concatenate(each)[: len(x[0])] if len(parts) > 1 else each[0]
        for each in zip(*results, strict=True)
    ]


def _matched(count: int, others: int, fits: Callable[[int, int], bool]) -> list[int] | None:
    """The first order, that of the positions before all, in which every item fits another."""
    if count != others or count > 7:  # 5,040 orders are enough
        return list(range(count)) if count == others else None
    orders = permutations(range(count))
    return next((list(o) for o in orders if all(fits(item, other) for item, other in enumerate(o))), None)


def _fits(spec: Input, info: TensorInfo, file: EdgeModel) -> bool:
    if len(spec.shape) != len(info.shape) or info.is_real == (np.dtype(spec.dtype).kind in "iu"):
        return False
    by_step = file.lowering == "step"
    return all(
        wanted is None or size in (-1, wanted) or (by_step and axis == 1 and size == 1)
        for axis, (wanted, size) in enumerate(zip(spec.shape, info.shape, strict=True))
        if axis > 0
    )


def _shape(shape: Sequence[int | None]) -> str:
    return f"[{', '.join('any' if n is None else str(n) for n in shape)}]"
