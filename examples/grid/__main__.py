"""`python -m examples.grid`: grids and stacks learn to add, from top to bottom."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from edge.quiet import quiet
from examples.common.command import Out, Quick, Seed, begin, waking


def main(
    quick: Quick = False,
    seeds: Annotated[int, typer.Option(min=1, help="How many networks of each kind.")] = 10,
    out: Out = Path("results/grid"),
    seed: Seed = 0,
) -> None:
    """Which adds sooner, a grid of LSTMs or a stack of as many weights (Kalchbrenner et al. 2015)? Each
    network is kept in OUT/runs: a run that was cut off goes on where it was."""
    started = time.perf_counter()
    console = begin(out)
    with waking(console):
        from examples.common.files import costs, timed, write_json
        from examples.grid import pictures, report
        from examples.grid.experiment import QUICK, RATES, lesson, run_all
        from examples.grid.files import write_and_judge
        from examples.grid.network import KINDS

    what = lesson(quick, seed)
    count, rates = (1, RATES[-1:]) if quick else (seeds, RATES)
    folder = out / ("quick" if quick else "runs")
    runs = run_all(what, range(seed, seed + count), rates, folder, console, QUICK if quick else tuple(KINDS))
    console.print()
    console.print(report.learning_table(runs, what))
    pictures.adding(runs, what, out / "adding.png")

    with console.status("Writing the files, and asking each"), quiet(BaseException):
        rows = write_and_judge(runs, what, folder, out / "files")
    timing = timed([row.path for row in rows if row.path is not None], console)
    console.print(report.file_table(rows, costs(timing)))
    for row in rows:
        if row.refused:
            console.print(f"{row.name}, {row.numbers}: {row.refused}", soft_wrap=True)
    seconds = time.perf_counter() - started
    settings = {"seed": seed, "quick": quick, "seconds": seconds}
    write_json(out / "results.json", report.as_json(runs, rows, timing, settings))
    console.print(f"{seconds:.0f} s. Files, picture and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
