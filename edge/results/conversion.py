"""What a conversion gives back, and how it prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from edge.results.words import share

LOWERED = {
    "fused": "fused operator",
    "unrolled": "plain operators, every step",
    "step": "plain operators, one step",
}


class LoweredLayer(NamedTuple):
    """A recurrent layer and what it became."""

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
    """

    name: str
    max_abs: float
    rms: float
    relative: float


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

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, fit for JSON."""
        lists = {
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
            f"checked against Keras on {self.checked_on}",
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n".join(lines)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
