"""Tables for people, from the plain data of `edge.benchmark` and `edge.inspection`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edge.variables import DESCRIPTIONS

STATISTICS = ("avg", "std", "min", "p5", "median", "p95", "max")


def benchmark_report(result: dict[str, Any]) -> RenderableType:
    """Three tables: at a glance, the spread of the times, and what it takes to start."""
    files = result["files"]
    unit, factor = _unit(file["inference_ms"]["median"] for file in files)
    glance = _table("at a glance", "size", f"median, {unit}", "speed", "µs/step", "max error", "error/σ")
    spread = _table(f"inference, {unit}", *STATISTICS, "count")
    start = _table("start, ms", "load", "init", "first", "warm-up", "memory, MiB", "peak, MiB")
    for file in files:
        times, error = file["inference_ms"], file["error"]
        _add(
            glance,
            file["name"],
            size(file["size_bytes"]),
            number(times["median"] * factor),
            f"{files[0]['inference_ms']['median'] / times['median']:.2f}×",
            number(file["per_step_us"]),
            *(("–", "–") if error is None else (f"{error['max_abs']:.1e}", f"{error['relative']:.2%}")),
        )
        _add(spread, file["name"], *(number(times[key] * factor) for key in STATISTICS), str(times["count"]))
        _add(
            start,
            file["name"],
            *map(number, (file["load_ms"], file["init_ms"], file["first_ms"], file["warm_up_ms"]["avg"])),
            number(file["added_memory_mb"]),
            number(file["peak_memory_mb"]),
        )
    warnings = [Text(f"Warning: {text}", style="yellow") for text in result["warnings"]]
    return Group(*_spaced(glance, spread, start), *_machine(result), *warnings)


def _machine(result: dict[str, Any]) -> Iterator[RenderableType]:
    machine, settings, versions = result["machine"], result["settings"], result["versions"]
    runtime = result["files"][0]["runtime"]
    threads = settings["threads"]
    yield Text(
        "Speed and error: against the first file, on random input. Time: the graph alone. "
        "Memory: what came with the file; peak: of its whole process.\n",
        style="dim",
    )
    parts = [
        machine["board"] or machine["cpu"],
        f"{machine['cores']} cores",
        machine["os"],
        f"governor {machine['governor']}" if machine["governor"] else None,
        f"{machine['temperature_c']:.0f} °C" if machine["temperature_c"] is not None else None,
    ]
    yield Text(", ".join(part for part in parts if part))
    parts = [
        f"{runtime['name']} {runtime['version']}",
        f"edge {versions['edge']}",
        f"Python {versions['python']}",
        f"NumPy {versions['numpy']}",
    ]
    yield Text(", ".join(part for part in parts if part))
    parts = [
        f"{threads} thread{'s' if threads > 1 else ''}",
        f"{settings['length']} time steps" if settings["length"] else None,
    ]
    yield Text(", ".join(part for part in parts if part))


def inspect_report(result: dict[str, Any]) -> RenderableType:
    """What goes in and out, the operators, the state, and the hints."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    by_type = ", ".join(f"{size(count)} {dtype}" for dtype, count in result["weights"].items())
    _add(facts, "size", f"{size(result['size_bytes'])}, weights {by_type or 'none'}")
    _add(facts, "memory", _memory(result["memory"]))
    _add(facts, "state", DESCRIPTIONS[result["state"]])
    note = result["metadata"]
    if note:
        _add(facts, "made by", f"edge.convert {note.get('version')}, quantize={note.get('quantize')!r}")
        for layer in note.get("layers") or []:
            if isinstance(layer, dict):
                _add(
                    facts,
                    "layer",
                    f"{layer.get('name')}: {layer.get('variant')}, {layer.get('units')} units, "
                    f"{layer.get('lowering')}",
                )
    ends = _table("in and out", "shape", "dtype", "scale", "zero point")
    for kind in ("inputs", "outputs"):
        for tensor in result[kind]:
            _add(
                ends,
                Text.assemble((f"{kind[:-1]} ", "dim"), tensor["name"]),
                _shape(tensor),
                tensor["dtype"],
                *(
                    ("–", "–")
                    if tensor["scale"] is None
                    else map(number, (tensor["scale"], tensor["zero_point"]))
                ),
            )
    tables = [ends]
    if result["variables"]:
        state = _table("state", "shape", "dtype", "set at each call by")
        for tensor in result["variables"]:
            _add(state, tensor["name"], _shape(tensor), tensor["dtype"], tensor["set_by"] or "nothing")
        tables.append(state)
    if result["states"]:
        pairs = _table("state", "shape", "dtype", "comes back as")
        for pair in result["states"]:
            before, after = pair["input"], pair["output"]
            _add(pairs, before["name"], _shape(before), before["dtype"], after["name"])
        tables.append(pairs)
    operators = _table("operator", "version", "count")
    for operator in result["operators"]:
        name = f"{operator['name']}{' (custom)' if operator['custom'] else ''}"
        _add(operators, name, str(operator["version"]), str(operator["count"]))
    hints = [Text(f"Hint: {text}\n", style="yellow") for text in result["hints"]]
    title = Text(result["name"], style="bold", overflow="fold")
    return Group(title, *_spaced(facts, *tables, operators, _targets(result["targets"])), *hints)


def _memory(memory: dict[str, Any]) -> str:
    """At 1 and at 100 steps; once, where the length is fixed."""
    needs = memory["arena_bytes"]
    if len(set(needs.values())) == 1:
        return f"{size(next(iter(needs.values())))} at least, beside the weights"
    parts = [f"{size(count)} at {steps} step{'' if steps == '1' else 's'}" for steps, count in needs.items()]
    return f"{', '.join(parts)} at least, beside the weights"


def _targets(targets: dict[str, dict[str, Any]]) -> Table:
    """Where the file runs; why not, and the way out. Targets of which the same is true share a row."""
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True, show_edge=False)
    for header in ("target", "verdict", "why, and the way out"):
        table.add_column(header, overflow="fold", header_style="bold")
    colours = {"ok": "green", "slow": "yellow", "refused": "red"}
    alike: dict[tuple[str, str], list[str]] = {}
    for name, found in targets.items():
        reasons = "\n".join(f"{each['what']}: {each['way_out']}" for each in found["reasons"])
        alike.setdefault((found["verdict"], reasons), []).append(name)
    for (verdict, reasons), names in alike.items():
        _add(table, "\n".join(names), Text(verdict, style=colours[verdict]), reasons)
    return table


def _spaced(*parts: RenderableType) -> list[RenderableType]:
    return [Padding(part, (0, 0, 1, 0), expand=False) for part in parts]


def _shape(tensor: dict[str, Any]) -> str:
    return f"[{', '.join('any' if n < 0 else str(n) for n in tensor['shape'])}]"


def size(count: int) -> str:
    """`10.5 kB`: a count of bytes in powers of ten, as file managers show it."""
    amount, units = float(count), ["B", "kB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def number(value: float | None) -> str:
    """Three digits that count; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value == 0 or abs(value) >= 100 else f"{value:.3g}"


def _unit(milliseconds: Iterator[float]) -> tuple[str, float]:
    return ("ms", 1.0) if max(milliseconds) >= 1 else ("µs", 1000.0)


def _table(first: str, *headers: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True, show_edge=False)
    table.add_column(first, overflow="fold", header_style="bold")
    for header in headers:
        table.add_column(header, justify="right", overflow="fold")
    return table


def _add(table: Table, *cells: str | Text) -> None:
    """A row; brackets in a name or a shape are no markup."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
