"""`python -m examples.grid`: grids and stacks learn to add, from top to bottom."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

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
        from examples.grid.experiment import RATES, lesson, run_all

    what = lesson(quick, seed)
    count, rates = (1, RATES[-1:]) if quick else (seeds, RATES)
    runs = run_all(what, range(seed, seed + count), rates, out / "runs", console)
    console.print(len(runs), time.perf_counter() - started)


if __name__ == "__main__":
    typer.run(main)
