"""What a conversion gives back, and how it prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


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
        quantize: None, `"dynamic"` or `"int8"`.
        state: `"reset"` or `"carry"`.
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
    state: str
    layers: tuple[LoweredLayer, ...]
    ops: dict[str, int]
    errors: tuple[OutputError, ...]
    checked_on: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        share = "" if self.quantize is None else f", {self.size / self.float_size:.0%} of its float form"
        lines = [
            f"{self.path.name}: {self.quantize or 'float'}, {self.size:,} bytes{share}, state: {self.state}",
            *_table(
                ("layer", "variant", "units", "lowered to"),
                [
                    (layer.name, layer.variant, str(layer.units), f"{layer.lowering} operator")
                    for layer in self.layers
                ],
            ),
            *_table(
                ("output", "largest error", "rms error", "of its std"),
                [
                    (error.name, f"{error.max_abs:.2g}", f"{error.rms:.2g}", f"{error.relative:.2%}")
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
