"""Data of other kinds than a quantized file was made for: longer, shorter, larger, quiet, none, padded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from edge.aliases import Array
from edge.convert.material import OTHERS, Material
from edge.convert.samples import Samples
from edge.convert.verification.parity import compare
from edge.results.conversion import Check, OutputError
from keras_lstm_plus.private import flat_layers

FEW = 16  # sequences, where more are dear
LONG_ROWS = 16
CALLS = 1000  # of streams
LONG = 200  # steps at least,
TIMES = 4  # and so many times those given
LONGEST = 2000  # steps,
LONGEST_CALLS = 1000  # or calls
COST = 2_000_000_000  # steps x weights that a longer sequence may take

SIZES = {"larger": (3.0,), "quiet": (0.01, 0.03, 0.1), "zero": (0.0,)}


class Probe(NamedTuple):
    """Data of another kind.

    Attributes:
        kind: as in `Check`.
        steps: that a state goes through.
        samples: `[samples, ...]` or `[streams, calls, ...]` an input, like those that are checked.
    """

    kind: str
    steps: int
    samples: Samples


def other_values(
    material: Material,
    steps: int,
    weights: int,
    is_real: Sequence[bool],
    timed: Sequence[bool],
    tokens: Sequence[int],
    padding: Sequence[Any] | None,
) -> list[Probe]:
    """The given data in other sizes, in another order, standing still, and padded where the model masks.

    Args:
        material: of the conversion.
        steps: of a sequence, or of a call.
        weights: how many the model has.
        is_real: which inputs are real numbers; timed: which have an axis of time.
        tokens: how many kinds of them an input takes; 0: it takes none.
        padding: by input, the value that the model masks, None where it masks nothing; None: it has no mask.

    Returns:
        Probes of one shape.
    """
    count = material.others[0].shape[1] if material.by_call else 1
    affordable = COST // max(1, weights * steps * count * len(SIZES))
    most = CALLS // count if material.by_call else max(FEW, affordable)
    few = [array[: max(1, min(most, OTHERS))] for array in material.others]
    probes = []
    if any(is_real):
        for kind, factors in SIZES.items():
            changed = [
                np.concatenate([_sized(array, factor, value) if has else array for factor in factors])
                for array, has, value in zip(few, is_real, padding or [None] * len(few), strict=True)
            ]
            if all(np.isfinite(array).all() for array in changed if array.dtype.kind == "f"):
                probes.append(Probe(kind, steps * count, changed))
    rng, masks = np.random.default_rng(0), padding is not None
    if any(timed) and steps * count > 1:
        if not masks:
            changed = [_shuffled(a, rng) if has else a for a, has in zip(few, timed, strict=True)]
            probes.append(Probe("shuffled", steps * count, changed))
        changed = [
            _constant(array, kinds, masks, rng) if has else array
            for array, has, kinds in zip(few, timed, tokens, strict=True)
        ]
        probes.append(Probe("constant", steps * count, changed))
    if padding is not None and any(value is not None for value in padding):
        padded = [array.copy() for array in few]
        for array, value in zip(padded, padding, strict=True):
            if value is not None:
                array[:, (array.shape[1] + 1) // 2 :] = value
        probes.append(Probe("padded", steps * count, padded))
    return probes


def _sized(array: Array, factor: float, padding: Any = None) -> Array:
    """So many times as large; what is padding stays so, and every other sequence ends early."""
    with np.errstate(over="ignore"):
        changed = np.asarray((array * factor).astype(array.dtype))
    if padding is not None:
        ends = np.random.default_rng(0).integers(1, array.shape[1] + 1, len(array))
        ends[::2] = array.shape[1]
        changed[(array == padding).all(axis=tuple(range(2, array.ndim)))] = padding
        changed[np.arange(array.shape[1]) >= ends[:, None]] = padding
    return changed


def _shuffled(array: Array, rng: np.random.Generator) -> Array:
    """The steps (or calls) of every sequence in another order."""
    order = rng.permuted(np.tile(np.arange(array.shape[1]), (len(array), 1)), axis=1)
    return np.asarray(array[np.arange(len(order))[:, None], order])


def _constant(array: Array, tokens: int, masks: bool, rng: np.random.Generator) -> Array:
    """One step (or call) of every sequence over and over, of tokens any one; none that may be padding."""
    rows = np.arange(len(array))
    if tokens:
        first = rng.integers(int(masks and tokens > 1), tokens, (len(array), *(1,) * (array.ndim - 1)))
        return np.broadcast_to(first, array.shape).astype(array.dtype)
    step = 0 * rows if masks else np.linspace(0, array.shape[1] - 1, len(array)).astype(int)
    return np.repeat(array[rows, step][:, None], array.shape[1], axis=1)


def longer(material: Material, steps: int, timed: Sequence[bool], weights: int, is_free: bool) -> list[Probe]:
    """Sequences or streams several times as long, of those given, one after another.

    Args:
        material: of the conversion.
        steps: of a sequence, or of a call.
        timed: which inputs have an axis of time.
        weights: how many the file has.
        is_free: whether the file takes sequences of any length.

    Returns:
        The longest, and others for a model whose own output is infinite on that.
    """
    if not (is_free or material.by_call):
        return []
    given = steps * material.others[0].shape[1] if material.by_call else steps
    affordable = max(2 * given, COST // max(weights, 1))
    longest = LONGEST_CALLS * steps if material.by_call else max(LONGEST, 2 * given)
    length = min(max(LONG, TIMES * max(given, material.steps)), affordable, longest)
    probes = []
    for part in (length, length // 4, length // 16):
        if part > given:
            rows = min(len(material.others[0]), LONG_ROWS, max(1, affordable // part))
            probes.append(_of_length(material, part, given, steps, timed, rows))
    return probes


def shorter(material: Material, steps: int, timed: Sequence[bool]) -> list[Probe]:
    """Sequences of one step, from all over those given; and of half, where one is too short."""
    probes = []
    for length in sorted({1, steps // 2} - {0, steps}):
        cut = [_cut(a, length / steps) if has else a for a, has in zip(material.others, timed, strict=True)]
        size = next(a.shape[1] for a, has in zip(cut, timed, strict=True) if has)
        probes.append(Probe("shorter", size, cut))
    return probes


def _cut(array: np.ndarray, share: float) -> np.ndarray:
    """So much of each sequence, one step at least; inputs may differ in length, as those of a decoder do."""
    rows, steps = array.shape[:2]
    length = max(1, round(steps * share))
    begin = np.linspace(0, steps - length, rows).astype(int)
    return array[np.arange(rows)[:, None], begin[:, None] + np.arange(length)]


def _of_length(
    material: Material, length: int, given: int, steps: int, timed: Sequence[bool], rows: int
) -> Probe:
    times = -(-length // given)
    order = (np.arange(rows)[:, None] + np.arange(times)) % len(material.others[0])
    samples = []
    for array, has in zip(material.others, timed, strict=True):
        if material.by_call or has:
            array = np.concatenate([array[order[:, part]] for part in range(times)], axis=1)
            cut = length // steps if material.by_call else length
            samples.append(np.ascontiguousarray(array[:, :cut]))
        else:
            samples.append(array[order[:, 0]])
    return Probe("longer", length, samples)


def together(parts: Sequence[Samples]) -> Samples:
    """Samples of one shape, one after another."""
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def parts_of(outputs: Array, probes: Sequence[Probe]) -> list[Array]:
    """The outputs of each of the probes, which went through together."""
    return list(np.split(outputs, np.cumsum([len(probe.samples[0]) for probe in probes])[:-1]))


def check(
    probes: Sequence[Probe],
    wanted: Mapping[str, Array],
    found: Sequence[Array],
    usual: Mapping[str, float],
) -> list[Check]:
    """The errors of each, on what Keras gives numbers for; without any it is left out.

    Args:
        probes: of one shape.
        wanted: the outputs of Keras for all of them together, by name; found: those of the file.
        usual: the standard deviation of each output on usual data.
    """
    errors: list[list[OutputError]] = [[] for _ in probes]
    for (name, value), mine in zip(wanted.items(), found, strict=True):
        pairs = zip(errors, parts_of(value, probes), parts_of(mine, probes), strict=True)
        for each, right, answer in pairs:
            good = np.isfinite(right).reshape(len(right), -1).all(axis=1)
            if good.any() and right.size:
                right, answer = right[good], answer[good]
                error = compare(name, right, answer, max(usual[name], float(np.std(right, dtype=np.float64))))
                each.append(error if np.isfinite(error.rms) else OutputError(name, *4 * (np.inf,)))
    return [
        Check(probe.kind, probe.steps, tuple(each))
        for probe, each in zip(probes, errors, strict=True)
        if len(each) == len(wanted)
    ]


def masked_values(model: keras.Model, is_real: Sequence[bool], timed: Sequence[bool]) -> list[Any]:
    """By input, the value that the first layer which masks takes for padding; None where none does."""
    layers = flat_layers(model)
    values = [layer.mask_value for layer in layers if isinstance(layer, keras.layers.Masking)]
    tokens = any(isinstance(layer, keras.layers.Embedding) and layer.mask_zero for layer in layers)
    found: list[Any] = []
    for real, has in zip(is_real, timed, strict=True):
        value = (values[0] if values else None) if real else (0 if tokens else None)
        found.append(value if has else None)
    return found
