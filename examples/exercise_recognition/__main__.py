"""`python -m examples.exercise_recognition`: recordings, training, files, verdict, from top to bottom."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from examples.common.command import DataDir, Out, Quick, Seed, begin, waking

EPOCHS = 24
QUICK_EPOCHS = 4


def main(
    quick: Quick = False,
    full: Annotated[
        bool, typer.Option("--full", help="Hold out each of five pairs of people in turn.")
    ] = False,
    out: Out = Path("results/exercise_recognition"),
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """Train a network to recognise seven shoulder exercises from a smartwatch, write it as float, dynamic and
    int8 files, and judge and time every file on people it has never seen."""
    started = time.perf_counter()
    console = begin(out, needed=["seglearn"])
    with waking(console):
        from examples.common.files import costs, timed, write_json
        from examples.exercise_recognition import pictures, report
        from examples.exercise_recognition.data import FOLDS
        from examples.exercise_recognition.experiment import WINDOW, run

    outcomes = []
    for unseen in FOLDS if full else FOLDS[-1:]:
        folder = out / ("files_unseen_" + "_".join(map(str, unseen)))
        variants = ("standard",) if quick else ("standard", "peephole")
        outcomes.append(
            run(unseen, variants, QUICK_EPOCHS if quick else EPOCHS, seed, folder, data_dir, console)
        )
    rows, histories = outcomes[-1]

    timing = timed([row.path for row in rows if row.path is not None], console, length=WINDOW)
    price = costs(timing)
    console.print()
    console.print(report.final_table(rows, price))
    everything = [row for outcome in outcomes for row in outcome.rows]
    if full:
        console.print(report.fold_table(everything))

    pictures.training_curve(histories, out / "training_curve.png")
    pictures.confusion(rows, out / "confusion_int8.png")
    pictures.latency_and_size(rows, price, out / "latency_size.png")
    seconds = time.perf_counter() - started
    found = report.as_json(
        everything, histories, timing, {"seed": seed, "window": WINDOW, "seconds": seconds}
    )
    write_json(out / "results.json", found)
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
