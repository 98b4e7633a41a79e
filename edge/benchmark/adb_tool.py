"""What the tool benchmark_model prints, as figures. Pure functions."""

from __future__ import annotations

import re
from typing import Any

NUMBER = r"([-+.\de]+)"
TIMINGS = re.compile(
    rf"Inference timings in us: Init: {NUMBER}, First inference: {NUMBER}, Warmup \(avg\): {NUMBER}, "
    rf"Inference \(avg\): {NUMBER}"
)
COUNTS = re.compile(r"^(?:\w+: )?(count=[1-9]\d* .*)$", re.MULTILINE)
MEMORY = re.compile(
    rf"Memory footprint delta from the start of the tool \(MB\): init={NUMBER} overall={NUMBER}"
)
PEAK = re.compile(rf"Overall peak memory footprint \(MB\) via periodic monitoring: {NUMBER}")
PROFILE = "Operator-wise Profiling Info for Regular Benchmark Runs"
SUMMARY = "Summary by node type"
# The columns between the type and the number of calls have changed from version to version; the average time
# is always the second number.
ROW = re.compile(r"^\s*([A-Za-z_][^\t]*?)\s+(\d+)\s+([\d.]+)\s+[\d.]+%\s+[\d.]+%\s+[\d.]+\s+(\d+)\s*$")
STATISTICS = ("avg", "std", "min", "p5", "median", "p95", "max")


def parse(text: str) -> dict[str, Any] | None:
    """The figures of one run; None if the tool did not come to its end.

    Args:
        text: all that it printed.

    Returns:
        `init_ms`, `first_ms`; `warm_up_ms` and `inference_ms`, statistics as in `edge.results.benchmark`; of
        memory `added_memory_mb` and `peak_memory_mb`, None where they are not printed; `operators`, None
        without a profile.
    """
    timings = TIMINGS.search(text)
    runs = [_statistics(line) for line in COUNTS.findall(text[: timings.start()])] if timings else []
    if timings is None or not runs:
        return None
    init, first, warm_up, average = (float(each) / 1e3 for each in timings.groups())
    inference = runs[-1]
    inference["avg"] = average  # an older tool prints no more than this, and fewer digits of it above
    if inference["median"] is None:
        inference["median"] = average
    nothing: dict[str, Any] = dict.fromkeys((*STATISTICS, "count"))
    before = runs[-2] if len(runs) > 1 else nothing
    before["avg"] = warm_up
    memory, peak = MEMORY.search(text), PEAK.search(text)
    return {
        "init_ms": init,
        "first_ms": first,
        "warm_up_ms": before,
        "inference_ms": inference,
        "added_memory_mb": max(float(memory[2]), 0.0) if memory else None,
        "peak_memory_mb": float(peak[1]) if peak else None,
        "operators": _operators(text),
    }


def reason(text: str) -> str:
    """Why a run failed: the first error it printed, of which the others follow; else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(ERROR|FATAL)\b", line)]
    line = errors[0] if errors else (lines or ["it printed nothing"])[-1]
    return re.sub(r"^(ERROR|FATAL|adb: error|error): ", "", line).rstrip(".")


def _statistics(line: str) -> dict[str, Any]:
    """`count=50 first=9 curr=8 min=7 ...` in microseconds, or `count=50 curr=8 (all same)`; milliseconds."""
    values = {name: float(value) for name, value in re.findall(rf"(\w+)={NUMBER}", line)}
    if "min" not in values and "curr" in values:  # all the same, or a single one
        values = {**dict.fromkeys(STATISTICS, values["curr"]), "std": 0.0, "count": values["count"]}
    figures: dict[str, Any] = {name: values[name] / 1e3 if name in values else None for name in STATISTICS}
    return {**figures, "count": int(values["count"])}


def _operators(text: str) -> list[dict[str, Any]] | None:
    """Time by type of operator, of one inference; a table for the start of the tool comes before."""
    _, found, profile = text.partition(PROFILE)
    _, _, table = profile.partition(SUMMARY)
    rows = [match for match in map(ROW.match, table.splitlines()) if match]
    if not found or not rows:
        return None
    return [{"name": row[1], "count": int(row[2]), "us": float(row[3]) * 1e3} for row in rows]
