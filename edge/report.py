"""Tables for people: what all of them share, and the one of `edge.inspection`."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edge.variables import DESCRIPTIONS


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


def _table(first: str, *headers: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True, show_edge=False)
    table.add_column(first, overflow="fold", header_style="bold")
    for header in headers:
        table.add_column(header, justify="right", overflow="fold")
    return table


def _add(table: Table, *cells: str | Text) -> None:
    """A row; brackets in a name or a shape are no markup."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
