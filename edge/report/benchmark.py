"""What `benchmark` prints: tables for people, from its result alone."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.report.style import add, spaced, table
from edge.report.tables import Cells, reference, tables
from edge.results.benchmark import BenchmarkResult


def benchmark_report(result: BenchmarkResult) -> RenderableType:
    """The tables, what they mean, the machine, the warnings."""
    warnings = [Text(f"Warning: {text}", style="yellow") for text in result.warnings]
    return Group(
        *spaced(*map(_rich, tables(result))),
        *(Text(line, style="dim") for line in legend(result)),
        Text(""),
        *map(Text, machine_lines(result)),
        *warnings,
    )


def legend(result: BenchmarkResult) -> list[str]:
    """What the figures in the tables mean."""
    files = result.files
    streams = any(file.stream for file in files)
    what = reference(result)
    is_first = not result.settings.get("error_against")
    compared = (
        f"Speed and error: against {what}"
        if is_first
        else f"Speed: against the first file. Error: against {what}"
    )
    samples = result.settings.get("samples")
    on = f"on {samples:,} samples of data" if samples else "on random input"
    lines = [
        f"{compared}, {on}. Time: the graph alone. "
        "Memory: what came with the file; peak: of its whole process."
    ]
    if streams:
        lines.append(
            "Stream: the step as a program calls it. Real-time factor: median step over the time between two "
            "samples; below 1 it keeps up. Jitter: how much later than usual one answer in a hundred comes."
        )
        if any(file.stream and file.stream.steps > 1 for file in files):
            lines.append(
                "In blocks: the step is the one that fills a block, the time that between two blocks."
            )
    if not any(file.operators for file in files):
        lines.append("Time by operator: this runtime does not tell it.")
    return lines


def machine_lines(result: BenchmarkResult) -> list[str]:
    """The machine, the software, what was asked for: three lines."""
    machine, settings, versions = result.machine, result.settings, result.versions
    degrees, load = machine.get("temperature_c"), machine.get("load")
    hardware = [
        machine["board"] or machine["cpu"],
        f"{machine['cores']} cores" if machine.get("cores") else None,
        machine["os"],
        f"governor {machine['governor']}" if machine.get("governor") else None,
        f"{degrees:.0f} °C" if degrees is not None else None,
        f"load {load:.2g} before" if load is not None else None,
    ]
    used = [file.runtime for file in result.files]
    runtimes = dict.fromkeys(" ".join(filter(None, (each.name, each.version))) for each in used)
    engines = {
        f"native engine {file.engine.version} ({file.engine.isa})" for file in result.files if file.engine
    }
    named = {"edge": "edge", "python": "Python", "numpy": "NumPy"}
    software = [
        *runtimes,
        *sorted(engines),
        *(f"{named.get(name, name)} {version}" for name, version in versions.items()),
    ]
    threads, lengths = (
        sorted({getattr(file, key) for file in result.files} - {None}) for key in ("threads", "length")
    )
    asked = [
        f"{_several(threads)} thread{'s' if threads != [1] else ''}" if threads else None,
        f"{_several(lengths)} time step{'s' if lengths != [1] else ''}" if lengths else None,
        f"streams at {settings['stream_rate_hz']:g} Hz" if settings.get("stream_rate_hz") else None,
    ]
    return [line for line in (", ".join(filter(None, each)) for each in (hardware, software, asked)) if line]


def _rich(cells: Cells) -> Table:
    drawn = table(*cells.headers)
    for row in cells.rows:
        add(drawn, *row)
    return drawn


def _several(values: Sequence[int]) -> str:
    return " and ".join(filter(None, (", ".join(map(str, values[:-1])), str(values[-1]))))
