"""What a phone does: a word into a file, scores of all words out, guesses from them. No TensorFlow here."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import edge
from edge.aliases import Array
from examples.language_model.corpus import PARAGRAPH, RARE, SYMBOLS, number_of, tokenise
from examples.language_model.scores import Guesses, rare_numbers


class Streamed(NamedTuple):
    """What a file said of a stretch of words, and the median time for a word, in ms, with Python's share."""

    guesses: Guesses
    latency: float


def stream_file(path: Path, ids: Array, tick: Callable[[], None] = lambda: None) -> Streamed:
    """Run a file over a stretch of words in one stream that starts from zeros.

    Args:
        path: of a file with the vocabulary as its labels.
        ids: numbers of words, `[words]`; all but the first are predicted.
        tick: is called after every word.
    """
    model = edge.load(path, num_threads=1)
    stream = model.stream()
    labels = model.labels or ()
    symbols = np.array([number for number, word in enumerate(labels) if word in SYMBOLS], int)
    rare = rare_numbers(labels)
    losses, ranks, times = np.empty(len(ids) - 1), np.empty(len(ids) - 1, int), np.empty(len(ids) - 1)
    for number, (word, following) in enumerate(itertools.pairwise(ids)):
        started = time.perf_counter()
        scores = stream.step(int(word))
        times[number] = time.perf_counter() - started
        right = rare if following in rare else np.array([following])
        losses[number] = loss_of(scores, right)
        ranks[number] = rank_of(scores, following, symbols)
        tick()
    return Streamed(Guesses(losses, ranks), 1e3 * float(np.median(times)))


def loss_of(scores: Array, words: Array) -> float:
    """-log of the softmax of `scores [vocabulary]` at a word, or at any of several."""
    powers = np.exp(scores.astype(np.float64) - scores.max())
    return float(np.log(powers.sum()) - np.log(powers[words].sum()))


def rank_of(scores: Array, word: int, symbols: Array) -> int:
    """How many words come before this one; of equal scores the frequent word is first."""
    own = scores[word]
    before = int((scores > own).sum() + (scores[:word] == own).sum())
    hidden = scores[symbols]
    return before - int(((hidden > own) | ((hidden == own) & (symbols < word))).sum())


class Guess(NamedTuple):
    """A word, and its probability after the words before it and the letters typed so far."""

    word: str
    probability: float


class Keyboard:
    """Guesses from a file with a state of its own (`state="carry"`) and the vocabulary in it as `labels`.

    Args:
        path: of the file.

    Raises:
        ValueError: the file is missing or damaged, is for whole sequences, or has no vocabulary.

    Example:
        >>> keyboard = Keyboard(Path("results/language_model/files/cifg_dynamic.tflite"))  # doctest: +SKIP
        >>> keyboard.type("The buses, which went to Par")  # doctest: +SKIP
        [Guess(word='Paris', probability=0.41), ...]
    """

    def __init__(self, path: Path) -> None:
        model = edge.load(path, num_threads=1)
        if model.labels is None or RARE not in model.labels:
            raise ValueError(
                f"{path} has no vocabulary in it. python -m examples.language_model writes files that have."
            )
        self.vocabulary: Sequence[str] = model.labels
        self.stream = model.stream()
        self.place = {word: number for number, word in enumerate(self.vocabulary)}
        self._symbols = np.array([self.place[word] for word in SYMBOLS if word in self.place])
        self._folded = [word.casefold() for word in self.vocabulary]
        self._fed: list[str] = []
        self._probabilities = self._start()

    def type(self, text: str, count: int = 3) -> list[Guess]:
        """The best guesses after `text`: of the next word, or of the word whose letters it ends with."""
        words, prefix = split_typed(text, self.place)
        return self.guess(words, prefix, count)

    def guess(self, words: Sequence[str], prefix: str = "", count: int = 3) -> list[Guess]:
        """The best guesses after whole words.

        Args:
            words: from the start of a paragraph on. Those fed before are not fed again.
            prefix: letters that the word begins with. Small letters find words of either case.
            count: of guesses; there are fewer where fewer words begin so, none for what nobody knows.
        """
        self.feed(words)
        fits = self._fitting(prefix)
        if not len(fits):
            return []
        share = self._probabilities[fits]
        if prefix:  # it is given, so the words that fit it share the whole
            share = share / share.sum()
        best = np.argsort(-share, kind="stable")[:count]
        return [Guess(self.vocabulary[fits[n]], float(share[n])) for n in best]

    def letters_needed(self, words: Sequence[str], following: str, count: int = 3) -> int:
        """Letters of `following` to type after `words` until it is among the guesses; all if it never is."""
        for typed in range(len(following)):
            if following in [guess.word for guess in self.guess(words, following[:typed], count)]:
                return typed
        return len(following)

    def probability(self, words: Sequence[str], following: str) -> float:
        """P(following | words); of the symbol for rare words where the vocabulary lacks it."""
        self.feed(words)
        return float(self._probabilities[number_of(following, self.place)])

    def feed(self, words: Sequence[str]) -> None:
        """Read on to the end of `words`; a text that was changed in its middle is read anew."""
        words = list(words)
        if words[: len(self._fed)] != self._fed:
            self._fed, self._probabilities = [], self._start()
        for word in words[len(self._fed) :]:
            self._probabilities = self._step(word)
        self._fed = words

    def _start(self) -> Array:
        self.stream.reset()
        return self._step(PARAGRAPH if PARAGRAPH in self.place else RARE)

    def _step(self, word: str) -> Array:
        return softmax(self.stream.step(number_of(word, self.place)))

    def _fitting(self, prefix: str) -> Array:
        """Numbers of the words that begin with the prefix; symbols never do."""
        if prefix != prefix.casefold():
            found = [n for n, word in enumerate(self.vocabulary) if word.startswith(prefix)]
        else:
            found = [n for n, word in enumerate(self._folded) if word.startswith(prefix)]
        return np.setdiff1d(np.array(found, int), self._symbols)


def softmax(scores: Array) -> Array:
    """Probabilities from scores, `[vocabulary]` each, in float64."""
    powers = np.exp(scores.astype(np.float64) - scores.max())
    return powers / powers.sum()


def split_typed(text: str, known: dict[str, int]) -> tuple[list[str], str]:
    """What was typed as whole words, and the letters of the word that is not finished."""
    if not text or text[-1].isspace():
        return tokenise(text, known=known), ""
    words = tokenise(text, known=known)
    if not any(letter.isalnum() for letter in words[-1]):
        return words, ""  # a punctuation mark is finished with its last character
    return words[:-1], words[-1]
