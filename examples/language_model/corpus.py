"""From a text to numbers: words as the Brown corpus writes them, the vocabulary, three parts of one stream.

On the device too, which reads what people type: so without TensorFlow.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.aliases import Array

TRAIN, VALIDATION = 800_000, 200_000  # words of the Brown corpus; other texts are cut in the same proportions
RARELY = 3  # a word found so often or less is merged into `RARE`
SMALLEST = 2_000  # words in a text of one's own

RARE, TEXT, PARAGRAPH = "<rare>", "<text>", "<paragraph>"
SYMBOLS = frozenset({RARE, TEXT, PARAGRAPH})

_OPENING = {'"': "``", "“": "``", "‘": "``", "(": "(", "[": "["}
_CLOSING = {'"': "''", "”": "''", ")": ")", "]": "]"} | {mark: mark for mark in ",.;:?!"}
_ATTACHED = frozenset(_CLOSING.values())
_DASH = re.compile(r"\s*(?:—|--+|\s–\s)\s*")
_ABBREVIATION = re.compile(r"(?:[A-Za-z]\.)+|(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|Gen|Col|Sen|Rep|Gov|vs|etc)\.")


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
    return cut(path.name, stream, stream[:train], train, round(train * VALIDATION / TRAIN))


def numbers(words: Sequence[str], vocabulary: Sequence[str]) -> Array:
    """The words as numbers, `[words]` int32; those that the vocabulary lacks are `RARE`."""
    place = {word: number for number, word in enumerate(vocabulary)}
    rare = place[RARE]
    return np.fromiter((place.get(word, rare) for word in words), np.int32, len(words))


def cut(name: str, stream: Sequence[str], counted: Sequence[str], train: int, validation: int) -> Corpus:
    """Merge the rare words of `counted`, number the others by falling frequency, cut the stream."""
    found = Counter(counted)
    kept = Counter({word: count for word, count in found.items() if count > RARELY})
    kept[RARE] += sum(found.values()) - sum(kept.values())
    vocabulary = tuple(sorted(kept, key=lambda word: (-kept[word], word)))
    ids = numbers(stream, vocabulary)
    parts = [ids[a:b] for a, b in itertools.pairwise((0, train, train + validation, len(ids)))]
    return Corpus(name, vocabulary, np.bincount(parts[0], minlength=len(vocabulary)), *parts)


def shown(word: str) -> str:
    """The word as people write it: quotation marks as such."""
    return {"``": "“", "''": "”"}.get(word, word)


def joined(words: Sequence[str]) -> str:
    """Words as a line of text, punctuation where it belongs.

    Example:
        >>> joined(["The", "buses", ",", "which", "went"])
        'The buses, which went'
    """
    text = ""
    for before, word in zip(("", *words), words, strict=False):
        apart = text and word not in _ATTACHED and before not in _OPENING.values()
        text += (" " if apart else "") + shown(word)
    return text


def tokenise(text: str, finished: bool = False, known: Collection[str] = ()) -> list[str]:
    """A text as words and punctuation marks.

    A word keeps its case, apostrophe and hyphens; double quotes become ` `` ` and `''`, a dash becomes `--`.

    Args:
        finished: whether the text has come to its end, so that its last full stop ends a sentence.
        known: words that keep the full stop at their end, besides common abbreviations.

    Example:
        >>> tokenise('"The buses," he said, "went to Paris."')
        ['``', 'The', 'buses', ',', "''", 'he', 'said', ',', '``', 'went', 'to', 'Paris', '.', "''"]
    """
    chunks = _DASH.sub(" -- ", text.replace("’", "'")).split()
    words: list[str] = []
    for number, chunk in enumerate(chunks):
        last = finished and number == len(chunks) - 1
        while len(chunk) > 1 and chunk[0] in _OPENING:
            words.append(_OPENING[chunk[0]])
            chunk = chunk[1:]
        after: list[str] = []
        while len(chunk) > 1 and chunk[-1] in _CLOSING:
            if not last and (_ABBREVIATION.fullmatch(chunk) or (chunk.endswith(".") and chunk in known)):
                break
            after.append(_CLOSING[chunk[-1]])
            chunk = chunk[:-1]
        words += [_CLOSING.get(chunk, chunk), *reversed(after)]
    return words
