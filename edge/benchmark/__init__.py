"""Measure it: how fast, how large and how exact, here, over ssh, on a phone, on a microcontroller's runtime.

May import: runtime, native, tflite, results, targets, errors; `browser` also web.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Imported when asked for: a worker process starts with one of these modules, and needs no other.
_HOMES = {
    "benchmark": "edge.benchmark.host",
    "benchmark_over_ssh": "edge.benchmark.ssh",
    "benchmark_on_android": "edge.benchmark.android",
    "benchmark_on_micro": "edge.benchmark.micro",
}

__all__ = ["benchmark", "benchmark_on_android", "benchmark_on_micro", "benchmark_over_ssh"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
