"""Results of benchmarks as they might come from anywhere, for the tests of the schema and of the report."""

from __future__ import annotations

import copy
from typing import Any

from edge.results.benchmark import BenchmarkResult


def times(median: float) -> dict[str, Any]:
    """Statistics around a median, milliseconds."""
    factors = {"avg": 1.05, "std": 0.1, "min": 0.9, "p5": 0.92, "median": 1.0, "p95": 1.3, "max": 2.0}
    return {**{name: factor * median for name, factor in factors.items()}, "count": 50}


def entry(
    name: str, median: float, size: int, relative: float | None = None, **changes: Any
) -> dict[str, Any]:
    """A file of a result."""
    return {
        "path": f"/models/{name}",
        "name": name,
        "group": None,
        "size_bytes": size,
        "runtime": {"name": "ai-edge-litert", "version": "2.3.0"},
        "threads": 1,
        "length": 100,
        "batch": 1,
        "load_ms": 2.0,
        "init_ms": 0.5,
        "first_ms": 1.5 * median,
        "warm_up_ms": times(1.1 * median),
        "inference_ms": times(median),
        "per_step_us": 10 * median,
        "peak_memory_mb": 50.0,
        "added_memory_mb": 3.0,
        "arena_bytes": None,
        "error": None if relative is None else {"max_abs": 2 * relative, "relative": relative},
        "accuracy": None,
        "stream": {
            "rate_hz": 50.0,
            "step_ms": {**times(0.1), "p99": 0.17},
            "real_time_factor": 0.005,
            "jitter_p99_ms": 0.05,
            "late": 0,
            "steps": 1,
        },
        "operators": [
            {"name": "FULLY_CONNECTED", "count": 2, "us": 30.0},
            {"name": "ADD", "count": 1, "us": 10.0},
        ],
        **changes,
    }


FILES = [
    entry("float.tflite", 0.8, 40_000, 0.0),
    entry("int8.tflite", 0.4, 12_000, 0.011, stream=None, operators=None),
]


def result(platform: str = "host", files: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A valid result of schema 2."""
    return copy.deepcopy(
        {
            "schema": 2,
            "platform": platform,
            "created": "2026-01-02T03:04:05+00:00",
            "machine": {
                "cpu": "A|B <CPU>",
                "board": None,
                "os": "Debian",
                "cores": 4,
                "governor": "performance",
            },
            "versions": {"edge": "0.1.0", "python": "3.11"},
            "settings": {"threads": [1], "lengths": [100]},
            "warnings": ["It is hot & loud."],
            "files": FILES if files is None else files,
        }
    )


def value(
    platform: str = "host", files: list[dict[str, Any]] | None = None, **changes: Any
) -> BenchmarkResult:
    """The same as a value, with other fields."""
    return BenchmarkResult.of({**result(platform, files), **changes})
