"""Measure files on an Android phone, with adb and the Interpreter's own tool `benchmark_model`.

The tool and the files go into a folder of their own on the phone, which is removed in every case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.aliases import Progress
from edge.benchmark import adb_tool, elf
from edge.benchmark.adb import Device
from edge.benchmark.machine import software
from edge.benchmark.subjects import Job, Subject, default_length, jobs, look, several
from edge.errors import ModelFileError, check_progress
from edge.results.benchmark import BenchmarkResult, Entry, Machine, RuntimeName
from edge.tflite import TensorInfo

TOOL = "android_aarch64_benchmark_model"
WHERE = (
    f"It is the Interpreter's own tool, {TOOL} for most phones, and in no package registry: download it as "
    "LiteRT's documentation says under 'Performance measurement', or build it from LiteRT's source. The tool "
    "of the CompiledModel has a similar name and refuses files with a state"
)
PROPERTIES = {
    "abi": "ro.product.cpu.abi",
    "abis": "ro.product.cpu.abilist",
    "maker": "ro.product.manufacturer",
    "model": "ro.product.model",
    "soc": "ro.soc.model",
    "platform": "ro.board.platform",
    "release": "ro.build.version.release",
    "sdk": "ro.build.version.sdk",
}
UNPINNED = "The cores could not be pinned: the phone does not tell how fast each of them is."
GRACE = 30.0  # seconds that a run may take beside its inferences


@dataclass(frozen=True)
class Request:
    """What is asked for, checked.

    Attributes:
        files, inputs: by number of the file: what it is, and all inputs of its graph, states too.
        jobs: the entries of the result.
        runs, cpu_mask, profile, limit: as in `benchmark_on_android`.
    """

    files: Sequence[Subject]
    inputs: Sequence[tuple[TensorInfo, ...]]
    jobs: Sequence[Job]
    runs: int | None
    cpu_mask: str | None
    profile: bool
    limit: float


def benchmark_on_android(
    files: Sequence[str | Path],
    benchmark_model: str | Path | None = None,
    serial: str | None = None,
    *,
    threads: int | Sequence[int] = 1,
    length: int | Sequence[int] | None = None,
    runs: int | None = None,
    cpu_mask: str | None = None,
    profile: bool = True,
    limit: float = 60.0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure files on a phone that `adb` reaches.

    Args:
        files: of the models, on this computer.
        benchmark_model: the Interpreter's tool of that name, built for the phone.
        serial: of the phone, as `adb devices` lists it; None: the only one there is.
        threads: how many the kernels may use; several: each file with each of them.
        length: steps in a sequence, for files with a free time axis; several: each of them; None: 100, or as
            another of the files fixes it.
        runs: inferences measured for each file; None: a second's worth, at least 50.
        cpu_mask: cores that it may use, in hexadecimal as for taskset; `"all"`: no choice; None: the fastest
            that are enough for the threads.
        profile: whether to run each once more for the time of each operator and the peak of memory.
        limit: seconds for the measurement of one file, and for its warm-up.
        progress: is called with entries done, entries in all, and what is going on.

    Returns:
        Plain data as `edge.results.benchmark` says, with the platform `"android"`. The tool draws its own
        random input and shows no outputs, so `error` is None.

    Raises:
        ModelFileError: a file is missing or damaged, or the tool fails on it.
        ValueError: an argument, a length that a file does not take, or a tool that is none for this phone.
        OSError: no adb, no phone, or one that refuses us or goes away.

    Example:
        >>> tool = "android_aarch64_benchmark_model"
        >>> result = benchmark_on_android(["model.tflite"], tool)  # doctest: +SKIP
        >>> result["files"][0]["inference_ms"]["median"]  # doctest: +SKIP
        0.092
    """
    counts, lengths = several("threads", threads), several("length", length, may_be_none=True)
    mask = _checked_mask(cpu_mask)
    if runs is not None:
        several("runs", (runs,))
    if isinstance(files, (str, Path)) or not files:
        raise ValueError("benchmark_on_android takes a list of at least one path.")
    check_progress(progress)
    if not limit > 0:
        raise ValueError(f"limit must be a positive number of seconds, received {limit!r}.")
    subjects = [look(path) for path in files]
    todo = jobs(subjects, counts, lengths, default_length(subjects, lengths))
    request = Request(subjects, [_inputs(each) for each in subjects], todo, runs, mask, profile, limit)
    if benchmark_model is None:
        raise ValueError(f"A benchmark_model is needed (--benchmark-model PATH). {WHERE}.")
    if not Path(benchmark_model).is_file():
        raise ValueError(f"There is no file {benchmark_model}. {WHERE}.")
    tool_abi = elf.abi_of(benchmark_model)
    device = Device(serial)
    try:
        with device:
            about = device.properties(PROPERTIES)
            _check_abi(tool_abi, about, Path(benchmark_model).name)
            speeds = device.speeds()
            entries = _measure(device, Path(benchmark_model), speeds, request, progress)
    except (OSError, ModelFileError) as error:
        if device.leftover:
            raise type(error)(f"{error} {device.leftover}") from None
        raise
    return BenchmarkResult(
        platform="android",
        machine=_machine(about, len(speeds)),
        versions=software(),
        settings={
            "threads": counts,
            "lengths": lengths,
            "runs": runs,
            "seed": None,
            "stream_rate_hz": None,
            "cpu_mask": cpu_mask,
        },
        warnings=[*([] if speeds or mask else [UNPINNED]), *([device.leftover] if device.leftover else [])],
        files=entries,
    ).to_dict()


