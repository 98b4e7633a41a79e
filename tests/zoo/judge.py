"""The judge of the zoo: what a file may be off by, and what counts as a refusal in good order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

OK, REFUSED, WRONG, FAULT = "ok", "refused", "WRONG", "FAULT"

FLOAT = 1e-5  # of the largest value of an output (of 1 where that is smaller): another order of summation
# Root of the mean squared error, in standard deviations of the output, on data that the file was not made
# with. 16-bit weights hold three decimal digits. 8 bits give 1 to 5 % for one layer, and each layer, and each
# step beyond those calibrated on, adds to it. `convert` throws a file away at 15 % on data of its own choice;
# others may be a third worse; a wrong range, mask or kernel gives far more than that at once.
BY_SPREAD = {"float16": 0.02, "dynamic": 0.2, "int8": 0.2, "micro": 0.2}
LONGEST_SENTENCE = 900  # characters


@dataclass(frozen=True)
class Trial:
    """One architecture in one form.

    Attributes:
        status: `"ok"`, `"refused"`, `"WRONG"`, or `"FAULT"` for anything that no user should see.
        error: of the worst output, in the unit of the form; None where there is no file.
        lowered: what became of each recurrent layer.
        words: the sentence of a refusal, or what is wrong.
        notes: what `convert` said beside.
        seconds: it took.
    """

    status: str
    error: float | None = None
    lowered: tuple[str, ...] = ()
    words: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def error_of(form: str, wanted: list[np.ndarray], found: list[np.ndarray]) -> float:
    """The error of the worst output in the unit of the form; infinite where shapes differ."""
    if [each.shape for each in wanted] != [each.shape for each in found]:
        return float("inf")
    return max(_error(form, *pair) for pair in zip(wanted, found, strict=True))


def _error(form: str, wanted: np.ndarray, found: np.ndarray) -> float:
    wanted, found = wanted.astype(np.float64), found.astype(np.float64)
    if not np.isfinite(found).all():
        return float("inf")
    if form not in BY_SPREAD:
        return float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max()))
    spread = float(wanted.std()) or float(np.abs(wanted).max()) or 1.0
    return float(np.sqrt(np.mean((found - wanted) ** 2))) / spread


def verdict(form: str, error: float, exact: float) -> str:
    """Whether an error of that form is one of rounding. `exact`: of float."""
    return OK if error <= BY_SPREAD.get(form, exact) else WRONG


def of_exception(error: BaseException) -> tuple[str, str]:
    """A refusal, or a fault: what is raised has to be a sentence of ours to somebody who made a mistake."""
    kind, words = type(error).__name__, str(error).strip()
    ours = isinstance(error, ValueError) and type(error).__module__ in ("builtins", "edge.errors")
    ours = ours or kind == "ConversionError"  # a file was made, measured, and thrown away
    reason = _what_no_user_should_see(words)
    if ours and reason is None:
        return REFUSED, words
    return FAULT, f"{kind}{f' ({reason})' if ours else ''}: {_one_line(words)}"


def _what_no_user_should_see(words: str) -> str | None:
    """What is bad in the words of a refusal; None for a good one."""
    if "\n" in words:
        return "several lines"
    if len(words) > LONGEST_SENTENCE:
        return f"{len(words)} characters"
    if "fault of the converter" in words:
        return "a fault of the converter"
    if not words.endswith((".", "?", ")")):
        return "no sentence"
    inner = ("loc(", "{{node", "KerasTensor", "tf.", "tfl.", "Arguments received", "expected axis", ".tmp")
    found = next((word for word in inner if word in words.replace("tf.lite.TFLiteConverter", "")), None)
    return f"{found!r} in it" if found else None


def _one_line(words: str) -> str:
    return " / ".join(line.strip() for line in words.splitlines() if line.strip())[:300]


def shape_words(wanted: list[Any], found: list[Any]) -> str:
    """What is wrong where shapes differ."""
    shapes = [[list(each.shape) for each in arrays] for arrays in (wanted, found)]
    return "" if shapes[0] == shapes[1] else f"shapes {shapes[1]} for {shapes[0]}"
