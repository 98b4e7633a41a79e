"""What a verification found, as a value that prints."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from edge.results.words import share

SCHEMA = 1
ONE_POINT = 0.01  # of accuracy
Trend = Literal["grows", "settled", "steady"]
# What to say of an error over time.
TRENDS: dict[Trend, str] = {
    "grows": "grows with time",
    "settled": "grew at first and no longer does",
    "steady": "does not grow with time",
}
BY_SPREAD = ("dynamic", "int8", "int16x8")


class Tolerance(NamedTuple):
    """How far a file may be from Keras: `limit` times the largest value of an output, or times its spread."""

    limit: float
    by_spread: bool

    @property
    def unit(self) -> str:
        """What the error is measured in."""
        return "standard deviations (rms)" if self.by_spread else "max(1, largest value)"


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
        worst_sample: the sample with the largest difference.
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


class Window(NamedTuple):
    """The error of one output from the step after `begin` up to the step `end`: the largest, and the rms."""

    begin: int
    end: int
    max_abs: float
    rms: float


@dataclass(frozen=True)
class OutputDrift:
    """The drift of one output.

    Attributes:
        name: of the output of the model.
        windows: of a stream, its steps 1 to 10, to 100, ...; of sequences, one of 10 steps, of 100, ...
        max_abs, rms: over all steps.
        error: the rms, in the unit of the tolerance; limit: what it may be at most; is_ok: it is.
        trend: `"grows"`: the error becomes larger and larger; `"settled"`: it grew and no longer does;
            `"steady"`.
    """

    name: str
    windows: tuple[Window, ...]
    max_abs: float
    rms: float
    error: float
    limit: float
    is_ok: bool
    trend: Trend

    @property
    def grows(self) -> bool:
        """Whether the error becomes larger and larger."""
        return self.trend == "grows"


@dataclass(frozen=True)
class Drift:
    """What becomes of the error over time.

    Attributes:
        kind: `"stream"`: step by step through one stream; `"sequence"`: sequences of growing length.
        steps: of the stream, or of the longest sequence.
        outputs: the drift of each.
        note: why it ended early, or what to do about an error that is too large; else None.
    """

    kind: str
    steps: int
    outputs: tuple[OutputDrift, ...]
    note: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether the error of a stream stays within the tolerance.

        Sequences far longer than those of the data are looked at, and nobody is blamed for them.
        """
        return self.kind == "sequence" or all(output.is_ok for output in self.outputs)


@dataclass(frozen=True)
class Verification:
    """What the comparison found.

    Attributes:
        model: name of the Keras model.
        path, size: of the file; in bytes.
        quantize: its numbers, as in `convert`; read off the file where it does not say.
        lowering, state: as in `EdgeModel`.
        runtime: what ran the file.
        samples: how many were compared; checked_on: `"data"` or `"random input"`.
        outputs: a comparison of each output of the model.
        drift: over time; None where the file has no time to drift in, drift_note then says why.
        target: what `inspect` says of the target: `name`, `verdict` and `reasons`; None without a target.

    Example:
        >>> from edge.convert import verify
        >>> verification = verify("exercise.keras", "exercise.tflite", drift_steps=100)
        >>> verification.is_ok, verification.state
        (True, 'reset')
    """

    model: str
    path: Path
    size: int
    quantize: str | None
    lowering: str | None
    state: str
    runtime: str
    samples: int
    checked_on: str
    outputs: tuple[OutputCheck, ...]
    drift: Drift | None
    drift_note: str | None
    target: dict[str, Any] | None

    @property
    def is_ok(self) -> bool:
        """Whether every error is within its tolerance."""
        return all(output.is_ok for output in self.outputs) and (self.drift is None or self.drift.is_ok)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, fit for JSON: None for what is not finite."""
        outputs = [{**asdict(output), "is_ok": output.is_ok} for output in self.outputs]
        over_time = None
        if self.drift is not None:
            rows = [
                {
                    **vars(output),
                    "grows": output.grows,
                    "windows": [window._asdict() for window in output.windows],
                }
                for output in self.drift.outputs
            ]
            over_time = {**vars(self.drift), "is_ok": self.drift.is_ok, "outputs": rows}
        whole = {"schema": SCHEMA, "is_ok": self.is_ok, **vars(self), "path": str(self.path)}
        plain: dict[str, Any] = _finite({**whole, "outputs": outputs, "drift": over_time})
        return plain

    def __str__(self) -> str:
        verdict = "agrees with" if self.is_ok else "DIFFERS from"
        lines = [
            f"{self.path.name} {verdict} {self.model} on {self.samples} samples of {self.checked_on} "
            f"({self.quantize or 'float'}, {self.runtime})"
        ]
        for output in self.outputs:
            sign = "<=" if output.error <= output.limit else ">"
            lines.append(
                f"  {output.name}: error {output.error:.2g} {sign} {output.limit:g} {output.unit}, largest "
                f"{output.max_abs:.2g} in sample {output.worst_sample}"
            )
            if output.is_within_step:
                lines.append(f"    less than its step of {output.step:.2g} in the file: it hardly varies")
            if output.agreement is not None:
                lines.append(f"    same decision: {share(output.agreement)}")
            if output.accuracy_keras is not None:
                found = "–" if output.accuracy_file is None else share(output.accuracy_file)
                lines.append(f"    accuracy: Keras {share(output.accuracy_keras)}, file {found}")
        for drifted in self.drift.outputs if self.drift else ():
            assert self.drift is not None
            span = f"{self.drift.steps:,} steps"
            growth = "GROWS with time" if drifted.grows else TRENDS[drifted.trend]
            sign = "<=" if drifted.is_ok else ">"
            lines.append(
                f"  {drifted.name} over {span}: rms error {drifted.error:.2g} {sign} "
                f"{drifted.limit:g}, largest {drifted.max_abs:.2g}; the error {growth}"
            )
        if self.drift_note:
            lines.append(f"  drift: {self.drift_note}")
        if self.target is not None:
            lines.append(f"  {self.target['name']}: {self.target['verdict']}")
            lines += [f"    {reason['what']}; {reason['way_out']}" for reason in self.target["reasons"]]
        return "\n".join(lines)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