def _inputs(subject: Subject) -> tuple[TensorInfo, ...]:
    return (*subject.inputs, *(state.input for state in subject.interface.states))


def _machine(about: dict[str, str], cores: int) -> Machine:
    return {
        "cpu": about["soc"] or about["platform"] or None,
        "arch": about["abi"],
        "cores": cores or None,
        "board": f"{about['maker']} {about['model']}".strip() or None,
        "os": f"Android {about['release']} (SDK {about['sdk']})",
    }


def _measure(
    device: Device, tool: Path, speeds: dict[int, int], request: Request, progress: Progress | None
) -> list[Entry]:
    """Copy the tool and the files, and run the one on the others, one by one."""
    report = progress or (lambda done, total, text: None)
    total = len(request.jobs)
    report(0, total, "copying")
    program = device.push(tool, "benchmark_model")
    device.shell("chmod", "+x", program)
    paths = dict.fromkeys(subject.path for subject in request.files)
    there = {path: device.push(path, f"{n}.tflite") for n, path in enumerate(paths)}
    runs = request.runs
    count = (f"--num_runs={runs or 50}", f"--min_secs={0 if runs else 1}")
    entries = []
    for n, job in enumerate(request.jobs):
        subject, inputs = request.files[job.subject], request.inputs[job.subject]
        report(n, total, f"measuring {subject.name}")
        pinned = _pinned(request.cpu_mask, speeds, job.threads)
        command = [*pinned, program, *adb_tool.arguments(job, inputs, there[subject.path])]
        found = _run(device, [*command, *adb_tool.WARM_UP, *count], subject.name, request.limit)
        more = found
        if request.profile:
            more = _run(device, [*command, *adb_tool.PROFILE], subject.name, request.limit)
        entries.append(_entry(subject, job, inputs, found, more))
    return entries


def _check_abi(tool: str, about: dict[str, str], name: str) -> None:
    runs = [abi for abi in about["abis"].split(",") if abi] or [about["abi"]]
    if tool not in runs:
        raise ValueError(
            f"{name} is built for {tool}, and the phone ({about['model']}) runs {', '.join(runs)}: take the "
            f"benchmark_model for that, as {TOOL} for arm64-v8a."
        )


def _pinned(mask: str | None, speeds: dict[int, int], threads: int) -> list[str]:
    """What comes before the command so that it runs on some cores only."""
    if mask is None and speeds:
        slowest = sorted(speeds.values(), reverse=True)[:threads][-1]
        mask = f"{sum(1 << core for core, speed in speeds.items() if speed >= slowest):x}"
    return ["taskset", mask] if mask not in (None, "all") else []


def _run(device: Device, command: list[str], name: str, limit: float) -> adb_tool.Run:
    try:
        code, text = device.attempt([*command, f"--max_secs={limit:g}"], 2 * limit + GRACE)
    except OSError as error:
        raise ModelFileError(f"{name}: {error}") from None
    found = adb_tool.parse(text)
    if code or found is None:
        reason = adb_tool.reason(text)
        compiled = "ariable tensor" in text or "CompiledModel" in text
        hint = f" This is the tool of the CompiledModel; take the Interpreter's, {TOOL}." if compiled else ""
        raise ModelFileError(f"{name}: benchmark_model failed on the phone: {reason}.{hint}")
    return found


def _entry(
    subject: Subject, job: Job, inputs: Sequence[TensorInfo], found: adb_tool.Run, more: adb_tool.Run
) -> Entry:
    batch = max((shape[0] for info in inputs if (shape := adb_tool.shape(info, job.length))), default=1)
    return Entry(
        path=subject.path,
        name=subject.name,
        size_bytes=Path(subject.path).stat().st_size,
        runtime=RuntimeName("benchmark_model", None),
        threads=job.threads,
        length=job.length,
        batch=batch,
        init_ms=found.init_ms,
        first_ms=found.first_ms,
        warm_up_ms=found.warm_up_ms,
        inference_ms=found.inference_ms,
        per_step_us=job.length and found.inference_ms.median / job.length / batch * 1e3,
        peak_memory_mb=more.peak_memory_mb,
        added_memory_mb=found.added_memory_mb,
        operators=more.operators,
    )


def _checked_mask(mask: str | None) -> str | None:
    if mask in (None, "all"):
        return mask
    if not re.fullmatch(r"(0x)?[0-9a-fA-F]+", mask) or not int(mask, 16):
        raise ValueError(f'cpu_mask is hexadecimal, as "f0", or "all", received {mask!r}.')
    return mask.lower().removeprefix("0x")
