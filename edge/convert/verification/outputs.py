"""How well the outputs of a file agree with those of Keras: errors, tolerances, top-1, accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.convert.verification.parity import FLOAT, FLOAT16, INTEGER

# By `quantize`: the largest error in units of the largest value of the output (of 1 where that is smaller);
# for integers the rms error in standard deviations of the output.
TOLERANCES = {
    None: FLOAT.usual,
    "float16": FLOAT16.usual,
    "dynamic": INTEGER.usual,
    "int8": INTEGER.usual,
    "int16x8": INTEGER.usual,
}
ONE_POINT = 0.01  # of accuracy
BY_SPREAD = ("dynamic", "int8", "int16x8")


class Tolerance(NamedTuple):
    """How far a file may be from Keras: `limit` times the largest value of an output, or times its spread."""

    limit: float
    by_spread: bool

    @property
    def unit(self) -> str:
        """What the error is measured in."""
        return "standard deviations (rms)" if self.by_spread else "max(1, largest value)"


def tolerance_for(quantize: str | None, limit: float | None = None) -> Tolerance:
    """The usual tolerance for a kind of numbers, or another limit in the same unit."""
    return Tolerance(TOLERANCES[quantize] if limit is None else limit, quantize in BY_SPREAD)


class Scale(NamedTuple):
    """Size of an output of Keras: what an error is measured against."""

    largest: float
    spread: float

    @classmethod
    def of(cls, wanted: Array) -> Scale:
        """That of these values."""
        largest = float(np.abs(wanted).max())
        # An output that is the same for all input is measured by its size.
        return cls(largest, float(np.std(wanted, dtype=np.float64)) or largest or 1.0)

    def error(self, tolerance: Tolerance, max_abs: float, rms: float) -> float:
        """The error in the unit of the tolerance."""
        return rms / self.spread if tolerance.by_spread else max_abs / max(1.0, self.largest)

    def error_over_time(self, tolerance: Tolerance, rms: float) -> float:
        """The same over many steps, always by the rms.

        An LSTM multiplies any difference for a few steps now and then: among 100,000 one stands out by far.
        """
        return self.error(tolerance, rms, rms)


@dataclass(frozen=True)
class OutputCheck:
    """One output of the file against Keras, over all samples.

    Attributes:
        name: of the output of the model.
        max_abs, rms: the largest difference, and the root of the mean squared one; infinite if the file
            gives NaN.
        relative: rms in standard deviations of the output of Keras.
        error: what is compared with `limit`, in `unit`.
        limit, unit: the tolerance.
        step: distance of two neighbouring values of the output in the file, 0 for real numbers.
        worst_sample, worst_error: the sample with the largest difference, and that difference.
        agreement: share of the decisions (the largest of the last axis) that are those of Keras; None where
            the output decides nothing.
        accuracy_keras, accuracy_file: share of the decisions that are those of the labels.
    """

    name: str
    max_abs: float
    rms: float
    relative: float
    error: float
    limit: float
    unit: str
    step: float
    worst_sample: int
    worst_error: float
    agreement: float | None = None
    accuracy_keras: float | None = None
    accuracy_file: float | None = None

    @property
    def is_ok(self) -> bool:
        """Within the tolerance, within one step of an integer output, or as often right as Keras."""
        return self.error <= self.limit or self.is_within_step or self.is_as_accurate

    @property
    def is_within_step(self) -> bool:
        """Beyond the tolerance, but the output varies so little that integers cannot be nearer."""
        return not self.error <= self.limit and self.rms <= self.step

    @property
    def is_as_accurate(self) -> bool:
        """Beyond the tolerance, but in integers and right as often as Keras, within one point."""
        if self.accuracy_keras is None or self.accuracy_file is None or self.error <= self.limit:
            return False
        integers = self.unit == Tolerance(0.0, by_spread=True).unit
        return integers and self.accuracy_file >= self.accuracy_keras - ONE_POINT


def check_output(
    name: str,
    wanted: Array,
    found: Array,
    tolerance: Tolerance,
    step: float = 0.0,
    labels: Array | None = None,
) -> OutputCheck:
    """Compare one output, `[samples, ...]`, of Keras (`wanted`) and of the file (`found`)."""
    difference = differences(wanted, found)
    rms = float(np.sqrt(np.mean(difference**2)))
    by_sample = difference.reshape(len(difference), -1).max(axis=1)
    worst, scale = int(by_sample.argmax()), Scale.of(wanted)
    max_abs = float(by_sample[worst])
    decides = wanted.ndim > 1 and wanted.shape[-1] > 1 and wanted.dtype.kind == "f"
    decides = decides and (labels is not None or wanted.ndim == 2 or _are_probabilities(wanted))
    classes = (wanted.argmax(axis=-1), found.argmax(axis=-1)) if decides else None
    accuracy = classes and labels is not None and [float(np.mean(each == labels)) for each in classes]
    return OutputCheck(
        name,
        max_abs,
        rms,
        rms / scale.spread,
        scale.error(tolerance, max_abs, rms),
        tolerance.limit,
        tolerance.unit,
        step,
        worst,
        max_abs,
        float(np.mean(classes[0] == classes[1])) if classes else None,
        *(accuracy or (None, None)),
    )


def differences(wanted: Array, found: Array) -> Array:
    """The absolute differences, float64; infinite where the file gives NaN."""
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs(found.astype(np.float64) - wanted), nan=np.inf, posinf=np.inf)


def check_labels(labels: Any, outputs: Mapping[str, Array]) -> dict[str, Array]:
    """The labels by output: integers in the shape of the decisions.

    Args:
        labels: None; an array of class numbers `[samples]` (`[samples, time]` for an output per step), or
            one-hot; or a dictionary of those by output.
        outputs: of Keras.

    Raises:
        ValueError: an output that is not there or decides nothing, another shape, a class that is not there.
    """
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        deciding = [name for name, value in outputs.items() if value.ndim > 1 and value.shape[-1] > 1]
        if len(deciding) != 1:
            names = ", ".join(map(repr, outputs))
            raise ValueError(
                f"labels for which output? The model has {names}; give a dictionary by name (a .npz file)."
            )
        labels = {deciding[0]: labels}
    unknown = [name for name in labels if name not in outputs]
    if unknown:
        names = ", ".join(map(repr, outputs))
        raise ValueError(f"labels for {', '.join(map(repr, unknown))}; the outputs of the model are {names}.")
    return {name: _check_labels(name, np.asarray(value), outputs[name]) for name, value in labels.items()}


def _check_labels(name: str, labels: Array, output: Array) -> Array:
    if labels.shape == output.shape:  # one-hot
        labels = labels.argmax(axis=-1)
    if labels.shape == (*output.shape[:-1], 1):
        labels = labels[..., 0]
    wanted = list(output.shape[:-1])
    if labels.shape != output.shape[:-1] or labels.dtype.kind not in "iufb" or (labels % 1 != 0).any():
        raise ValueError(
            f"labels for output {name!r} must be class numbers of shape {wanted}, or one-hot, received "
            f"{labels.dtype} {list(labels.shape)}."
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < output.shape[-1]:
        raise ValueError(
            f"labels for output {name!r} run from {labels.min()} to {labels.max()}; it has the classes 0 to "
            f"{output.shape[-1] - 1}."
        )
    return labels.astype(np.int64)


def _are_probabilities(values: Array) -> bool:
    return bool((values >= -1e-6).all() and (np.abs(values.sum(axis=-1) - 1) < 1e-3).all())
