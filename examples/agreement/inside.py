"""The gates at every word of the very sentences: the bus, the buses, and Bob who called Carla."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from edge.aliases import Array
from examples.agreement.ablation import Ablation, ablate
from examples.agreement.data import encode
from examples.agreement.grammar import (
    LENGTH,
    LONGEST_GAP,
    NAMES,
    WORD_ID,
    Sentence,
    gender_sentence,
    number_sentence,
)
from examples.agreement.judge import SEED
from examples.agreement.network import parts
from keras_lstm_plus import trace
from keras_lstm_plus.gates import GateTrace

LEARNED = 0.9  # share of right answers; where a network guesses there is nothing to silence

ABOUT = "went to Paris with the driver"
BUS, BUSES = (
    Sentence(tuple(f"the {noun} , which {ABOUT} ,".split()), right, wrong, 1, 9, attractors, "number")
    for noun, right, wrong, attractors in (("bus", "was", "were", 0), ("buses", "were", "was", 1))
)
CARLA, DAN = (
    Sentence(tuple(f"Bob called {name} to ask".split()), right, wrong, 2, 0, attractors, "gender")
    for name, right, wrong, attractors in (("Carla", "her", "him", 1), ("Dan", "him", "her", 0))
)
STORIES = {"bus": BUS, "buses": BUSES, "carla": CARLA, "dan": DAN}


class Insight(NamedTuple):
    """What was seen in one LSTM.

    Attributes:
        number, gender: which units carry either.
        keeps: of the gender unit, the mean forget gate over the words of the gap.
        enters_same: the same at a person of the gender of the one before.
        enters_other: the same at a person of the other gender.
    """

    number: Ablation
    gender: Ablation
    keeps: float
    enters_same: float
    enters_other: float

    @property
    def left_without_one(self) -> float:
        """Right verbs and pronouns without the unit that is missed most for either, 0 to 2; of a network
        that has not learned both, 2 or more."""
        if min(self.number.whole, self.gender.whole) < LEARNED:
            return 3.0 - self.number.whole
        return self.number.left[0] + self.gender.left[0]

    @property
    def number_unit(self) -> int:
        """The unit that is missed most for the verb."""
        return self.number.order[0]

    @property
    def gender_unit(self) -> int:
        """The unit that is missed most for the pronoun."""
        return self.gender.order[0]


def look(model: keras.Model, sentences: int) -> Insight:
    """Find the units of an LSTM by ablation, and read the forget gate of the gender unit.

    Args:
        sentences: of each kind, with gaps of 6 words or more.
    """
    rng = np.random.default_rng(SEED + 2)
    gaps = rng.integers(6, LONGEST_GAP + 1, sentences).tolist()
    number = ablate(model, [number_sentence(rng, gap) for gap in gaps])
    stories = [gender_sentence(rng, gap, 4) for gap in gaps]
    gender = ablate(model, stories)
    forget = forget_gate(model, stories, gender.order[0])
    return Insight(number, gender, *forget)


def forget_gate(model: keras.Model, stories: Sequence[Sentence], unit: int) -> tuple[float, float, float]:
    """The mean forget gate of a unit: within the gap, and where the last of four persons enters, of the
    gender of the one before and of the other."""
    words, _ = encode(stories)
    f = trace(model, words)["memory"].f[..., unit]
    kept: list[Array] = []
    enters: dict[bool, list[float]] = {False: [], True: []}
    for row, story in enumerate(stories):
        start = LENGTH - len(story.prefix)
        kept.append(f[row, start + story.cue + 1 : LENGTH - 2])  # but for "to ask"
        before, last = story.prefix[story.cue - 2], story.prefix[story.cue]
        enters[is_female(before) != is_female(last)].append(float(f[row, start + story.cue]))
    return float(np.concatenate(kept).mean()), float(np.mean(enters[False])), float(np.mean(enters[True]))


def is_female(name: str) -> bool:
    """Whether a name is one of those that are followed by her."""
    return name in NAMES[1]


class Seen(NamedTuple):
    """One sentence word by word.

    Attributes:
        words: of its prefix.
        gates: of the memory, `[1, words, units]` each.
        right: the probability that the model gives the right form, beside the wrong one; 0 to 1.
    """

    words: tuple[str, ...]
    gates: GateTrace
    right: float


def watch(model: keras.Model, sentence: Sentence) -> Seen:
    """Run one sentence through a model, without its padding."""
    words = np.array([[WORD_ID[word] for word in sentence.prefix]], np.int32)
    embedding, memory, following = parts(model)
    gates = trace(memory, embedding(words))["memory"]
    answer = np.ravel(following(gates.h[:, -1]))
    right, wrong = (float(answer[WORD_ID[word]]) for word in (sentence.right, sentence.wrong))
    return Seen(sentence.prefix, gates, right / (right + wrong))
