"""What `convert` and `verify` print: from their results alone, nothing of the workstation is imported."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.report.style import add, number, size, spaced, table
from edge.results.conversion import ConversionResult, in_short
from edge.results.verification import TRENDS, Drift, OutputCheck, Verification
from edge.results.words import share
from edge.tflite.variables import DESCRIPTIONS

FORMS = {"fused": "fused operator", "unrolled": "plain, every step", "step": "plain, one step"}


class Commands(NamedTuple):
    """What the next commands need: how this one was started, and its arguments."""

    program: str
    model: str
    file: str
    data: tuple[str, ...]
    target: str | None


def conversion_report(result: ConversionResult, written: Sequence[Path]) -> RenderableType:
    """File, layers, errors and what to know."""
    part = "" if result.quantize is None else f", {result.size / result.float_size:.0%} of its float form"
    facts = _facts(
        ("size", f"{size(result.size)}{part}"),
        ("numbers", result.quantize or "float32"),
        ("state", DESCRIPTIONS[result.state]),
        ("made for", result.target),
        *(("calibrated", f"on {result.calibration}") for _ in range(result.calibration is not None)),
        *(("other data", f"rms/σ: {in_short(result.checks)}") for _ in range(bool(result.checks))),
        ("operators", ", ".join(f"{count} {name}" for name, count in result.ops.items())),
        *(("C array", ", ".join(map(str, written))) for _ in range(bool(written))),
    )
    layers = table("layer", "variant", "units", "became")
    for layer in result.layers:
        add(layers, layer.name, layer.variant, str(layer.units), FORMS.get(layer.lowering, layer.lowering))
    errors = table("output", "largest error", "rms error", "rms/σ")
    for error in result.errors:
        figures = f"{error.max_abs:.2g}", f"{error.rms:.2g}", share(error.relative)
        add(errors, error.name, *figures)
    checked = Text(f"Errors: against Keras, on {result.checked_on}.\n", style="dim")
    notes = [Text(f"Note: {note}\n", style="yellow") for note in result.notes]
    title = Text(result.path.name, style="bold", overflow="fold")
    parts = spaced(facts, layers, errors)
    return Group(title, *parts, checked, *notes)


def next_steps(commands: Commands) -> Text:
    """What to do now: a command a line, to be printed without wrapping, so that it can be copied."""
    data = "".join(f" --data {shlex.quote(path)}" for path in commands.data)
    target = f" --target {commands.target}" if commands.target else ""
    file = shlex.quote(commands.file)
    steps = (
        ("compare for long", f"verify {shlex.quote(commands.model)} {file}{data}{target}"),
        ("look inside", f"inspect {file}{target}"),
        ("measure", f"benchmark {file}{data}"),
    )
    lines = (f"\n  {why}: {commands.program} {what}" for why, what in steps)
    return Text.assemble(("Next", "bold"), *lines)


def verification_report(result: Verification) -> RenderableType:
    """The comparison by output, the drift, the target, and the verdict."""
    facts = _facts(
        ("model", result.model),
        ("file", f"{size(result.size)}, {result.quantize or 'float32'}, {DESCRIPTIONS[result.state]}"),
        ("compared on", f"{result.samples} samples of {result.checked_on}, by {result.runtime}"),
    )
    errors = table("output", "error", "tolerance", "largest", "worst sample", "within")
    for output in result.outputs:
        figures = (
            number(output.error),
            number(output.limit),
            f"{output.max_abs:.2g}",
            str(output.worst_sample),
        )
        add(errors, output.name, *figures, _within(output))
    units = {output.unit for output in result.outputs}
    unit = Text(f"Error and tolerance: in units of {' and '.join(units)} of the output.\n", style="dim")
    parts: list[RenderableType] = [*spaced(facts, errors), unit]
    deciding = [output for output in result.outputs if output.agreement is not None]
    if deciding:
        decisions = table("top-1", "same decision", "accuracy, Keras", "accuracy, file")
        for output in deciding:
            shares = (output.agreement, output.accuracy_keras, output.accuracy_file)
            add(decisions, output.name, *("–" if each is None else share(each) for each in shares))
        parts += spaced(decisions)
    if result.drift is not None:
        parts += _drift(result.drift)
    if result.drift_note:
        parts.append(Text(f"Drift: {result.drift_note}.\n", style="dim"))
    if result.target is not None:
        parts += _target(result.target)
    verdict = ("agrees with", "bold green") if result.is_ok else ("differs from", "bold red")
    title = Text(result.path.name, style="bold", overflow="fold")
    return Group(title, *parts, Text(f"The file {verdict[0]} Keras.", style=verdict[1]))


def _drift(drift: Drift) -> list[RenderableType]:
    first = "steps of one stream" if drift.kind == "stream" else "steps of a sequence"
    rows: list[RenderableType] = []
    for output in drift.outputs:
        windows = table(first, "largest error", "rms error")
        for window in output.windows:
            span = (
                f"{window.begin + 1:,}–{window.end:,}" if drift.kind == "stream" else f"{window.end:,} steps"
            )
            add(windows, span, f"{window.max_abs:.2g}", f"{window.rms:.2g}")
        growth = (TRENDS[output.trend], {"grows": "red", "settled": "yellow"}.get(output.trend, "green"))
        beyond = "" if output.is_ok else f"; at {number(output.error)} (rms) it is beyond the tolerance"
        if beyond and drift.is_ok:
            beyond += ", which does not count for sequences of lengths that nobody asked for"
        intro = f"{output.name}: over {drift.steps:,} steps the error "
        sentence = Text.assemble(intro, growth, (beyond, "yellow" if drift.is_ok else "red"))
        rows += [windows, sentence]
    return spaced(*rows)


def _target(target: dict[str, Any]) -> list[RenderableType]:
    lines = [Text(f"{target['name']}: {target['verdict']}")]
    lines += [Text(f"  {reason['what']}: {reason['way_out']}") for reason in target["reasons"]]
    return [*lines, Text()]


def _within(output: OutputCheck) -> Text:
    if output.is_within_step:
        return Text("one step", style="yellow")
    if output.is_as_accurate:
        return Text("by accuracy", style="green")
    return Text("yes", style="green") if output.is_ok else Text("no", style="red")


def _facts(*pairs: tuple[str, str]) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for pair in pairs:
        add(facts, *pair)
    return facts
