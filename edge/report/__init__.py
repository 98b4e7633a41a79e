"""Show results: tables for the terminal, for Markdown and for HTML, and pictures.

May import: results, targets, tflite.variables; rich; `pictures` also matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Imported when asked for: rich takes its time, and most commands need one of these.
_HOMES = {
    "inspect_report": "edge.report.inspection",
    "conversion_report": "edge.report.conversion",
    "verification_report": "edge.report.conversion",
    "benchmark_report": "edge.report.benchmark",
    "write_report": "edge.report.pages",
}

__all__ = ["benchmark_report", "conversion_report", "inspect_report", "verification_report", "write_report"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
