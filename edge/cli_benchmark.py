"""`python -m edge benchmark`: measure files, print tables, write JSON."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.cli_tools import as_json, json_target, one_sentence, progress, write

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
) -> None:
    """Measure size, start, speed, memory and error of files, side by side on random input."""
    with one_sentence():
        if ssh is None:
            from edge.benchmark import benchmark as measure
        else:
            from edge.ssh import benchmark_over_ssh

            measure = partial(benchmark_over_ssh, ssh, python=ssh_python)

        target = json_target(json_path)
        with progress() as bar:
            result = measure(
                files,
                threads=[int(part) for part in threads.split(",")],
                length=[int(part) for part in length.split(",")] if length else None,
                runs=runs,
                runtime=runtime,
                progress=bar,
                stream_rate_hz=stream,
                limit=limit,
            )
        if json_path == "-":
            typer.echo(as_json(result))
            return
        from edge.report_benchmark import benchmark_report

        Console().print(benchmark_report(result))
        if target is not None:
            write(target, as_json(result) + "\n")
