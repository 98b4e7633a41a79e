"""The native engine against the runtime's kernel and ONNX Runtime, and against what the machine allows."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.inference_contestants import ENGINE, FORCED, ONNX, ONNX_INT8, OURS
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


def share(figures: Figures, group: str, length: int, name: str = ENGINE[0]) -> float | None:
    """Of what the machine allows, reached; None where that was not measured."""
    mine = figures.get((name, group, length), {})
    at_least = mine.get("limit_ms")
    return None if at_least is None else float(at_least) / float(mine["inference_ms"]["min"])


def figures_of(result: dict[str, Any]) -> Figures:
    """The single layers, by name, size and length."""
    return {
        (file["name"], file["group"], file["length"]): file for file in result["files"] if "inputs" in file
    }


def mean_speed(figures: Figures, name: str, other: str, length: int) -> float | None:
    """How many times as fast, the geometric mean of all sizes."""
    groups = dict.fromkeys(group for _, group, each in figures if each == length)
    found = [times_as_fast(figures, name, other, group, length) for group in groups]
    there = [each for each in found if each is not None]
    return geometric_mean(there) if there else None


def print_engine(result: dict[str, Any], console: Console = CONSOLE) -> None:
    """A table a length: times in microseconds, how many times as fast, the share of the limit."""
    figures = figures_of(result)
    lengths = dict.fromkeys(length for _, _, length in figures)
    for length in lengths:
        if any((ENGINE[0], group, length) in figures for _, group, _ in figures):
            console.print(_table(figures, length))
    if any(share(figures, group, length, ENGINE[1]) is not None for _, group, length in figures):
        console.print(_bytes_table(figures, list(lengths)))
    if any(name in FORCED for name, _, _ in figures):
        console.print(_forced_table(figures, list(lengths)))


def _bytes_table(figures: Figures, lengths: list[int]) -> Table:
    table = Table(title="Of the limit in 8 bits", title_justify="left")
    table.add_column("inputs\nx cells", no_wrap=True)
    for length in lengths:
        for short in ("8-bit", "int8"):
            table.add_column(f"{short},\n{_steps(length)}", justify="right")
    for group in dict.fromkeys(group for _, group, _ in figures):
        shares = [share(figures, group, length, name) for length in lengths for name in ENGINE[1:]]
        table.add_row(_size(figures, group), *("–" if each is None else f"{each:.2f}" for each in shares))
    return table


def _forced_table(figures: Figures, lengths: list[int]) -> Table:
    table = Table(
        title="The engine's AVX2 build, forced (mean of all sizes; times as fast as ...)",
        title_justify="left",
    )
    table.add_column("a call", no_wrap=True)
    columns = [
        (forced, header, other)
        for forced, best in zip(FORCED, ENGINE, strict=True)
        for header, other in (*AGAINST[best], ("AVX-512", best))
    ]
    for forced, header, _ in columns:
        short = "8-bit" if forced == FORCED[1] else forced.removeprefix("engine ").removesuffix(", AVX2")
        table.add_column(f"{short}:\n{header}", justify="right")
    for length in lengths:
        means = [mean_speed(figures, forced, other, length) for forced, _, other in columns]
        table.add_row(_steps(length), *("–" if each is None else f"{each:.2f}x" for each in means))
    return table


def _steps(length: int) -> str:
    return f"{length} step{'s' * (length > 1)}"


def _size(figures: Figures, group: str) -> str:
    first = next(file for (_, each, _), file in figures.items() if each == group)
    return f"{first['inputs']} x {first['units']}"


def _table(figures: Figures, length: int) -> Table:
    said = "One step a call" if length == 1 else f"A sequence of {length} steps"
    table = Table(
        title=f"{said}, one thread: the native engine (fastest run, µs; times as fast as ...)",
        title_justify="left",
    )
    table.add_column("inputs\nx cells", no_wrap=True)
    for name, others in AGAINST.items():
        short = "8-bit" if name == ENGINE[1] else name.removeprefix("engine ")
        table.add_column(f"{short}\nµs", justify="right")
        for header, _ in others:
            table.add_column(f"against\n{header}", justify="right")
    table.add_column("of the\nlimit", justify="right")
    for group in dict.fromkeys(group for _, group, each in figures if each == length):
        cells = []
        for name, others in AGAINST.items():
            mine = figures.get((name, group, length))
            cells.append("–" if mine is None else number(mine["inference_ms"]["min"] * 1e3))
            for _, other in others:
                ratio = times_as_fast(figures, name, other, group, length)
                cells.append("–" if ratio is None else f"{ratio:.2f}x")
        reached = share(figures, group, length)
        table.add_row(_size(figures, group), *cells, "–" if reached is None else f"{reached:.2f}")
    table.add_section()
    means: list[str] = []
    for name, others in AGAINST.items():
        found = [mean_speed(figures, name, other, length) for _, other in others]
        means += ["", *("" if each is None else f"{each:.2f}x" for each in found)]
    table.add_row("mean", *means, "")
    return table
