"""All networks, diets and seeds: train each, judge it, measure how far back its gradient reaches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from rich.console import Console

from edge.aliases import Array
from examples.agreement.data import DIETS, draw, encode
from examples.agreement.grammar import LONGEST_GAP, number_sentence
from examples.agreement.judge import SEED, Exam, Marks, answers, mark
from examples.agreement.network import units_for, weights
from examples.agreement.reach import gradient_reach
from examples.agreement.store import load_trial, save_trial
from examples.agreement.train import BATCH, BATCHES, train, untrained

BACK = LONGEST_GAP + 1  # words: the subject is so far from the verb


class Size(NamedTuple):
    """How large a run is."""

    networks: Sequence[str]
    diets: Sequence[str]
    seeds: int
    epochs: int
    batches: int
    each: int  # sentences judged for each gap
    measured: int  # sentences that the gradient is measured on
    looked_at: Sequence[str]  # networks whose units are silenced; the first becomes files
    silenced: int  # sentences for that


FULL = Size(
    networks=("SimpleRNN", "GRU", "lstm_1997", "standard", "peephole", "cifg"),
    diets=("all", "long"),
    seeds=3,
    epochs=8,
    batches=BATCHES,
    each=100,
    measured=200,
    looked_at=("standard", "peephole", "cifg"),
    silenced=200,
)
QUICK = Size(
    networks=("SimpleRNN", "standard"),
    diets=("all",),
    seeds=1,
    epochs=5,
    batches=BATCHES,
    each=20,
    measured=20,
    looked_at=("standard",),
    silenced=20,
)


class Trial(NamedTuple):
    """One network that was trained.

    Attributes:
        network: its recurrent layer.
        diet: which gaps it learned from, one of `data.DIETS`.
        seed: of its weights and sentences.
        marks: how it was judged.
        before, after: how much of the gradient reaches 1, 2, ... words back, untrained and trained, `[BACK]`.
        model: itself.
    """

    network: str
    diet: str
    seed: int
    marks: Marks
    before: Array
    after: Array
    model: keras.Model

    @property
    def units(self) -> int:
        """Of the recurrent layer."""
        return units_for(self.network)

    @property
    def weights(self) -> int:
        """Of the whole network."""
        return weights(self.network, self.units)


def run(size: Size, seed: int, asked: Exam, folder: Path, console: Console) -> list[Trial]:
    """Train and judge everything; what an earlier run of the same code left in the folder is taken.

    Args:
        seed: the first; the others follow it.
        asked: what they are judged by.
        folder: for the trained networks.
    """
    rng = np.random.default_rng(SEED + 1)
    measured = [number_sentence(rng, LONGEST_GAP) for _ in range(size.measured)]
    trials: list[Trial] = []
    for number in range(seed, seed + size.seeds):
        for diet in size.diets:
            lessons = None
            for network in size.networks:
                path = folder / f"{network}_{diet}_{number}.keras"
                settings = f"{size.epochs} {size.batches} {size.each} {size.measured}"
                kept = load_trial(path, settings)
                before_now = "" if kept is None else ", trained before"
                if kept is None:
                    lessons = lessons or encode(draw(number, BATCH * size.batches, DIETS[diet]))
                    before = gradient_reach(untrained(network, number), measured, BACK)
                    model = train(network, *lessons, size.epochs, number, console, size.batches)
                    after = gradient_reach(model, measured, BACK)
                    kept = mark(answers(model), asked), before, after, model
                    save_trial(path, settings, *kept)
                trials.append(Trial(network, diet, number, *kept))
                marks = kept[0]
                console.print(
                    f"{network:9} seed {number}, learned from {diet:4} gaps: verb {marks.number:6.1%}, "
                    f"pronoun {marks.gender:6.1%}{before_now}",
                    highlight=False,
                )
    return trials
