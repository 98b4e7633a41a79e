"""Trained networks on disk, so that a run that was cut off goes on, and other programs can use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from edge.files import write_whole
from examples.common.files import write_json
from examples.language_model.corpus import Corpus
from examples.language_model.train import Recipe, Trained, train
from examples.language_model.verbs.school import Sources

VOCABULARY = "vocabulary.json"


def train_or_load(
    kind: str,
    corpus: Corpus,
    recipe: Recipe,
    seed: int,
    folder: Path,
    console: Console,
    school: Sources | None = None,
) -> Trained:
    """The trained network: from the folder if it was trained there in just this way, else trained now.

    Args:
        kind: `"cifg"` or `"standard"`.
        folder: for `KIND.keras`, `KIND_training.json` and `vocabulary.json`.
        school: what lessons on verbs are drawn from, where the recipe has such.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / VOCABULARY, json.dumps(corpus.vocabulary, ensure_ascii=False).encode())
    recipe = recipe if school else recipe._replace(lessons=0)
    settings = _settings(corpus, recipe, seed, school if recipe.lessons else None)
    model_file, note = folder / f"{kind}.keras", folder / f"{kind}_training.json"
    if note.is_file() and model_file.is_file():
        found = json.loads(note.read_text(encoding="utf-8"))
        if found["settings"] == settings:
            console.print(
                f"{kind:9} trained before, in {found['seconds']:.0f} s: {model_file}", soft_wrap=True
            )
            return Trained(keras.models.load_model(model_file), found["history"], found["seconds"])
    lessons = None
    if school and recipe.lessons:
        with console.status("looking for subjects and their verbs"):
            lessons = school.lessons(corpus)
        found = ", ".join(f"{count:,} {kind}" for kind, count in lessons.counts.items())
        console.print(f"lessons on verbs, in both numbers: {found}; {len(lessons.clauses):,} clauses")
    trained = train(kind, corpus, recipe, seed, console, lessons)
    trained.model.save(model_file)
    write_json(note, {"settings": settings, "history": trained.history, "seconds": trained.seconds})
    return trained


def load_language_model(folder: str | Path, kind: str = "cifg") -> tuple[keras.Model, list[str]]:
    """A network that `python -m examples.language_model` trained, and its vocabulary.

    Args:
        folder: the `--out` of that run.
        kind: `"cifg"` or `"standard"`.

    Returns:
        The model, numbers of words `[batch, time]` int32 to scores `[batch, time, vocabulary]` (softmax makes
        probabilities of them), and the word of each number.

    Raises:
        FileNotFoundError: no such network has been trained there.
    """
    model_file, words = Path(folder) / "files" / f"{kind}.keras", Path(folder) / "files" / VOCABULARY
    if not model_file.is_file() or not words.is_file():
        raise FileNotFoundError(
            f"There is no trained {kind} language model in {folder}: "
            f"python -m examples.language_model --out {folder} trains one."
        )
    return keras.models.load_model(model_file), json.loads(words.read_text(encoding="utf-8"))


def _settings(corpus: Corpus, recipe: Recipe, seed: int, school: Sources | None) -> dict[str, Any]:
    """What a trained network depends on, as JSON gives it back."""
    text = {
        "name": corpus.name,
        "vocabulary": len(corpus.vocabulary),
        "words": [len(corpus.train), len(corpus.validation), len(corpus.test)],
        "sum": int(corpus.train.sum(dtype="int64")),
    }
    told = school and [len(school.sentences), len(school.addresses)]
    return json.loads(json.dumps({"text": text, "recipe": recipe._asdict(), "seed": seed, "school": told}))
