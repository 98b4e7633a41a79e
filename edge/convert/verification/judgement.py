"""Is an error that was found one that a file may have? A note, or a refusal with a way out."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from edge.convert.material import ENOUGH
from edge.convert.verification.parity import ConversionError
from edge.results.conversion import Calibration, Check, OutputError


class Limits(NamedTuple):
    """Up to `usual` an error is not worth a word, past `broken` the file is not kept."""

    usual: float
    broken: float


# Largest error, in units of the largest value of the output (of 1 where that is smaller). Another order of
# summation gives 1e-6, which a long sequence through an unstable LSTM multiplies; a wrong gate gives 1e-2.
FLOAT = Limits(1e-5, 1e-4)
# Root of the mean squared error, in standard deviations of the output. 8 bits give 1 to 3 %; a wrong range or
# kernel gives 20 % and more.
INTEGER = Limits(0.03, 0.15)
# The same of the one answer that is furthest off: past this it is worth a word.
SINGLE = 0.15
# As for float: 16 bits hold three decimal digits.
FLOAT16 = Limits(2e-3, 2e-2)


class CoarseError(ConversionError):
    """The numbers of the file are too coarse for this model: other numbers may do."""


def judge(
    quantize: str | None,
    error: OutputError,
    wanted: Array,
    step: float = 0.0,
    found: Array | None = None,
    way_out: str | None = None,
) -> str | None:
    """A note on an error that is larger than usual; None for a usual one.

    Args:
        quantize: as in `convert`.
        error: of one output.
        wanted: that output of Keras.
        step: the distance of two neighbouring values of the output of the file; 0 for real numbers.
        found: that output of the file.
        way_out: what to do about an error that is too large.

    Raises:
        ConversionError: an error so large that the file is useless; of a quantized file a `CoarseError`.
    """
    if quantize in (None, "float16"):
        limits, size = (
            FLOAT if quantize is None else FLOAT16,
            error.max_abs / max(1.0, float(np.abs(wanted).max())),
        )
        by, usual = f"up to {error.max_abs:.2g}", f"{limits.usual:g}"
    else:
        limits, size = INTEGER, error.relative
        by, usual = f"{error.relative:.1%} of its standard deviation", f"{limits.usual:.0%}"
    sentence = f"output {error.name!r} differs from Keras by {by}"
    # A comparison with NaN is False, so NaN is the last to be dealt with.
    if quantize == "float16" and size <= limits.broken and error.relative > INTEGER.broken:
        raise CoarseError(f"The file was not kept: {sentence}{_of_spread(error)}.")
    if size <= limits.usual and quantize in (None, "float16"):
        if error.relative <= INTEGER.usual:
            return None
        return f"{sentence}{_of_spread(error)}: it varies by little more than roundings, or is very small"
    if size <= limits.usual:
        return None if error.single <= SINGLE else f"{sentence}, a single answer by up to {error.single:.0%}"
    if size <= limits.broken:
        return f"{sentence}; usual is less than {usual}"
    # The probabilities of a classifier that knows nothing yet are a few steps apart. Where a constant would
    # be as near, nothing of the output is left.
    if error.rms <= step and error.relative < 1:
        return (
            f"{sentence}, which is less than its step of {step:.2g} in the file: it hardly varies"
            f"{_decisions(wanted, found)}"
        )
    if error.rms <= step:
        sentence += f": its steps of {step:.2g} in the file are larger than all that it varies"
    kind = ConversionError if quantize is None else CoarseError
    way = f" {way_out or FAULT}" if quantize is None or way_out else ""
    raise kind(f"The file was not kept: {sentence}.{way}")


def judge_checks(quantize: str, checks: Sequence[Check], calibration: Calibration | None) -> list[str]:
    """What to say of data of other kinds, and of how the file was calibrated.

    Raises:
        CoarseError: the file is useless on padded sequences, though the model masks the padding.
    """
    notes = []
    if calibration and not calibration.held_out:
        same = "sample" if calibration.samples == 1 else f"{calibration.samples:,} samples"
        notes.append(
            f"calibrated and checked on the same {same}, so its error on others may be larger: give {ENOUGH} "
            "or more, and every fifth is held out"
        )
    beyond = [each for each in checks if not (each.worst <= INTEGER.usual and each.single <= SINGLE)]
    for each in beyond:
        if each.kind == "padded" and not each.worst <= INTEGER.broken:
            way = " Give representative_data with padding." if calibration else ""
            raise CoarseError(
                f"The file was not kept: on {_WORDS['padded']} it differs from Keras by {_size(each)} of "
                f"the standard deviation, and the model masks padding.{way}"
            )
    if beyond:
        said = ", ".join(_said(each, quantize) for each in sorted(beyond, key=lambda each: -each.worst))
        over = "beyond what it was calibrated on" if calibration else "on data unlike what it was checked on"
        ways = [f"where such data come, {_FINER[quantize]}"]
        if calibration and any(each.kind in _OUTSIDE for each in beyond):
            ways.insert(0, "give representative_data like all that will come, as long and as large")
        notes.append(f"{over} the rms error is {said}, in standard deviations; {', or '.join(ways)}")
    return notes


def advice(quantize: str | None, way: str | None) -> str:
    """What to do about numbers that are too coarse: other numbers that do, or else what may help."""
    if way:
        return f"Use {way}."
    return _OTHERWISE[quantize or ""]


def _of_spread(error: OutputError) -> str:
    """Of an output that is small, or hardly varies, an error of the last digits may be most."""
    return f", which is {error.relative:.0%} of its standard deviation"


def _decisions(wanted: Array, found: Array | None) -> str:
    if found is None or wanted.shape[-1] < 2 or found.shape != wanted.shape:
        return ""
    share = float(np.mean(wanted.argmax(axis=-1) == found.argmax(axis=-1)))
    return f", and its largest entry is that of Keras in {share:.0%}"


def _said(check: Check, quantize: str) -> str:
    steps = f"{check.steps:,} step{'' if check.steps == 1 else 's'}"
    words = {**_WORDS, "longer": steps, "shorter": steps}
    clipped = ", which are clipped" if quantize in _CLIPS and check.kind == "larger" else ""
    output = ""
    if len(check.errors) > 1:
        output = f" in output {max(check.errors, key=lambda error: error.relative).name!r}"
    single = f" (a single answer {check.single:.0%})" if SINGLE < check.single < inf else ""
    return f"{_size(check)}{single} on {words[check.kind]}{clipped}{output}"


def _size(check: Check) -> str:
    return f"{check.worst:.0%}" if isfinite(check.worst) else "infinite"


_WORDS = {
    "larger": "inputs three times as large",
    "quiet": "inputs a tenth to a hundredth as large",
    "zero": "inputs of zeros",
    "shuffled": "the same steps in another order",
    "constant": "one step over and over",
    "padded": "sequences that are padded by half",
}
_CLIPS = ("int8", "int16x8")
_OUTSIDE = ("longer", "larger", "padded", "constant")  # of the ranges: with other data they would be wider
_FINER = {
    "int8": "use int16x8, float16 or no quantize",
    "int16x8": "use float16 or no quantize",
    "dynamic": "use float16 or no quantize",
    "float16": "convert without quantize",
}
FAULT = "This is a fault of the converter; please report the model."
_OTHERWISE = {
    "float16": "16 bits hold numbers up to 65,504; look for larger weights, or convert without quantize.",
    "dynamic": "8 bits hold no weights of very different size in one matrix: convert without quantize, or "
    "train with a weight constraint.",
    "int8": "Give representative_data that looks like the data in use, and bring the inputs to one scale.",
    "int16x8": "Give representative_data that looks like the data in use, and bring the inputs to one scale.",
}
