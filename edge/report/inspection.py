"""What `inspect` found, as tables for people."""

from __future__ import annotations

from math import inf
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.report.style import add, number, size, spaced, table
from edge.results.conversion import Check, OutputError, in_short
from edge.tflite.variables import DESCRIPTIONS


def inspect_report(result: dict[str, Any]) -> RenderableType:
    """What goes in and out, the operators, the state, and the hints."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    by_type = ", ".join(f"{size(count)} {dtype}" for dtype, count in result["weights"].items())
    add(facts, "size", f"{size(result['size_bytes'])}, weights {by_type or 'none'}")
    add(facts, "memory", _memory(result["memory"]))
    add(facts, "state", DESCRIPTIONS[result["state"]])
    note = result["metadata"]
    if note:
        add(facts, "made by", f"edge.convert {note.get('version')}, quantize={note.get('quantize')!r}")
        calibration = note.get("calibration")
        if calibration:  # checked when the file was read
            add(facts, "calibrated", _calibration(calibration))
        if note.get("checks"):
            add(facts, "other data", f"rms/σ: {_checks(note['checks'])}")
        for layer in note.get("layers") or []:
            if isinstance(layer, dict):
                add(
                    facts,
                    "layer",
                    f"{layer.get('name')}: {layer.get('variant')}, {layer.get('units')} units, "
                    f"{layer.get('lowering')}",
                )
    if result.get("engine"):
        add(facts, "native engine", "\n".join(_engine(layer) for layer in result["engine"]))
    ends = table("in and out", "shape", "dtype", "scale", "zero point")
    for kind in ("inputs", "outputs"):
        for tensor in result[kind]:
            add(
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
        state = table("state", "shape", "dtype", "set at each call by")
        for tensor in result["variables"]:
            add(state, tensor["name"], _shape(tensor), tensor["dtype"], tensor["set_by"] or "nothing")
        tables.append(state)
    if result["states"]:
        pairs = table("state", "shape", "dtype", "comes back as")
        for pair in result["states"]:
            before, after = pair["input"], pair["output"]
            add(pairs, before["name"], _shape(before), before["dtype"], after["name"])
        tables.append(pairs)
    operators = table("operator", "version", "count")
    for operator in result["operators"]:
        name = f"{operator['name']}{' (custom)' if operator['custom'] else ''}"
        add(operators, name, str(operator["version"]), str(operator["count"]))
    hints = [Text(f"Hint: {text}\n", style="yellow") for text in result["hints"]]
    title = Text(result["name"], style="bold", overflow="fold")
    return Group(title, *spaced(facts, *tables, operators, _targets(result["targets"])), *hints)


def _engine(layer: dict[str, Any]) -> str:
    """What it would do for a layer."""
    if layer["taken"]:
        return f"runs {layer['name']}: {layer['kind']}"
    return f"leaves {layer['name']} to the runtime: {layer['why_not']}"


def _calibration(noted: dict[str, Any]) -> str:
    """What the integers were made for."""
    ranges = "".join(
        f", {each['name']} from {number(each['low'])} to {number(each['high'])}" for each in noted["inputs"]
    )
    held = f"{noted['held_out']:,} held out" if noted["held_out"] else "checked on the same"
    return f"on {noted['samples']:,} samples ({held}), {noted['steps']:,} steps{ranges}"


def _checks(noted: list[dict[str, Any]]) -> str:
    """How far the file is off on data of other kinds, as the conversion says it."""
    checks = []
    for each in noted:
        sizes = (error["relative"] for error in each["errors"])
        errors = (OutputError("", 0.0, 0.0, inf if size is None else size) for size in sizes)
        checks.append(Check(each["kind"], each["steps"], tuple(errors)))
    return in_short(checks)


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
        add(table, "\n".join(names), Text(verdict, style=colours[verdict]), reasons)
    return table


def _shape(tensor: dict[str, Any]) -> str:
    return f"[{', '.join('any' if n < 0 else str(n) for n in tensor['shape'])}]"
