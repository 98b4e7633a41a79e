"""`python -m edge`: from a Keras model to a measured file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.cli.benchmark import benchmark
from edge.cli.convert import TargetName, convert, verify
from edge.cli.report import report
from edge.cli.serve import serve
from edge.cli.tools import EXIT_CODES, Shown, as_json, one_sentence
from edge.targets import TARGETS

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command(epilog=EXIT_CODES)(convert)
app.command(epilog=f"{EXIT_CODES[:-1]}; 3 the file runs, but its error exceeds the tolerance.")(verify)
app.command(epilog=EXIT_CODES)(benchmark)
app.command(epilog=EXIT_CODES)(report)
app.command(epilog=EXIT_CODES)(serve)


@app.callback(epilog=f"{EXIT_CODES[:-1]}; 3 (verify) the file runs, but its error exceeds the tolerance.")
def main() -> None:
    """Convert Keras models with an LSTM, check them, and look into and measure TensorFlow Lite files."""


@app.command(epilog=EXIT_CODES)
def inspect(
    file: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="A model file.")],
    target: TargetName = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
) -> None:
    """Show operators, inputs and outputs, state and size of a file, and why it may be slow or refused."""
    with one_sentence():
        from edge.inspection.overview import inspect as look

        result = look(file, target)
        if is_json:
            typer.echo(as_json(result))
            return
        from edge.report.inspection import inspect_report

        Shown().print(inspect_report(result))


@app.command(epilog=EXIT_CODES)
def targets(
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")] = False,
    is_markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
) -> None:
    """Show where converted files run, and what each place accepts."""
    with one_sentence():
        from edge.report.targets import targets_markdown, targets_report

        if is_json:
            typer.echo(as_json({name: row.to_dict() for name, row in TARGETS.items()}))
        elif is_markdown:
            typer.echo(targets_markdown())
        else:
            Shown().print(targets_report())
