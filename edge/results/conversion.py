"""What a conversion gives back, and how it prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from edge.results.words import share

LOWERED = {
    "fused": "fused operator",
    "unrolled": "plain operators, every step",
    "step": "plain operators, one step",
}


class LoweredLayer(NamedTuple):
    """A recurrent layer and what it became: `"fused"`, `"unrolled"` or `"step"`.

    Example:
        >>> layer = LoweredLayer("memory", "peephole", units=32, lowering="fused")
        >>> layer.lowering
        'fused'
    """

    name: str
    variant: str
    units: int
    lowering: str


class OutputError(NamedTuple):
    """How far one output of the file is from Keras.

    Attributes:
        name: of the output.
        max_abs: the largest difference.
        rms: the root of the mean squared difference.
        relative: rms in units of the standard deviation of the output of Keras.
        single: the same of the one answer that is furthest off: of one sequence, or of one step where there
            is an answer a step.

    Example:
        >>> error = OutputError("dense", max_abs=0.0007, rms=0.00026, relative=0.0059)
        >>> f"{error.relative:.1%} of its standard deviation"
        '0.6% of its standard deviation'
    """

    name: str
    max_abs: float
    rms: float
    relative: float
    single: float = 0.0


class InputRange(NamedTuple):
    """Where the values of an input lie in the data that a file was calibrated on."""

    name: str
    low: float
    high: float


class Check(NamedTuple):
    """What becomes of a quantized file on data of another kind than it was made and checked with.

    Attributes:
        kind: `"longer"`, `"shorter"`: so many steps as `steps` says; `"larger"`, `"quiet"`, `"zero"`: three
            times, a tenth to a hundredth of, none of the size; `"shuffled"`: the steps of each sequence in
            another order; `"constant"`: one step of it, or one token, over and over; `"padded"`: half of the steps are such as the model masks.
        steps: of a sequence, or of a stream.
        errors: of each output; `relative` in standard deviations of the output on usual data, or on this,
            where they are larger.
    """

    kind: str
    steps: int
    errors: tuple[OutputError, ...]

    @property
    def worst(self) -> float:
        """The largest relative error."""
        return max(error.relative for error in self.errors)

    @property
    def single(self) -> float:
        """The largest error of a single answer."""
        return max(error.single for error in self.errors)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, as a file notes it."""
        return {"kind": self.kind, "steps": self.steps, "errors": [_plain(error) for error in self.errors]}


@dataclass(frozen=True)
class Calibration:
    """What the ranges of a file in integers were taken from.

    Attributes:
        samples: how many (of a file that takes single steps: how many steps).
        held_out: how many others it was compared with Keras on; 0: on the same.
        steps: how many a state went through from zeros on.
        inputs: the range of each that takes real numbers.
    """

    samples: int
    held_out: int
    steps: int
    inputs: tuple[InputRange, ...]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, as a file notes it."""
        return {**vars(self), "inputs": [each._asdict() for each in self.inputs]}

    def __str__(self) -> str:
        ranges = "".join(f", {each.name} from {each.low:.3g} to {each.high:.3g}" for each in self.inputs)
        checked = f"{self.held_out:,} held out" if self.held_out else "checked on the same"
        samples, steps = (_counted(*each) for each in ((self.samples, "sample"), (self.steps, "step")))
        return f"{samples} ({checked}), {steps}{ranges}"


@dataclass(frozen=True)
class ConversionResult:
    """A converted model.

    Attributes:
        path: of the file.
        size: of the file, in bytes.
        float_size: size in bytes of the same model in float32.
        quantize: None, `"float16"`, `"dynamic"`, `"int8"` or `"int16x8"`.
        lowering: `"fused"`, `"unrolled"`, `"step"`, or `"mixed"` where layers differ.
        state: `"reset"`, `"carry"` or `"explicit"`.
        target: what it was made for.
        layers: the recurrent layers, in the order in which they are called.
        ops: how often each operator stands in the file.
        errors: of each output, file against Keras.
        checked_on: what the errors were measured on: `"representative data"` or `"random input"`.
        notes: what its user should know, a sentence each.
        calibration: of a file in integers, what its ranges come from; else None.
        checks: of a quantized file, how far it is off on data of other kinds.

    Example:
        >>> from edge.convert import convert
        >>> result = convert("exercise.keras", "smaller.tflite", "float16")
        >>> result.quantize, result.state, result.layers[0].units
        ('float16', 'reset', 8)
    """

    path: Path
    size: int
    float_size: int
    quantize: str | None
    lowering: str
    state: str
    target: str
    layers: tuple[LoweredLayer, ...]
    ops: dict[str, int]
    errors: tuple[OutputError, ...]
    checked_on: str
    notes: tuple[str, ...] = ()
    calibration: Calibration | None = None
    checks: tuple[Check, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, fit for JSON."""
        lists = {
            "calibration": self.calibration and self.calibration.to_dict(),
            "checks": [check.to_dict() for check in self.checks],
            "layers": [layer._asdict() for layer in self.layers],
            "errors": [error._asdict() for error in self.errors],
            "notes": list(self.notes),
        }
        return {**vars(self), "path": str(self.path), **lists}

    def __str__(self) -> str:
        part = "" if self.quantize is None else f", {self.size / self.float_size:.0%} of its float form"
        lines = [
            f"{self.path.name}: {self.quantize or 'float'}, {self.size:,} bytes{part}, state: {self.state}, "
            f"for {self.target}",
            *_table(
                ("layer", "variant", "units", "lowered to"),
                [
                    (layer.name, layer.variant, str(layer.units), LOWERED[layer.lowering])
                    for layer in self.layers
                ],
            ),
            *_table(
                ("output", "largest error", "rms error", "of its std"),
                [
                    (error.name, f"{error.max_abs:.2g}", f"{error.rms:.2g}", share(error.relative))
                    for error in self.errors
                ],
            ),
            "operators: " + ", ".join(f"{count} {name}" for name, count in self.ops.items()),
            *([f"calibrated on {self.calibration}"] if self.calibration else ()),
            f"checked against Keras on {self.checked_on}",
            *([f"rms error on other data: {in_short(self.checks)}"] if self.checks else ()),
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)


def in_short(checks: Sequence[Check]) -> str:
    """The largest error of each, in standard deviations.

    Example:
        >>> in_short([Check("longer", 200, (OutputError("out", 0.1, 0.1, 0.25),))])
        'longer (200 steps) 25.0%'
    """
    parts = []
    for check in checks:
        steps = f" ({_counted(check.steps, 'step')})" if check.kind in ("longer", "shorter") else ""
        size = f"{check.worst:.1%}" if isfinite(check.worst) else "infinite"
        parts.append(f"{check.kind}{steps} {size}")
    return ", ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _plain(error: OutputError) -> dict[str, Any]:
    """None for what is infinite, which JSON does not have."""
    values = error._asdict()
    return {key: None if isinstance(v, float) and not isfinite(v) else v for key, v in values.items()}


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
