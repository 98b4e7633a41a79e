"""From a text to numbers: one stream of words, cut into three parts, and the vocabulary.

The recipe of Bengio et al. 2003 (A Neural Probabilistic Language Model, section 4) for the Brown corpus: case
and punctuation are kept, marks stand between texts and paragraphs, the first 800,000 words are for training,
the next 200,000 for validation and the rest for the test, and words found three times or less in the whole
corpus become one symbol.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.language_model.brown import Sentence, load_corpus
from examples.language_model.words import PARAGRAPH, RARE, TEXT, tokenise

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION = 800_000, 200_000  # words
RARELY = 3  # a word found so often or less is merged into `RARE`
DOUBLED = frozenset("?!;:")  # the archive writes these marks twice; they are read once
SMALLEST = 2_000  # words in a text of one's own


class Corpus(NamedTuple):
    """A text as numbers.

    Attributes:
        name: what it is, for people.
        vocabulary: words and symbols; the number of a word is its place. Frequent ones come first.
        counts: how often each is found in the training part, `[vocabulary]`.
        train, validation, test: numbers of words, `[words]` int32.
    """

    name: str
    vocabulary: tuple[str, ...]
    counts: Array
    train: Array
    validation: Array
    test: Array


def brown(data_dir: Path | None = None, words: int | None = None) -> Corpus:
    """The Brown corpus by Bengio's recipe.

    Args:
        data_dir: of TFDS, see `load_corpus`.
        words: use only so many of its words, split in the same proportions, for a quick run.
    """
    stream = [word for word, _ in stream_of(load_corpus(data_dir))]
    if words is None:
        return _corpus("Brown corpus", stream, stream, TRAIN, VALIDATION)
    train = round(words * TRAIN / len(stream))
    part = stream[:words]
    return _corpus(f"Brown corpus, {words:,} words", part, part, train, round(train * VALIDATION / TRAIN))


def own_text(path: Path, words: int | None = None) -> Corpus:
    """Any text file, UTF-8, in the proportions of Bengio's split; an empty line ends a paragraph.

    Its vocabulary is that of its training part alone: words found more often than `RARELY` there.

    Args:
        path: of the file.
        words: use only so many of its words, for a quick run.

    Raises:
        ValueError: the file is missing, no text, or too short to learn from.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--text {path} cannot be read as UTF-8 text: {error}.") from error
    paragraphs = (tokenise(paragraph, finished=True) for paragraph in content.split("\n\n"))
    stream = [word for found in paragraphs if found for word in (PARAGRAPH, *found)][:words]
    if len(stream) < SMALLEST:
        raise ValueError(
            f"--text {path} has {len(stream)} words; a language model needs {SMALLEST:,} or more."
        )
    train = round(len(stream) * 0.68)
    return _corpus(path.name, stream, stream[:train], train, round(train * VALIDATION / TRAIN))


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


def numbers(words: Sequence[str], vocabulary: Sequence[str]) -> Array:
    """The words as numbers, `[words]` int32; those that the vocabulary lacks are `RARE`."""
    place = {word: number for number, word in enumerate(vocabulary)}
    rare = place[RARE]
    return np.fromiter((place.get(word, rare) for word in words), np.int32, len(words))


def _corpus(name: str, stream: Sequence[str], counted: Sequence[str], train: int, validation: int) -> Corpus:
    """Merge the rare words of `counted`, number the others by falling frequency, cut the stream."""
    found = Counter(counted)
    kept = Counter({word: count for word, count in found.items() if count > RARELY})
    kept[RARE] += sum(found.values()) - sum(kept.values())
    vocabulary = tuple(sorted(kept, key=lambda word: (-kept[word], word)))
    ids = numbers(stream, vocabulary)
    parts = [ids[a:b] for a, b in itertools.pairwise((0, train, train + validation, len(ids)))]
    return Corpus(name, vocabulary, np.bincount(parts[0], minlength=len(vocabulary)), *parts)
