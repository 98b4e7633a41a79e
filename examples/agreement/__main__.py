"""`python -m examples.agreement`: sentences, training, judgement, a look inside, files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from examples.common.command import DataDir, Out, Quick, Seed, begin, waking


def main(
    quick: Quick = False,
    out: Out = Path("results/agreement"),
    seed: Seed = 0,
    data_dir: DataDir = None,
    language_model: Annotated[
        Path | None, typer.Option(help="The --out of python -m examples.language_model, which reads Brown.")
    ] = None,
) -> None:
    """Train a plain RNN, a GRU and LSTMs of equal size on sentences in which a verb agrees with a subject far
    back, judge them by gap and distracting nouns, find the units that remember, read the Brown corpus."""
    started = time.perf_counter()
    console = begin(out)
    with waking(console):
        from examples.agreement import pages, pictures, reading, report
        from examples.agreement.experiment import FULL, QUICK, run
        from examples.agreement.files import write_and_judge
        from examples.agreement.inside import STORIES, look, watch
        from examples.agreement.judge import exam
        from examples.common.files import costs, timed, write_json

    size = QUICK if quick else FULL
    asked = exam(size.each)
    trials = run(size, seed, asked, out / "files", console)
    console.print()
    for diet in size.diets:
        console.print(report.accuracy_table(trials, diet))
    console.print(
        "Guessing gives 50%. Linzen et al.: English of Wikipedia; errors grow with attractors.",
        soft_wrap=True,
    )
    pictures.agreement(trials, out / "agreement.png")

    looked_at = [trial for trial in trials if trial.diet == "all" and trial.network in size.looked_at]
    with console.status("silencing units"):
        insights = {(trial.network, trial.seed): look(trial.model, size.silenced) for trial in looked_at}
    console.print(report.unit_table(insights))
    console.print(report.forget_table(insights))
    # Shown is the one in which a single unit carries most.
    shown = min(looked_at, key=lambda trial: insights[trial.network, trial.seed].left_without_one)
    seen = {name: watch(shown.model, sentence) for name, sentence in STORIES.items()}
    first = insights[shown.network, shown.seed]
    pictures.units(seen, first, out / "units.png")
    pictures.gates(seen, first, out)
    pages.write_pages(seen, first, pages.plain_of(trials), out)

    with console.status("writing the files, and asking each"):
        rows = write_and_judge(shown, asked, out / "files", quick)
    timing = timed([row.path for row in rows if row.path is not None], console)
    console.print(report.file_table(rows, costs(timing)))

    readings: list[reading.Reading] = []
    try:
        if quick and language_model is None:
            raise FileNotFoundError("--quick does so unless --language-model names a folder.")
        with console.status("reading the Brown corpus"):
            found, readings = reading.read(language_model or out.parent / "language_model", data_dir)
        console.print(report.reading_table(readings))
        console.print(reading.remark(found), soft_wrap=True)
        pictures.reading(readings, out / "brown.png")
    except FileNotFoundError as missing:
        console.print(f"Agreement in the Brown corpus is left out: {missing}", soft_wrap=True)
    seconds = time.perf_counter() - started
    settings = {"seed": seed, "quick": quick, "seconds": seconds}
    write_json(out / "results.json", report.as_json(trials, insights, rows, readings, timing, settings))
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
