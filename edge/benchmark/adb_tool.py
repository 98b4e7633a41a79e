"""The tool benchmark_model: what it is told, and what it prints, as figures. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from edge.benchmark.subjects import Job
from edge.results.benchmark import OperatorTime, Statistics, Times
from edge.tflite.interface import TensorInfo

WARM_UP = ("--warmup_runs=3", "--warmup_min_secs=0.3")
PROFILE = (
    "--warmup_runs=1",
    "--warmup_min_secs=0",
    "--num_runs=20",
    "--min_secs=0",
    "--enable_op_profiling=true",
    "--report_peak_memory_footprint=true",
)

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
PROFILED = "Operator-wise Profiling Info for Regular Benchmark Runs"
SUMMARY = "Summary by node type"
# The columns between the type and the number of calls have changed from version to version; the average time
# is always the second number.
ROW = re.compile(r"^\s*([A-Za-z_][^\t]*?)\s+(\d+)\s+([\d.]+)\s+[\d.]+%\s+[\d.]+%\s+[\d.]+\s+(\d+)\s*$")
STATISTICS = ("avg", "std", "min", "p5", "median", "p95", "max")


def arguments(job: Job, inputs: Sequence[TensorInfo], path: str) -> list[str]:
    """Of the tool: the file, threads, and what it must know of inputs of free shape or of tokens."""
    arguments = [f"--graph={path}", f"--num_threads={job.threads}"]
    tokens = [n for n, info in enumerate(inputs) if not info.is_real and info.dtype.kind in "iu"]
    if not tokens and not any(-1 in info.shape for info in inputs):
        return arguments
    # It splits names at commas and colons; another name than the file's is fine with it.
    names = [
        info.name if re.fullmatch(r"[\w./-]+", info.name) else f"input_{n}" for n, info in enumerate(inputs)
    ]
    shapes = [",".join(map(str, shape(info, job.length))) for info in inputs]
    arguments += [f"--input_layer={','.join(names)}", f"--input_layer_shape={':'.join(shapes)}"]
    if tokens:  # any vocabulary has two words, and it would draw from a hundred
        arguments.append(f"--input_layer_value_range={':'.join(f'{names[n]},0,1' for n in tokens)}")
    return arguments


def shape(info: TensorInfo, length: int | None) -> list[int]:
    return [size if size >= 0 else (1 if axis == 0 else length or 1) for axis, size in enumerate(info.shape)]


class Run(NamedTuple):
    """The figures of one run, as in an `Entry` of `edge.results.benchmark`; None for what was not printed."""

    init_ms: float
    first_ms: float
    warm_up_ms: Statistics
    inference_ms: Times
    added_memory_mb: float | None
    peak_memory_mb: float | None
    operators: list[OperatorTime] | None


def parse(text: str) -> Run | None:
    """The figures of one run; None if the tool did not come to its end.

    Args:
        text: all that it printed.
    """
    timings = TIMINGS.search(text)
    runs = [_statistics(line) for line in COUNTS.findall(text[: timings.start()])] if timings else []
    if timings is None or not runs:
        return None
    init, first, warm_up, average = (float(each) / 1e3 for each in timings.groups())
    before = runs[-2] if len(runs) > 1 else Statistics()
    # An older tool prints no more than the average at the end, and fewer digits of it above.
    inference = {**vars(runs[-1]), "avg": average}
    inference["median"] = average if inference["median"] is None else inference["median"]
    memory, peak = MEMORY.search(text), PEAK.search(text)
    return Run(
        init,
        first,
        replace(before, avg=warm_up),
        Times(**inference),
        max(float(memory[2]), 0.0) if memory else None,
        float(peak[1]) if peak else None,
        _operators(text),
    )


def reason(text: str) -> str:
    """Why a run failed: the first error it printed, of which the others follow; else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(ERROR|FATAL)\b", line)]
    line = errors[0] if errors else (lines or ["it printed nothing"])[-1]
    return re.sub(r"^(ERROR|FATAL|adb: error|error): ", "", line).rstrip(".")


def _statistics(line: str) -> Statistics:
    """`count=50 first=9 curr=8 min=7 ...` in microseconds, or `count=50 curr=8 (all same)`."""
    values = {name: float(value) for name, value in re.findall(rf"(\w+)={NUMBER}", line)}
    if "min" not in values and "curr" in values:  # all the same, or a single one
        values = {**dict.fromkeys(STATISTICS, values["curr"]), "std": 0.0, "count": values["count"]}
    known = {name: values[name] / 1e3 for name in STATISTICS if name in values}
    return Statistics(**known, count=int(values["count"]))


def _operators(text: str) -> list[OperatorTime] | None:
    """Time by type of operator, of one inference; a table for the start of the tool comes before."""
    _, found, profile = text.partition(PROFILED)
    _, _, table = profile.partition(SUMMARY)
    rows = [match for match in map(ROW.match, table.splitlines()) if match]
    if not found or not rows:
        return None
    return [OperatorTime(row[1], int(row[2]), float(row[3]) * 1e3) for row in rows]
