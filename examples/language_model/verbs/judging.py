"""The networks of a run and their files, asked about verbs; and the file that is handed on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
from rich.console import Console
from rich.table import Table

import edge
from edge.aliases import Array
from edge.convert import convert
from examples.common.files import write_json
from examples.common.minimal_pairs import MinimalPair
from examples.common.tables import table
from examples.language_model.corpus import Corpus
from examples.language_model.data import load_sentences
from examples.language_model.experiment import Outcome
from examples.language_model.verbs.grades import (
    Grade,
    alike,
    ask,
    commoner,
    found_pairs,
    own_pairs,
    read_pairs,
)
from examples.language_model.verbs.lessons import found_in
from examples.language_model.verbs.school import Sources

NAME = "buses"  # of the file that is handed on
HELD_OUT = ("validation", "test")
QUICK_SENTENCES = 1_500


class Judged(NamedTuple):
    """What was found about verbs.

    Attributes:
        groups: what was asked, by name.
        grades: of each model and file, by name; the first is a guess that knows of no subject.
        alike: share of the questions that a file decides as its model does, by name of the file.
    """

    groups: dict[str, list[MinimalPair]]
    grades: dict[str, list[Grade]]
    alike: dict[str, float]


def judge_verbs(
    folder: Path,
    outcome: Outcome,
    corpus: Corpus,
    school: Sources,
    quick: bool,
    data_dir: Path | None,
    console: Console,
) -> Judged:
    """Ask every network of a run, and its files.

    Args:
        folder: of the files.
        outcome: of the run.
        corpus: that it learned.
        school: which knows the forms of verbs.
        quick: fewer sentences.
        data_dir: of TFDS.
        console: where the progress is shown.
    """
    words = corpus.vocabulary
    sentences = [sentence for part in HELD_OUT for sentence in load_sentences(part, data_dir)]
    found = found_in(sentences[: QUICK_SENTENCES if quick else None], school.forms())
    groups = {**found_pairs(found, words), **read_pairs(words), **own_pairs(words)}
    grades = {"commoner": commoner(groups, dict(zip(words, corpus.counts.tolist(), strict=True)))}
    same = {}
    for kind, network in outcome.networks.items():
        model = keras.models.load_model(folder / f"{kind}.keras")
        with console.status(f"{kind}: verbs"):
            grades[f"{kind} Keras"] = ask(_last(model), groups, words)
        for form, path in network.paths.items():
            if form != "float":
                with console.status(f"{kind}: verbs, {form} file"):
                    answers = ask(edge.load(path, num_threads=1).predict, groups, words)
                grades[f"{kind} {form}"] = answers
                same[f"{kind} {form}"] = alike(grades[f"{kind} Keras"], answers)
    return Judged(groups, grades, same)


def verb_table(judged: Judged) -> Table:
    """Share of right verbs, for the first network with the 95 % interval."""
    first = next(name for name in judged.grades if name != "commoner")
    rows = []
    for place, group in enumerate(judged.grades[first]):
        low, high = group.share.low, group.share.high
        shares = [f"{grades[place].share.share:.1%}" for grades in judged.grades.values()]
        rows.append([group.name, f"{group.share.pairs:,}", *shares, f"{low:.0%} - {high:.0%}"])
    columns = ["", "pairs", *(name.replace(" ", "\n") for name in judged.grades), f"interval\n{first}"]
    return table("Right verbs", columns, rows)


def hand_on(folder: Path, corpus: Corpus, judged: Judged, outcome: Outcome, made: dict[str, Any]) -> Path:
    """The 8-bit file with its state going in and out, and beside it what it scored and how it was made.

    Args:
        folder: of the files, and of the two written here.
        corpus: whose words are its labels.
        judged: its grades.
        outcome: of the run.
        made: how: recipe, seed, seconds.
    """
    path = folder / f"{NAME}.tflite"
    convert(
        keras.models.load_model(folder / "cifg.keras"),
        path,
        quantize="dynamic",
        state="explicit",
        labels=corpus.vocabulary,
    )
    answers = ask(edge.load(path, num_threads=1).predict, judged.groups, corpus.vocabulary)
    network = outcome.networks["cifg"]
    scores = {
        "perplexity": {"validation": network.validation.perplexity, "test": network.test.perplexity},
        "first guess right": network.test.first,
        "one of three right": network.test.three,
        "right verbs": as_json(answers),
        "decided as Keras does": alike(judged.grades["cifg Keras"], answers),
    }
    write_json(folder / f"{NAME}.json", {"file": path.name, "made": made, "scores": scores})
    return path


def as_json(grades: Sequence[Grade]) -> dict[str, dict[str, float]]:
    """By group: pairs, how many of them right, the share and its interval."""
    return {grade.name: {**grade.share._asdict(), "share": grade.share.share} for grade in grades}


def _last(model: keras.Model) -> Any:
    def predict(x: Array) -> Array:
        scores: Array = model(x, training=False).numpy()[:, -1]
        return scores

    return predict
