"""`python -m edge`: benchmark and inspect model files. typer and rich: here and in `report` only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

app = typer.Typer(
    help="Look into and measure TensorFlow Lite model files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Files = Annotated[list[Path], typer.Argument(metavar="MODEL.tflite...", help="Model files, side by side.")]
Runtime = Annotated[
    str | None, typer.Option(help="ai-edge-litert or tflite-runtime; else the best installed.")
]


@app.callback()
def main() -> None:
    """Look into and measure TensorFlow Lite model files."""


@app.command()
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
    with _one_sentence():
        from edge.benchmark import benchmark as measure

        target = Path(json_path) if json_path and json_path != "-" else None
        if target is not None and (target.is_dir() or not target.parent.is_dir()):
            raise OSError(f"{target} cannot be written: it is a folder, or its folder does not exist.")
        with _progress() as progress:
            result = measure(files, threads, length, runs, runtime, progress=progress)
        if json_path == "-":
            typer.echo(_as_json(result))
            return
        from edge.report import benchmark_report

        Console().print(benchmark_report(result))
        if target is not None:
            _write(target, _as_json(result) + "\n")


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="A model file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
) -> None:
    """Show operators, inputs and outputs, state and size of a file, and why it may be slow or refused."""
    with _one_sentence():
        from edge.inspection import inspect as look

        result = look(file)
        if as_json:
            typer.echo(_as_json(result))
            return
        from edge.report import inspect_report

        Console().print(inspect_report(result))


@contextmanager
def _one_sentence() -> Iterator[None]:
    """What goes wrong ends the command with exit code 1 and one sentence on stderr."""
    try:
        yield
    except (ValueError, TypeError, ImportError, OSError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar on stderr while somebody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, text: bar.update(
            task, completed=done, total=total or None, description=text
        )


def _as_json(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=2, allow_nan=False)


def _write(path: Path, text: str) -> None:
    """All of the text or nothing, whatever interrupts."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
