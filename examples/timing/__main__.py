"""`python -m examples.timing`: every task, with and without peepholes, from top to bottom."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.quiet import quiet
from examples.common.command import Out, Quick, Seed, begin, waking


class Part(str, Enum):
    """Which tasks: those of Gers et al. 2002, those of Hochreiter & Schmidhuber 1997, or all."""

    all = "all"
    gers = "2002"
    classics = "1997"


def main(
    quick: Quick = False,
    part: Annotated[Part, typer.Option(help="The tasks of which paper.")] = Part.all,
    out: Out = Path("results/timing"),
    seed: Seed = 0,
) -> None:
    """What peepholes are for: measure and make exact intervals with and without them (Gers et al. 2002), and
    the tasks of 1997. Ten seeds of each are trained side by side, until they have solved the task."""
    started = time.perf_counter()
    console = begin(out)
    with waking(console):
        from examples.common.files import write_json
        from examples.timing import pictures, report
        from examples.timing.experiment import Kept, Row, all_experiments, run
        from examples.timing.files import files_table, write_all_files

    rows: list[Row] = []
    kept = Kept()
    files: list[dict[str, Any]] = []

    def save() -> None:
        settings = {"seed": seed, "quick": quick, "seconds": time.perf_counter() - started}
        write_json(out / "results.json", report.as_json(rows, files, settings))

    for group in all_experiments(quick, part.value):
        rows += [run(experiment, seed, kept, console) for experiment in group]
        save()  # an interrupted run is not lost

    with console.status("Writing the files, and asking each"), quiet(BaseException):
        files = write_all_files(kept, out / "files", seed)
    console.print()
    if part != Part.classics:
        console.print(report.gers_table(rows))
    if part != Part.gers:
        console.print(report.classics_table(rows))
    console.print(files_table(files))
    pictures.draw(rows, kept, out)
    save()
    seconds = time.perf_counter() - started
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
