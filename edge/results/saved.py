"""What `convert`, `verify` and `benchmark` write by `--json`, read again, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from edge.results.benchmark import BenchmarkResult, json_of
from edge.results.plain import Count, Number, Rule, Text, Whole, made

Flag = Annotated[bool, Rule(lambda value: isinstance(value, bool), "true or false")]
Share = Annotated[float, Rule(lambda value: isinstance(value, (int, float)) and 0 <= value <= 1, "from 0 to 1")]


@dataclass(frozen=True, kw_only=True)
class SavedError:
    """How far one output is from Keras; None for what is infinite."""

    name: Text
    max_abs: Number | None
    rms: Number | None
    relative: Number | None


@dataclass(frozen=True, kw_only=True)
class SavedConversion:
    """What a conversion says of its file.

    Attributes:
        path: of the file, size, float_size: its bytes, and those of its float form.
        created: date and time, ISO 8601; None where an older version wrote it.
        others: as in `ConversionResult`.
    """

    MAY_LACK: ClassVar[tuple[str, ...]] = ("created",)

    path: Text
    size: Whole
    float_size: Whole
    quantize: Text | None
    state: Text
    target: Text
    errors: list[SavedError]
    checked_on: Text
    notes: list[Text]
    created: Text | None = None


@dataclass(frozen=True, kw_only=True)
class SavedOutput(SavedError):
    """One output against Keras, with the verdict on it."""

    is_ok: Flag
    agreement: Share | None
    accuracy_keras: Share | None
    accuracy_file: Share | None


@dataclass(frozen=True, kw_only=True)
class SavedVerification:
    """What a verification found; as in `Verification`, and when."""

    MAY_LACK: ClassVar[tuple[str, ...]] = ("created",)

    model: Text
    path: Text
    size: Whole
    quantize: Text | None
    state: Text
    runtime: Text
    samples: Count
    checked_on: Text
    is_ok: Flag
    outputs: list[SavedOutput]
    created: Text | None = None


Saved = BenchmarkResult | SavedConversion | SavedVerification
# By a key that only such a one has.
KINDS: dict[str, type[SavedConversion] | type[SavedVerification]] = {
    "float_size": SavedConversion,
    "drift": SavedVerification,
}


def name_of(saved: SavedConversion | SavedVerification) -> str:
    """Of the file that it is about."""
    return Path(saved.path).name


def read_saved(path: str | Path) -> Saved:
    """A result from a JSON file.

    Raises:
        ValueError: no such file, no JSON, or none of the three; the message names the file.
    """
    return saved_of(json_of(path), str(path))


def saved_of(content: Any, name: str) -> Saved:
    """The same from plain data; `name` is what messages call it."""
    if isinstance(content, dict):
        for key, kind in KINDS.items():
            if key in content and "platform" not in content:
                return made(kind, content, name)
        if "platform" not in content and "schema" in content and "verdict" not in content:
            what = "an inspection, which measures nothing" if "operators" in content else "none of them"
            raise ValueError(
                f"{name} is {what}: what convert, verify and benchmark write by --json is needed."
            )
    return BenchmarkResult.of(content, name)
