"""The native engine against the runtime's kernel and ONNX Runtime, and against what the machine allows."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from benchmarks.inference_contestants import ENGINE, ONNX, ONNX_INT8, OURS
from benchmarks.tables import CONSOLE, geometric_mean
from edge.report.style import number

# What stands beside each of the engine's times: a header, and what it is as many times as fast as.
AGAINST = {
    ENGINE[0]: (("kernel", OURS[0]), ("ONNX", ONNX)),
    ENGINE[1]: (("kernel", OURS[1]), ("ONNX int8", ONNX_INT8)),
    ENGINE[2]: (("kernel", OURS[2]),),
}
Figures = dict[tuple[str, str, int], dict[str, Any]]


def times_as_fast(figures: Figures, name: str, other: str, group: str, length: int) -> float | None:
    """By the fastest run of each; None where one did not take part."""
    mine, theirs = figures.get((name, group, length)), figures.get((other, group, length))
    if mine is None or theirs is None:
        return None
    return float(theirs["inference_ms"]["min"]) / float(mine["inference_ms"]["min"])


def share(figures: Figures, group: str, length: int) -> float | None:
    """Of what the machine allows, reached in float; None where that was not measured."""
    mine = figures.get((ENGINE[0], group, length), {})
    at_least = mine.get("limit_ms")
    return None if at_least is None else float(at_least) / float(mine["inference_ms"]["min"])


def print_engine(result: dict[str, Any]) -> None:
    """A table a length: times in microseconds, how many times as fast, the share of the limit."""
    figures = {(file["name"], file["group"], file["length"]): file for file in result["files"]}
    for length in dict.fromkeys(file["length"] for file in result["files"]):
        if any((ENGINE[0], file["group"], length) in figures for file in result["files"]):
            CONSOLE.print(_table(figures, length))


def _table(figures: Figures, length: int) -> Table:
    said = "One step a call" if length == 1 else f"A sequence of {length} steps"
    table = Table(
        title=f"{said}, one thread: the native engine (fastest of all runs, µs; times as fast as ...)",
        title_justify="left",
    )
    table.add_column("inputs\nx cells", no_wrap=True)
    for name, others in AGAINST.items():
        short = "8-bit" if name == ENGINE[1] else name.removeprefix("engine ")
        table.add_column(f"{short}\nµs", justify="right")
        for header, _ in others:
            table.add_column(f"against\n{header}", justify="right")
    table.add_column("of the\nlimit", justify="right")
    ratios: dict[tuple[str, str], list[float]] = {}
    for group in dict.fromkeys(group for _, group, each in figures if each == length):
        cells = []
        for name, others in AGAINST.items():
            mine = figures.get((name, group, length))
            cells.append("–" if mine is None else number(mine["inference_ms"]["min"] * 1e3))
            for _, other in others:
                ratio = times_as_fast(figures, name, other, group, length)
                cells.append("–" if ratio is None else f"{ratio:.2f}x")
                if ratio is not None:
                    ratios.setdefault((name, other), []).append(ratio)
        reached = share(figures, group, length)
        first = next(file for (_, each, steps), file in figures.items() if (each, steps) == (group, length))
        table.add_row(
            f"{first['inputs']} x {first['units']}", *cells, "–" if reached is None else f"{reached:.2f}"
        )
    table.add_section()
    means = []
    for name, others in AGAINST.items():
        means.append("")
        means += [
            f"{geometric_mean(ratios[name, other]):.2f}x" if (name, other) in ratios else ""
            for _, other in others
        ]
    table.add_row("mean", *means, "")
    return table
