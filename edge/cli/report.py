"""`python -m edge report`: results of benchmarks as tables, pictures and one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.cli.tools import one_sentence


def report(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULT.json...", help="What benchmark --json has written, of any platform."),
    ],
    folder: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where to write; made if need be.")
    ] = Path("report"),
) -> None:
    """Draw results of benchmarks, of any platform: Markdown, PNG and one HTML page that stands alone."""
    with one_sentence():
        from edge.report.pages import write_report

        for path in write_report(results, folder):
            typer.echo(str(path))
