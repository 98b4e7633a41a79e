"""`python -m edge`: from a Keras model to a measured file. typer and rich: in `cli*` and `report*` only."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.cli_convert import TargetName, convert, verify
from edge.cli_tools import EXIT_CODES, as_json, json_target, one_sentence, progress, write
from edge.targets import TARGETS

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command(epilog=EXIT_CODES)(convert)
app.command(epilog=f"{EXIT_CODES[:-1]}; 3 the file runs, but its error exceeds the tolerance.")(verify)

Files = Annotated[list[Path], typer.Argument(metavar="MODEL.tflite...", help="Model files, side by side.")]
Runtime = Annotated[
    str | None, typer.Option(help="ai-edge-litert or tflite-runtime; else the best installed.")
]


@app.callback(epilog=f"{EXIT_CODES[:-1]}; 3 (verify) the file runs, but its error exceeds the tolerance.")
def main() -> None:
    """Convert Keras models with an LSTM, check them, and look into and measure TensorFlow Lite files."""


@app.command(epilog=EXIT_CODES)
def benchmark(
    files: Files,
    threads: Annotated[int, typer.Option(min=1, help="Threads that the kernels may use.")] = 1,
    length: Annotated[
        int | None, typer.Option(min=1, help="Time steps in a sequence, where the file leaves it open.")
    ] = None,
    runs: Annotated[
        int | None, typer.Option(min=1, help="Inferences for each file; else two seconds' worth.")
    ] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", metavar="PATH", help="Write all figures there; - is stdout.")
    ] = None,
    runtime: Runtime = None,
) -> None:
    """Measure size, start, speed, memory and error of files, side by side on random input."""
    with one_sentence():
        from edge.benchmark import benchmark as measure

        target = json_target(json_path)
        with progress() as bar:
            result = measure(files, threads, length, runs, runtime, progress=bar)
        if json_path == "-":
            typer.echo(as_json(result))
            return
        from edge.report import benchmark_report

        Console().print(benchmark_report(result))
        if target is not None:
            write(target, as_json(result) + "\n")


@app.command(epilog=EXIT_CODES)
def inspect(
    file: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="A model file.")],
    target: TargetName = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
) -> None:
    """Show operators, inputs and outputs, state and size of a file, and why it may be slow or refused."""
    with one_sentence():
        from edge.inspection import inspect as look

        result = look(file, target)
        if is_json:
            typer.echo(as_json(result))
            return
        from edge.report import inspect_report

        Console().print(inspect_report(result))


@app.command(epilog=EXIT_CODES)
def targets(
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
    is_markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
) -> None:
    """Show where converted files run, and what each place accepts."""
    if is_json:
        typer.echo(as_json({name: asdict(row) for name, row in TARGETS.items()}))
        return
    from edge.report_targets import targets_markdown, targets_report

    if is_markdown:
        typer.echo(targets_markdown())
    else:
        Console().print(targets_report())
