"""Several results of benchmarks as rows that can be drawn: each with a label and a platform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from edge.report.tables import labels, speeds

PLATFORMS = {
    "host": "computer",
    "pi": "Raspberry Pi",
    "android": "Android",
    "browser": "browser",
    "microcontroller": "microcontroller",
}


class Row(NamedTuple):
    """One measurement.

    Attributes:
        label: what tells it from all others.
        file: name of the file.
        source: number of the result that it comes from.
        platform: in words.
        speed: how many times as fast as the first of its group and length in the same result.
        entry: of `files`, as `edge.results.benchmark` says.
    """

    label: str
    file: str
    source: int
    platform: str
    speed: float
    entry: dict[str, Any]

    @property
    def median(self) -> float:
        """Milliseconds of one inference."""
        return float(self.entry["inference_ms"]["median"])


def rows_of(results: Sequence[dict[str, Any]]) -> list[Row]:
    """All measurements of all results; the platform is in the label where there are several results."""
    rows: list[Row] = []
    sources = source_names(results)
    for source, result in enumerate(results):
        files = result["files"]
        for name, speed, file in zip(labels(files), speeds(files), files, strict=True):
            label = f"{name} ({sources[source]})" if len(results) > 1 else name
            platform = PLATFORMS[result["platform"]]
            rows.append(Row(label, file["name"], source, platform, speed, file))
    return rows


def source_names(results: Sequence[dict[str, Any]]) -> list[str]:
    """What to call each result: its platform; numbered where several have the same."""
    words = [PLATFORMS[result["platform"]] for result in results]
    return [
        f"{word} {words[: n + 1].count(word)}" if words.count(word) > 1 else word
        for n, word in enumerate(words)
    ]
