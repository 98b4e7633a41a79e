"""`python -m examples.search_space`: sets, trainings, test, box plot, one file, from top to bottom."""

from __future__ import annotations

import time
from pathlib import Path

import typer

from examples.common.command import DataDir, Out, Quick, Seed, begin, waking, without_data

RATES = (3e-3, 1e-2)
SEEDS = 7
EPOCHS = 12


def main(
    quick: Quick = False, out: Out = Path("results/search_space"), seed: Seed = 0, data_dir: DataDir = None
) -> None:
    """Train the LSTM with peepholes and Greff's eight changes of it on exercises seen by a watch and on
    spoken digits, several seeds each, and say which changes matter. An interrupted run goes on where it
    stopped."""
    started = time.perf_counter()
    console = begin(out, needed=["seglearn"])
    with waking(console):
        from examples.search_space import pictures, report
        from examples.search_space.data import SETS, shares
        from examples.search_space.experiment import VARIANTS, Plan, Store, search
        from examples.search_space.files import FILED, write_and_judge
        from examples.search_space.network import UNITS
        from examples.search_space.train import BATCH

    if quick:
        # The watch alone: its recordings come in a package, those of the digits may have to be downloaded.
        names, plan = (
            ["exercises"],
            Plan(("V", "NFG", "CIFG"), (5e-3, 1e-2), (seed,), (seed + 1, seed + 2), 3),
        )
    else:
        choosing, judging = (seed, seed + 1), tuple(range(seed + 2, seed + 2 + SEEDS))
        names, plan = list(SETS), Plan(tuple(VARIANTS), RATES, choosing, judging, EPOCHS)
    try:
        with console.status("preparing the sets"):
            tasks = [SETS[name](data_dir) for name in names]
    except FileNotFoundError as error:
        without_data(error, quick)
    console.print(shares(tasks), soft_wrap=True)
    store = Store(out / "results.json", {"sets": names, **plan._asdict(), "units": UNITS, "batch": BATCH})
    if store.note:
        console.print(store.note, soft_wrap=True)
    search(tasks, plan, store, console)

    found = report.findings(store.done)
    with console.status(f"{FILED} as files"):
        errors, paths = write_and_judge(tasks[0], plan, found, out / "files")
    console.print()
    for these in report.by_task(found).values():
        console.print(report.final_table(these))
    console.print(report.file_table(f"{FILED} as files: {tasks[0].name}", errors, paths))
    console.print(report.conclusion(found), soft_wrap=True)
    pictures.boxes(found, out / "variants.png")
    seconds = time.perf_counter() - started
    store.write(report.as_json(found, errors, seconds))
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
