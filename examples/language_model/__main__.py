"""`python -m examples.language_model`: a text, two networks, their files, and what they guess."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from examples.common.command import DataDir, Out, Quick, Seed, begin, waking, without_data

OUT = Path("results/language_model")
QUICK_WORDS = 40_000  # of the corpus, in a quick run
DEVICE_WORDS, QUICK_DEVICE_WORDS = 20_000, 1_000  # of the test part, asked of every file
SENTENCE = "The buses, which went to Paris, were full."

app = typer.Typer(add_completion=False, help="Build your own predictive language model.")


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    quick: Quick = False,
    text: Annotated[
        Path | None, typer.Option(help="Learn from this text file (UTF-8), not from the Brown corpus.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Of the two networks only this one: cifg, standard.")
    ] = None,
    words_alone: Annotated[bool, typer.Option("--words-alone", help="No lessons on verbs.")] = False,
    sentence: Annotated[str, typer.Option(help="What the picture of the keyboard types.")] = SENTENCE,
    out: Out = OUT,
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """Learn to predict the next word, from the Brown corpus or from a text of yours, in files for a phone.

    A CIFG network with projection and a standard one. A network that is trained already in just this way is
    not trained again."""
    if context.invoked_subcommand is not None:
        return
    if only not in (None, "cifg", "standard"):
        raise SystemExit(f"--only takes cifg or standard, received {only!r}.")
    started = time.perf_counter()
    console = begin(out)
    with waking(console):
        from examples.common.files import write_json
        from examples.language_model import experiment, pictures, report
        from examples.language_model.corpus import own_text
        from examples.language_model.data import brown
        from examples.language_model.device import Keyboard
        from examples.language_model.train import FULL, QUICK
        from examples.language_model.verbs import judging
        from examples.language_model.verbs.picture import verbs
        from examples.language_model.verbs.school import sources
    (out / "files").mkdir(exist_ok=True)
    try:
        limit = QUICK_WORDS if quick else None
        learned = own_text(text, limit) if text else brown(data_dir, limit)
        # A text of one's own has no tags: what is taught of verbs there, README.md shows.
        told = not (text or words_alone)
        school = sources(learned, quick, out / "files", data_dir, seed, console) if told else None
    except FileNotFoundError as error:
        without_data(error, quick)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    console.print(
        f"{learned.name}: {len(learned.train):,} words to learn from, {len(learned.validation):,} for "
        f"validation, {len(learned.test):,} for the test; {len(learned.vocabulary):,} in the vocabulary"
    )
    words = QUICK_DEVICE_WORDS if quick else DEVICE_WORDS
    recipes = QUICK if quick else FULL
    chosen = {kind: recipe for kind, recipe in recipes.items() if only in (None, kind)}
    outcome = experiment.run(learned, chosen, words, seed, out / "files", console, school)
    # A quick run, or another text, has other words to choose from: the figures could not be compared.
    published = () if quick or text else report.PUBLISHED
    console.print()
    for table in report.tables(outcome, published):
        console.print(table)
    judged = None
    if school is not None:
        judged = judging.judge_verbs(out / "files", outcome, learned, school, quick, data_dir, console)
        console.print(judging.verb_table(judged))
        verbs(judged, out / "verbs.png")
        if "cifg" in outcome.networks:
            made = {"recipe": recipes["cifg"]._asdict(), "text": learned.name, "seed": seed, "quick": quick}
            judging.hand_on(out / "files", learned, judged, outcome, made)
    typed = pictures.keyboard(
        Keyboard(next(iter(outcome.networks.values())).paths["int8"]), sentence, out / "keyboard.png"
    )
    pictures.perplexity(report.bars(outcome, published), out / "perplexity.png")
    pictures.files(outcome, out / "files.png")
    seconds = time.perf_counter() - started
    settings = {"quick": quick, "seed": seed, "seconds": seconds}
    found = report.as_json(learned, outcome, typed, settings)
    if judged is not None:
        found["verbs"] = {
            "grades": {name: judging.as_json(grades) for name, grades in judged.grades.items()},
            "decided as Keras does": judged.alike,
        }
    write_json(out / "results.json", found)
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


@app.command()
def predict(
    text: Annotated[str | None, typer.Argument(help="What was typed; none: type it here.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="A file of a run; else the one that comes with the example.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The --out of a run of yours, whose file is asked.")
    ] = None,
) -> None:
    """Guess the next word as a keyboard does: word by word for a text, or live, letter by letter."""
    from examples.language_model.keyboard import predict as ask

    try:
        ask(out, file, text, Console())
    except (ValueError, FileNotFoundError) as error:
        raise SystemExit(str(error)) from error


@app.command()
def characters(
    quick: Quick = False,
    out: Out = Path("results/language_model_characters"),
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """The same network letter by letter, on tiny_shakespeare: nats a character, and text of its own."""
    started = time.perf_counter()
    console = begin(out)
    with waking(console):
        from examples.language_model import letters
    try:
        letters.run(quick, out, seed, data_dir, console)
    except FileNotFoundError as error:
        without_data(error, quick)
    console.print(f"{time.perf_counter() - started:.0f} s. Files and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    app()
