"""How well the outputs of a file agree with those of Keras: errors, tolerances, top-1, accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.convert.verification.judgement import FLOAT, FLOAT16, INTEGER
from edge.results.spread import spread_of
from edge.results.verification import BY_SPREAD, OutputCheck, Tolerance

# By `quantize`: the largest error in units of the largest value of the output (of 1 where that is smaller);
# for integers the rms error in standard deviations of the output.
TOLERANCES = {
    None: FLOAT.usual,
    "float16": FLOAT16.usual,
    "dynamic": INTEGER.usual,
    "int8": INTEGER.usual,
    "int16x8": INTEGER.usual,
}


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
        return cls(largest, spread_of(wanted))

    def error(self, tolerance: Tolerance, max_abs: float, rms: float) -> float:
        """The error in the unit of the tolerance."""
        return rms / self.spread if tolerance.by_spread else max_abs / max(1.0, self.largest)

    def judged(self, tolerance: Tolerance, max_abs: float, rms: float) -> tuple[float, Tolerance]:
        """The error, and what it may be at most.

        Of an output that is small, or hardly varies, little may be left though the difference is within the
        tolerance: then the error is told, and judged, in what the output varies.
        """
        error, relative = self.error(tolerance, max_abs, rms), rms / self.spread
        if error <= tolerance.limit and relative > INTEGER.broken > tolerance.limit:
            return relative, Tolerance(INTEGER.broken, by_spread=True)
        return error, tolerance


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
    error, tolerance = scale.judged(tolerance, max_abs, rms)
    decides = wanted.ndim > 1 and wanted.shape[-1] > 1 and wanted.dtype.kind == "f"
    decides = decides and (labels is not None or wanted.ndim == 2 or _are_probabilities(wanted))
    classes = (wanted.argmax(axis=-1), found.argmax(axis=-1)) if decides else None
    accuracy = classes and labels is not None and [float(np.mean(each == labels)) for each in classes]
    return OutputCheck(
        name,
        max_abs,
        rms,
        rms / scale.spread,
        error,
        tolerance.limit,
        tolerance.unit,
        step,
        worst,
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
    if labels.ndim == output.ndim and labels.shape[:-1] == output.shape[:-1]:
        raise ValueError(
            f"labels for output {name!r} are one-hot over {labels.shape[-1]} classes, and it has "
            f"{output.shape[-1]}."
        )
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
