"""`edge.targets` as tables: for the terminal, and in Markdown for docs/targets.md."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from edge.targets import QUANTIZE, STATES, TARGETS, Target


def _numbers(row: Target) -> str:
    """Numbers by form of an LSTM; once, where all forms take the same."""
    by_form = {form: row.quantize.get(form, ()) for form in row.lowerings}
    listed = {
        form: ", ".join(name or "float32" for name in QUANTIZE if name in numbers) or "–"
        for form, numbers in by_form.items()
    }
    if len(set(listed.values())) == 1:
        return next(iter(listed.values()))
    merged: dict[str, list[str]] = {}
    for form, names in listed.items():
        merged.setdefault(names, []).append(form)
    return "; ".join(f"{', '.join(forms)}: {names}" for names, forms in merged.items())


def _forms(row: Target) -> str:
    """The forms of an LSTM that it runs, the best first."""
    plain = {"fused": "fused (standard LSTM alone)"} if row.fused_variants == "plain" else {}
    return ", ".join(plain.get(form, form) for form in row.lowerings)


def _streams(row: Target) -> str:
    """States that a stream can be reset with."""
    states = [state for state in STATES if state != "carry" or ("fused" in row.lowerings and row.can_reset)]
    return ", ".join(states)


def operator_lines(row: Target) -> list[tuple[str, str]]:
    """Types of numbers, and the operators that take them, in order, with the most axes in brackets."""
    found: dict[str, list[str]] = {}
    for name, kernel in sorted((row.operators or {}).items()):
        types = "all" if kernel.types is None else ", ".join(kernel.types)
        found.setdefault(types, []).append(f"{name} ({kernel.rank})")
    return [(types, ", ".join(names)) for types, names in found.items()]


def _length(row: Target) -> str:
    if row.free_length:
        return "free or fixed"
    return "fixed; free on the page of `serve`" if row.page_sets_length else "fixed"


# Header, and what stands there for a row.
COLUMNS: tuple[tuple[str, Callable[[Target], str]], ...] = (
    ("target", lambda row: row.name),
    ("runs on", lambda row: row.where),
    ("forms, best first", _forms),
    ("numbers", _numbers),
    ("state", _streams),
    ("length", _length),
    ("integers in and out", lambda row: "yes" if row.integer_ends else "no"),
    ("known from", lambda row: row.checked),
)


def targets_report() -> RenderableType:
    """One block a target: eight columns do not fit into a terminal."""
    grid = Table(box=box.SIMPLE, pad_edge=False, show_edge=False, show_header=False, show_lines=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for row in TARGETS.values():
        grid.add_row(Text(row.name, style="bold"), Text(row.where, style="bold"))
        for header, text in COLUMNS[2:]:
            grid.add_row(Text(f"  {header}"), Text(text(row)))
        for types, names in operator_lines(row):
            grid.add_row(Text("  operators of"), Text(f"{types}: {names}"))
    return grid


def targets_markdown() -> str:
    """A table with a row for each target, and one of operators where not all are there: docs/targets.md."""
    lines = [" | ".join(header for header, _ in COLUMNS), " | ".join("---" for _ in COLUMNS)]
    for row in TARGETS.values():
        first, *others = (text(row).replace("|", "\\|") for _, text in COLUMNS)
        lines.append(" | ".join([f"`{first}`", *others]))
    tables = [_table(lines)]
    for row in TARGETS.values():
        listed = [f"{types} | {names}" for types, names in operator_lines(row)]
        if listed:
            header = f"numbers | operators of {row.where}, each with the most axes of its tensors"
            tables.append(_table([header, "--- | ---", *listed]))
    return "\n\n".join(tables)


def _table(lines: list[str]) -> str:
    return "\n".join(f"| {line} |" for line in lines)
