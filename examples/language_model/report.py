"""What a run found: tables for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.table import Table

from examples.common.tables import price, table
from examples.language_model.corpus import Corpus
from examples.language_model.experiment import Network, Outcome
from examples.language_model.scores import Score

NAMES = {"cifg": "CIFG", "standard": "standard"}


class Line(NamedTuple):
    """A model and its perplexity; None where it was not reported. `ours`: measured in this run."""

    name: str
    validation: float | None
    test: float
    ours: bool


# Bengio et al. 2003, table 1, with their division of the corpus into words. Of each kind the one that is best
# on the test part; "+ trigram": half of each probability is that of a trigram.
PUBLISHED = (
    Line("Kneser-Ney n-gram, 2003", 332, 321, False),
    Line("class-based n-gram, 2003", 326, 312, False),
    Line("neural network, 2003", 284, 268, False),
    Line("neural network + trigram, 2003", 265, 252, False),
)


def bars(outcome: Outcome, published: Sequence[Line] = ()) -> list[Line]:
    """All models that can be compared by perplexity: the published ones, and ours."""
    lines = [*published, Line("Kneser-Ney trigram", *outcome.trigram, True)]
    for kind in reversed(outcome.networks):
        found = outcome.networks[kind]
        lines.append(Line(f"{NAMES[kind]} LSTM", found.validation.perplexity, found.test.perplexity, True))
    lines += [
        Line(f"{NAMES[kind]} LSTM + trigram", *outcome.networks[kind].mixed, True)
        for kind in reversed(outcome.networks)
    ]
    return lines


def tables(outcome: Outcome, published: Sequence[Line] = ()) -> list[Table]:
    """Perplexity, the networks, and their files."""
    return [_perplexities(outcome, published), _networks(outcome), _files(outcome)]


def _perplexities(outcome: Outcome, published: Sequence[Line]) -> Table:
    lines = bars(outcome, published)
    rows = [
        [line.name, "" if line.validation is None else f"{line.validation:.1f}", f"{line.test:.1f}"]
        for line in lines
    ]
    if published:
        rows.insert(len(published), [])
    return table("Perplexity, the lower the better", ["", "validation", "test"], rows)


def _networks(outcome: Outcome) -> Table:
    rows = [
        [
            NAMES[kind],
            f"{found.parameters:,}",
            f"{found.seconds / 60:.0f}" if found.seconds >= 600 else f"{found.seconds / 60:.1f}",
            f"{found.test.first:.1%}",
            f"{found.test.three:.1%}",
        ]
        for kind, found in outcome.networks.items()
    ]
    columns = ["network", "parameters", "training\nmin", "first guess\nright", "one of three\nright"]
    return table("The next word, on the test part", columns, rows)


def _files(outcome: Outcome) -> Table:
    rows: list[list[str]] = []
    for kind, found in outcome.networks.items():
        rows += [[]] if rows else []
        for form, score in found.device.items():
            path = found.paths.get(form)
            rows.append(
                [NAMES[kind], form, *_cells(score), *price(outcome.cost[str(path)] if path else None)]
            )
    asked = next(iter(next(iter(outcome.networks.values())).device.values())).words
    columns = [
        "network",
        "runs as",
        "per-\nplexity",
        "first",
        "of three",
        "size\nKiB",
        "ms for\na word",
        "speed",
    ]
    return table(
        f"The files, word by word, on the first {asked:,} words of the test part", columns, rows, left=2
    )


def _cells(score: Score) -> list[str]:
    return [f"{score.perplexity:.1f}", f"{score.first:.1%}", f"{score.three:.1%}"]


def as_json(
    corpus: Corpus, outcome: Outcome, typed: Sequence[dict[str, Any]], settings: dict[str, Any]
) -> dict[str, Any]:
    """Everything as plain values; `typed` is what the picture of the keyboard shows."""
    parts = {name: len(getattr(corpus, name)) for name in ("train", "validation", "test")}
    return {
        "settings": settings,
        "text": {"name": corpus.name, "vocabulary": len(corpus.vocabulary), "words": parts},
        "published": [line._asdict() for line in PUBLISHED],
        "trigram": dict(zip(("validation", "test"), outcome.trigram, strict=True)),
        "networks": {kind: _network(found, outcome) for kind, found in outcome.networks.items()},
        "keyboard": list(typed),
        "benchmark": outcome.timing,
    }


def _network(found: Network, outcome: Outcome) -> dict[str, Any]:
    return {
        "parameters": found.parameters,
        "training_seconds": found.seconds,
        "training": found.history,
        "validation": found.validation._asdict(),
        "test": found.test._asdict(),
        "with_trigram": dict(zip(("validation", "test"), found.mixed, strict=True)),
        "device": {
            form: {
                **score._asdict(),
                "file": found.paths[form].name if form in found.paths else None,
                "bytes": found.paths[form].stat().st_size if form in found.paths else None,
                "stream_ms": found.word_ms.get(form),
            }
            for form, score in found.device.items()
        },
    }
