"""A file in integers on data that it was not calibrated on: longer, larger, quiet, none, padded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from edge.aliases import Array
from edge.convert.material import ENOUGH, Material
from edge.convert.samples import Samples
from edge.convert.verification.judgement import INTEGER, CoarseError
from edge.convert.verification.parity import compare
from edge.results.conversion import Calibration, Check, OutputError
from keras_lstm_plus.private import flat_layers

SEQUENCES = 16
CALLS = 1000  # of streams
LONG = 200  # steps at least,
TIMES = 4  # and so many times those given
LONGEST = 2000  # steps,
LONGEST_CALLS = 1000  # or calls
COST = 2_000_000_000  # steps x weights that a longer sequence may take

SIZES = {"larger": 3.0, "quiet": 0.01, "zero": 0.0}
WORDS = {
    "larger": "inputs three times as large, which are clipped",
    "quiet": "inputs a hundredth as large",
    "zero": "inputs of zeros",
    "padded": "sequences that are padded by half",
}


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


def other_sizes(
    material: Material, steps: int, is_real: Sequence[bool], padding: Sequence[Any]
) -> list[Probe]:
    """The checked data in other sizes, and with padding, where the model masks it; all of one shape.

    Args:
        material: of the conversion.
        steps: of a sequence, or of a call.
        is_real: which inputs are real numbers.
        padding: by input, the value that the model masks; None where it masks nothing.
    """
    count = material.checked[0].shape[1] if material.by_call else 1
    few = [array[: max(1, min(SEQUENCES, CALLS // count))] for array in material.checked]
    probes = []
    if any(is_real):
        for kind, factor in SIZES.items():
            changed = [
                (array * factor).astype(array.dtype) if has else array
                for array, has in zip(few, is_real, strict=True)
            ]
            probes.append(Probe(kind, steps * count, changed))
    if any(value is not None for value in padding):
        padded = [array.copy() for array in few]
        for array, value in zip(padded, padding, strict=True):
            if value is not None:
                array[:, (array.shape[1] + 1) // 2 :] = value
        probes.append(Probe("padded", steps * count, padded))
    return probes


def longer(
    material: Material, steps: int, timed: Sequence[bool], weights: int, is_free: bool
) -> Probe | None:
    """Sequences or streams several times as long, of the checked ones, one after another.

    Args:
        material: of the conversion.
        steps: of a sequence, or of a call.
        timed: which inputs have an axis of time.
        weights: how many the file has.
        is_free: whether the file takes sequences of any length.
    """
    if not (is_free or material.by_call):
        return None
    given = steps * material.checked[0].shape[1] if material.by_call else steps
    affordable = max(2 * given, COST // max(weights, 1))
    longest = LONGEST_CALLS * steps if material.by_call else max(LONGEST, 2 * given)
    length = min(max(LONG, TIMES * max(given, material.steps)), affordable, longest)
    if length <= given:
        return None
    rows = min(len(material.checked[0]), 4, max(1, affordable // length))
    times = -(-length // given)
    order = (np.arange(rows)[:, None] + np.arange(times)) % len(material.checked[0])
    samples = []
    for array, has in zip(material.checked, timed, strict=True):
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
    """The errors of each; one for which Keras gives NaN is left out.

    Args:
        probes: of one shape.
        wanted: the outputs of Keras for all of them together, by name; found: those of the file.
        usual: the standard deviation of each output on usual data.
    """
    errors: list[list[OutputError]] = [[] for _ in probes]
    for (name, value), mine in zip(wanted.items(), found, strict=True):
        pairs = zip(errors, parts_of(value, probes), parts_of(mine, probes), strict=True)
        for each, right, answer in pairs:
            if np.isfinite(right).all():
                error = compare(name, right, answer, max(usual[name], float(np.std(right))))
                each.append(error if np.isfinite(error.rms) else OutputError(name, *3 * (np.inf,)))
    return [
        Check(probe.kind, probe.steps, tuple(each))
        for probe, each in zip(probes, errors, strict=True)
        if len(each) == len(wanted)
    ]


def judge_checks(calibration: Calibration) -> list[str]:
    """What to say of them, and of how the file was calibrated.

    Raises:
        CoarseError: the file is useless on padded sequences, though the model masks the padding.
    """
    notes = []
    if not calibration.held_out:
        same = "sample" if calibration.samples == 1 else f"{calibration.samples:,} samples"
        notes.append(
            f"calibrated and checked on the same {same}, so its error on others may be larger: give {ENOUGH} "
            "or more, and every fifth is held out"
        )
    beyond = [each for each in calibration.checks if not each.worst <= INTEGER.usual]
    for each in beyond:
        if each.kind == "padded" and not each.worst <= INTEGER.broken:
            raise CoarseError(
                f"The file was not kept: on {WORDS['padded']} it differs from Keras by {each.worst:.1%} of "
                "the standard deviation, and the model masks padding. Give representative_data with padding."
            )
    if beyond:
        said = [f"{each.worst:.0%} on {_kind(each)}" for each in sorted(beyond, key=lambda e: -e.worst)]
        notes.append(
            f"beyond what it was calibrated on the rms error is {', '.join(said)}, in standard deviations; "
            "give representative_data like all that will come, as long and as large"
        )
    return notes


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


def _kind(check: Check) -> str:
    return f"{check.steps:,} steps" if check.kind == "longer" else WORDS[check.kind]
