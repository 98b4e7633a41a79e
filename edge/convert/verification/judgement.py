"""Is an error that was found one that a file may have? A note, or a refusal with a way out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from edge.convert.verification.parity import ConversionError
from edge.results.conversion import OutputError


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
    if size <= limits.usual:
        return None
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


def advice(quantize: str | None, way: str | None) -> str:
    """What to do about numbers that are too coarse: other numbers that do, or else what may help."""
    if way:
        return f"Use {way}."
    return _OTHERWISE[quantize or ""]


def _decisions(wanted: Array, found: Array | None) -> str:
    if found is None or wanted.shape[-1] < 2 or found.shape != wanted.shape:
        return ""
    share = float(np.mean(wanted.argmax(axis=-1) == found.argmax(axis=-1)))
    return f", and its largest entry is that of Keras in {share:.0%}"


FAULT = "This is a fault of the converter; please report the model."
_OTHERWISE = {
    "float16": "16 bits hold numbers up to 65,504; look for larger weights, or convert without quantize.",
    "dynamic": "8 bits hold no weights of very different size in one matrix: convert without quantize, or "
    "train with a weight constraint.",
    "int8": "Give representative_data that looks like the data in use, and bring the inputs to one scale.",
    "int16x8": "Give representative_data that looks like the data in use, and bring the inputs to one scale.",
}
