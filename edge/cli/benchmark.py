"""`python -m edge benchmark`: measure files, print tables, write JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from edge.cli.tools import as_json, json_target, one_sentence, progress, write

Files = Annotated[list[Path], typer.Argument(metavar="MODEL.tflite...", help="Model files, side by side.")]
Runtime = Annotated[
    str | None, typer.Option(help="ai-edge-litert or tflite-runtime; else the best installed.")
]


def whole_numbers(value: str | None) -> str | None:
    """Checks that an option is one or several positive integers, `1,2,4`; else exit code 2."""
    if value is not None and not all(part.strip().isdecimal() and int(part) for part in value.split(",")):
        raise typer.BadParameter(f"{value!r}: one or several positive integers are needed, as 1,2,4.")
    return value


def benchmark(
    files: Files,
    threads: Annotated[
        str,
        typer.Option(
            callback=whole_numbers,
            metavar="N[,N...]",
            help="Threads that the kernels may use; several: each file with each.",
        ),
    ] = "1",
    length: Annotated[
        str | None,
        typer.Option(
            callback=whole_numbers,
            metavar="N[,N...]",
            help="Time steps in a sequence, where the file leaves it open; several: each.",
        ),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(min=1, help="Inferences for each file; else two seconds' worth.")
    ] = None,
    stream: Annotated[
        float | None,
        typer.Option(min=1, metavar="RATE_HZ", help="Measure streams, too: so many samples a second."),
    ] = None,
    limit: Annotated[
        float, typer.Option(min=0.001, help="Seconds after which a file that does not end is stopped.")
    ] = 60.0,
    json_path: Annotated[
        str | None, typer.Option("--json", metavar="PATH", help="Write all figures there; - is stdout.")
    ] = None,
    runtime: Runtime = None,
    ssh: Annotated[
        str | None,
        typer.Option(metavar="USER@HOST", help="Measure there: a Raspberry Pi, or any Linux with Python."),
    ] = None,
    ssh_python: Annotated[
        str, typer.Option(metavar="PATH", help="With --ssh: a Python there that has NumPy and a runtime.")
    ] = "python3",
    adb: Annotated[bool, typer.Option("--adb", help="Measure on an Android phone that adb reaches.")] = False,
    benchmark_model: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="With --adb: the Interpreter's tool, android_aarch64_benchmark_model."
        ),
    ] = None,
    serial: Annotated[
        str | None, typer.Option(help="With --adb: which phone, as `adb devices` lists them.")
    ] = None,
    tflm: Annotated[
        bool,
        typer.Option("--tflm", help="Run on TensorFlow Lite Micro, here: the arena, and what it refuses."),
    ] = False,
) -> None:
    """Measure size, start, speed, memory and error of files, side by side on random input."""
    with one_sentence():
        _check_places({"--ssh": ssh, "--adb": adb, "--tflm": tflm})
        if not adb:
            _refuse({"--benchmark-model": benchmark_model, "--serial": serial}, "belongs to --adb")
        measure: Callable[..., dict[str, Any]]
        settings: dict[str, Any] = {"threads": [int(part) for part in threads.split(",")]}
        if adb:
            from edge.benchmark.android import benchmark_on_android

            _refuse({"--runtime": runtime, "--stream": stream}, "is not for --adb")
            measure = partial(benchmark_on_android, benchmark_model=benchmark_model, serial=serial)
        elif tflm:
            from edge.benchmark.micro import benchmark_on_micro as measure

            several = threads if settings.pop("threads") != [1] else None
            _refuse({"--runtime": runtime, "--stream": stream, "--threads": several}, "is not for --tflm")
        elif ssh:
            from edge.benchmark.ssh import benchmark_over_ssh

            measure = partial(benchmark_over_ssh, ssh, python=ssh_python)
        else:
            from edge.benchmark.host import benchmark as measure
        if not adb and not tflm:
            settings |= {"runtime": runtime, "stream_rate_hz": stream}

        target = json_target(json_path)
        with progress() as bar:
            result = measure(
                files,
                length=[int(part) for part in length.split(",")] if length else None,
                runs=runs,
                progress=bar,
                limit=limit,
                **settings,
            )
        if json_path == "-":
            typer.echo(as_json(result))
            return
        from edge.report.benchmark import benchmark_report

        Console().print(benchmark_report(result))
        if target is not None:
            write(target, as_json(result) + "\n")


def _check_places(given: dict[str, Any]) -> None:
    """ValueError if a file is to be measured in several places at once."""
    chosen = [name for name, value in given.items() if value]
    if len(chosen) > 1:
        raise ValueError(
            f"{' and '.join(chosen)} are two places: one at a time, and `report` joins the results."
        )


def _refuse(options: dict[str, Any], why: str) -> None:
    """ValueError for the first of the options that is given."""
    for name, value in options.items():
        if value is not None:
            raise ValueError(f"{name} {why}.")
