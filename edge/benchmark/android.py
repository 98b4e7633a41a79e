"""Measure files on an Android phone, with adb and the Interpreter's own tool `benchmark_model`.

The tool and the files go into a folder of their own on the phone, which is removed in every case.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from edge.aliases import Progress
from edge.benchmark import adb_tool, elf
from edge.benchmark import subjects as samples
from edge.benchmark.adb import Device
from edge.errors import ModelFileError
from edge.results.benchmark import SCHEMA
from edge.tflite import TensorInfo
from edge.version import __version__

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
GRACE = 30.0  # seconds that a run may take beside its inferences
WARM_UP = ("--warmup_runs=3", "--warmup_min_secs=0.3")
PROFILE = (
    "--warmup_runs=1",
    "--warmup_min_secs=0",
    "--num_runs=20",
    "--min_secs=0",
    "--enable_op_profiling=true",
    "--report_peak_memory_footprint=true",
)


class _Job(NamedTuple):
    """One entry of the result. `inputs` are all of the graph, states too."""

    path: str
    inputs: tuple[TensorInfo, ...]
    threads: int
    length: int | None


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
    counts, lengths = _several("threads", threads), _several("length", length)
    mask = _checked_mask(cpu_mask)
    if runs is not None:
        _several("runs", runs)
    if isinstance(files, (str, Path)) or not files:
        raise ValueError("benchmark_on_android takes a list of at least one path.")
    if not limit > 0:
        raise ValueError(f"limit must be a positive number of seconds, received {limit!r}.")
    jobs = _jobs(files, [count or 1 for count in counts], lengths)
    if benchmark_model is None:
        raise ValueError(f"A benchmark_model is needed (--benchmark-model PATH). {WHERE}.")
    if not Path(benchmark_model).is_file():
        raise ValueError(f"There is no file {benchmark_model}. {WHERE}.")
    tool_abi = elf.abi_of(benchmark_model)
    report = progress or (lambda done, total, text: None)
    warnings: list[str] = []
    device = Device(serial)
    try:
        with device:
            about = device.properties(PROPERTIES)
            _check_abi(tool_abi, about, Path(benchmark_model).name)
            speeds = device.speeds()
            if not speeds and mask is None:
                warnings.append(
                    "The cores could not be pinned: the phone does not tell how fast each of them is."
                )
            report(0, len(jobs), "copying")
            tool = device.push(benchmark_model, "benchmark_model")
            device.shell("chmod", "+x", tool)
            paths = list(dict.fromkeys(job.path for job in jobs))
            there = {path: device.push(path, f"{n}.tflite") for n, path in enumerate(paths)}
            entries = []
            for n, job in enumerate(jobs):
                report(n, len(jobs), f"measuring {Path(job.path).name}")
                pinned = _pinned(mask, speeds, job.threads)
                command = [*pinned, tool, *_arguments(job, there[job.path])]
                count = (f"--num_runs={runs or 50}", f"--min_secs={0 if runs else 1}")
                found = _figures(device, [*command, *WARM_UP, *count], job, limit)
                more = _figures(device, [*command, *PROFILE], job, limit) if profile else found
                entries.append(_entry(job, found, more))
    except (OSError, ModelFileError) as error:
        if device.leftover:
            raise type(error)(f"{error} {device.leftover}") from None
        raise
    if device.leftover:
        warnings.append(device.leftover)
    return {
        "schema": SCHEMA,
        "platform": "android",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {
            "cpu": about["soc"] or about["platform"] or None,
            "arch": about["abi"],
            "cores": len(speeds) or None,
            "board": f"{about['maker']} {about['model']}".strip() or None,
            "os": f"Android {about['release']} (SDK {about['sdk']})",
        },
        "versions": {"edge": __version__, "python": platform.python_version()},
        "settings": {
            "threads": counts,
            "lengths": lengths,
            "runs": runs,
            "seed": None,
            "stream_rate_hz": None,
            "cpu_mask": cpu_mask,
        },
        "warnings": warnings,
        "files": entries,
    }


def _jobs(files: Sequence[str | Path], counts: list[int], lengths: list[int | None]) -> list[_Job]:
    subjects = [samples.look(path) for path in files]
    default = samples.default_length(subjects, lengths)
    jobs = []
    for subject in subjects:
        inputs = (*subject.inputs, *(state.input for state in subject.interface.states))
        for steps in samples.lengths_of(subject, lengths, default):
            jobs += [_Job(subject.path, inputs, count, steps) for count in counts]
    return jobs


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


def _arguments(job: _Job, path: str) -> list[str]:
    """Of the tool: the file, threads, and what it must know of inputs of free shape or of tokens."""
    arguments = [f"--graph={path}", f"--num_threads={job.threads}"]
    tokens = [n for n, info in enumerate(job.inputs) if not info.is_real and info.dtype.kind in "iu"]
    if not tokens and not any(-1 in info.shape for info in job.inputs):
        return arguments
    # It splits names at commas and colons; another name than the file's is fine with it.
    names = [
        info.name if re.fullmatch(r"[\w./-]+", info.name) else f"input_{n}"
        for n, info in enumerate(job.inputs)
    ]
    shapes = [",".join(map(str, _shape(info, job.length))) for info in job.inputs]
    arguments += [f"--input_layer={','.join(names)}", f"--input_layer_shape={':'.join(shapes)}"]
    if tokens:  # any vocabulary has two words, and it would draw from a hundred
        arguments.append(f"--input_layer_value_range={':'.join(f'{names[n]},0,1' for n in tokens)}")
    return arguments


def _shape(info: TensorInfo, length: int | None) -> list[int]:
    return [size if size >= 0 else (1 if axis == 0 else length or 1) for axis, size in enumerate(info.shape)]


def _figures(device: Device, command: list[str], job: _Job, limit: float) -> dict[str, Any]:
    name = Path(job.path).name
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


def _entry(job: _Job, found: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    batch = max((shape[0] for info in job.inputs if (shape := _shape(info, job.length))), default=1)
    median = found["inference_ms"]["median"]
    return {
        "path": job.path,
        "name": Path(job.path).name,
        "group": None,
        "size_bytes": Path(job.path).stat().st_size,
        "runtime": {"name": "benchmark_model", "version": None},
        "threads": job.threads,
        "length": job.length,
        "batch": batch,
        "load_ms": None,
        "init_ms": found["init_ms"],
        "first_ms": found["first_ms"],
        "warm_up_ms": found["warm_up_ms"],
        "inference_ms": found["inference_ms"],
        "per_step_us": job.length and median / job.length / batch * 1e3,
        "peak_memory_mb": more["peak_memory_mb"],
        "added_memory_mb": found["added_memory_mb"],
        "arena_bytes": None,
        "error": None,
        "accuracy": None,
        "stream": None,
        "operators": more["operators"],
    }


def _checked_mask(mask: str | None) -> str | None:
    if mask in (None, "all"):
        return mask
    if not re.fullmatch(r"(0x)?[0-9a-fA-F]+", mask) or not int(mask, 16):
        raise ValueError(f'cpu_mask is hexadecimal, as "f0", or "all", received {mask!r}.')
    return mask.lower().removeprefix("0x")


def _several(name: str, value: Any) -> list[Any]:
    """One or several positive integers as a list without doubles; None for a length that is left open."""
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    for each in values or [value]:
        whole = isinstance(each, int) and not isinstance(each, bool) and each > 0
        if not whole and not (each is None and name == "length"):
            raise ValueError(f"{name} must be a positive integer, received {each!r}.")
    return list(dict.fromkeys(values))
