"""`python -m edge benchmark`: measure files, print tables, write JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from edge.cli.tools import Shown, as_json, json_target, one_sentence, progress, write

Files = Annotated[list[Path], typer.Argument(metavar="MODEL.tflite...", help="Model files, side by side.")]
Runtime = Annotated[
    str | None, typer.Option(help="ai-edge-litert or tflite-runtime; else the best installed.")
]


class Place(NamedTuple):
    """Where files can be measured.

    Attributes:
        option: that chooses it.
        function: of `edge.benchmark`, imported when it is chosen.
        files: its argument for them.
        takes: beside what all take, its argument for each option.
        refuses: options that mean nothing there.
    """

    option: str
    function: str
    files: str
    takes: dict[str, str]
    refuses: tuple[str, ...]


OF_A_PHONE = {"--benchmark-model": "benchmark_model", "--serial": "serial"}
PHONE = {**OF_A_PHONE, "--threads": "threads"}
OF_LINUX = {
    "--threads": "threads",
    "--runtime": "runtime",
    "--stream": "stream_rate_hz",
    "--accelerate": "accelerate",
}
THERE = {**OF_LINUX, "--ssh": "destination", "--ssh-python": "python"}
# The one whose option is given; the first without one.
PLACES = (
    Place("", "benchmark", "paths", OF_LINUX, (*OF_A_PHONE,)),
    Place("--ssh", "benchmark_over_ssh", "files", THERE, (*OF_A_PHONE,)),
    Place("--adb", "benchmark_on_android", "files", PHONE, ("--runtime", "--stream", "--accelerate")),
    Place(
        "--tflm",
        "benchmark_on_micro",
        "files",
        {},
        (*OF_A_PHONE, "--runtime", "--stream", "--threads", "--accelerate"),
    ),
)


def place_for(options: dict[str, Any]) -> Place:
    """Where to measure.

    Args:
        options: all that concern the place, by name; None for what is not given.

    Raises:
        ValueError: several places at once, or an option that the place refuses.
    """
    chosen = [place for place in PLACES[1:] if options[place.option]]
    if len(chosen) > 1:
        names = " and ".join(place.option for place in chosen)
        raise ValueError(f"{names} are two places: one at a time, and `report` joins the results.")
    place = chosen[0] if chosen else PLACES[0]
    for name in place.refuses:
        if options[name] is not None and (name, options[name]) != ("--threads", [1]):
            raise ValueError(
                f"{name} {'belongs to --adb' if name in OF_A_PHONE else f'is not for {place.option}'}."
            )
    return place


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
    accelerate: Annotated[
        bool | None,
        typer.Option(
            "--accelerate/--no-accelerate",
            help="Without the native engine and with it, side by side; or without. Else with it where it is.",
        ),
    ] = None,
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
        options = {
            "--ssh": ssh,
            "--adb": adb,
            "--tflm": tflm,
            "--benchmark-model": benchmark_model,
            "--serial": serial,
            "--runtime": runtime,
            "--stream": stream,
            "--threads": _numbers(threads),
            "--ssh-python": ssh_python,
            "--accelerate": accelerate,
        }
        place = place_for(options)
        if accelerate is None:
            options["--accelerate"] = "auto"
        target = json_target(json_path)
        from edge import benchmark as measures

        with progress() as bar:
            result = getattr(measures, place.function)(
                **{place.files: files},
                **{argument: options[name] for name, argument in place.takes.items()},
                length=_numbers(length) if length else None,
                runs=runs,
                progress=bar,
                limit=limit,
            )
        if json_path == "-":
            typer.echo(as_json(result))
            return
        from edge.report.benchmark import benchmark_report
        from edge.results.benchmark import BenchmarkResult

        Shown().print(benchmark_report(BenchmarkResult.of(result)))
        if target is not None:
            write(target, as_json(result) + "\n")


def _numbers(listed: str) -> list[int]:
    return [int(part) for part in listed.split(",")]
