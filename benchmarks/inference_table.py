"""The figures of the inference benchmark as a table."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.inference_contestants import ENGINE, FORCED, ONNX_INT8, STOCK
from benchmarks.tables import CONSOLE, geometric_mean
from edge.report.benchmark import machine_lines
from edge.report.style import number
from edge.results.benchmark import BenchmarkResult


def ratios(result: dict[str, Any]) -> dict[str, dict[tuple[str, int], float]]:
    """By contestant, then by size and length: how many times as fast as the stock file."""
    times = {(file["name"], file["group"], file["length"]): _least(file) for file in result["files"]}
    found: dict[str, dict[tuple[str, int], float]] = {}
    for (name, group, length), time in times.items():
        if (STOCK, group, length) in times:
            found.setdefault(name, {})[group, length] = times[STOCK, group, length] / time
    return found


def _least(file: dict[str, Any]) -> float:
    # Other processes hit a long inference each time and a short one rarely: on a busy machine not even the
    # ratios of the medians would be right.
    return float(file["inference_ms"]["min"])


def print_inference(result: dict[str, Any], console: Console = CONSOLE) -> None:
    """A row a size and a length, a column a contestant; then the means, and the largest errors."""
    files, speeds = [file for file in result["files"] if "inputs" in file], ratios(result)
    apart = (*ENGINE, *FORCED, ONNX_INT8)  # they have a table of their own, benchmarks.engine_table
    names = [name for name in dict.fromkeys(file["name"] for file in files) if name not in apart]
    table = Table(
        title="One sequence, one thread (fastest of all runs, ms; times as fast as stock)",
        title_justify="left",
    )
    table.add_column("inputs x cells,\nsteps", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right")
    for group, length in dict.fromkeys((file["group"], file["length"]) for file in files):
        here = [file for file in files if (file["group"], file["length"]) == (group, length)]
        times = {file["name"]: _least(file) for file in here}
        cells = []
        for name in names:
            speed = speeds.get(name, {}).get((group, length))
            shown = number(times[name]) if name in times else "left out"
            cells.append(shown if speed is None or name == STOCK else f"{shown}\n{speed:.2f}x")
        table.add_row(f"{here[0]['inputs']} x {here[0]['units']}, {length}", *cells)
    table.add_section()
    means = {name: geometric_mean(list(speeds[name].values())) for name in names if name in speeds}
    table.add_row("geometric mean", *(f"{means[name]:.2f}x" if name in means else "" for name in names))
    errors = {name: [file["error"] for file in files if file["name"] == name] for name in names}
    worst = (max((each["relative"] for each in errors[name] if each), default=None) for name in names)
    table.add_row("largest error/σ", *("–" if each is None else f"{each:.1e}" for each in worst))
    console.print(table)
    for line in machine_lines(BenchmarkResult.of(result)):
        console.print(Text(line))
    for text in result["warnings"]:
        console.print(Text(f"Warning: {text}", style="yellow"))
