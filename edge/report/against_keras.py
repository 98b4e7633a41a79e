"""Conversions and verifications as a table: how near each file is to the Keras model it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from edge.report.style import size
from edge.report.tables import UNKNOWN, Cells
from edge.results.saved import Saved, SavedConversion, SavedOutput, SavedVerification, name_of
from edge.results.words import share

HEADERS = (
    "against Keras",
    "size",
    "numbers",
    "error",
    "same decision",
    "right, Keras",
    "right, file",
    "verdict",
)


def against_keras(results: Sequence[Saved]) -> Cells:
    """A row for each verification, and for each conversion of a file that nobody verified."""
    verified = [each for each in results if isinstance(each, SavedVerification)]
    names = {name_of(each) for each in verified}
    rows = [_row(each, each.outputs, "agrees" if each.is_ok else "DIFFERS") for each in verified]
    rows += [
        _row(each, [], "as converted")
        for each in results
        if isinstance(each, SavedConversion) and name_of(each) not in names
    ]
    return Cells(HEADERS, rows)


def _row(
    saved: SavedConversion | SavedVerification, outputs: Sequence[SavedOutput], verdict: str
) -> tuple[str, ...]:
    errors = saved.errors if isinstance(saved, SavedConversion) else saved.outputs
    relative = [each.relative for each in errors]
    error = "infinite" if None in relative else share(max((each or 0.0 for each in relative), default=0.0))
    keys = ("agreement", "accuracy_keras", "accuracy_file")
    shares = (_least([getattr(each, key) for each in outputs]) for key in keys)
    return (name_of(saved), size(saved.size), saved.quantize or "float32", error, *shares, verdict)


def _least(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return share(min(known)) if known else UNKNOWN
