"""From a text to numbers: words as the Brown corpus writes them, the vocabulary, three parts of one stream.

On the device too, which reads what people type: so without TensorFlow.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.aliases import Array

TRAIN, VALIDATION = 800_000, 200_000  # words of the Brown corpus; other texts are cut in the same proportions
RARELY = 3  # a word found so often or less is merged into `RARE`
SMALLEST = 2_000  # words in a text of one's own

RARE, TEXT, PARAGRAPH = "<rare>", "<text>", "<paragraph>"
# Most English nouns show their number at their end, so a rare noun can show it too, as in many a tagger: of
# Brown's rare nouns that end so, 93 of 100 are plurals.
RARE_S = "<rare-s>"
SYMBOLS = frozenset({RARE, RARE_S, TEXT, PARAGRAPH})

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
    """The words as numbers, `[words]` int32; of those that the vocabulary lacks see `number_of`."""
    place = {word: number for number, word in enumerate(vocabulary)}
    return np.fromiter((number_of(word, place) for word in words), np.int32, len(words))


def number_of(word: str, place: Mapping[str, int]) -> int:
    """The number of a word; of the symbol for rare ones where the vocabulary lacks it.

    That is `RARE_S` for words that end in one s, like most plurals, if the vocabulary has this symbol, else
    `RARE`.

    Example:
        >>> place = {"<rare>": 0, "<rare-s>": 1, "was": 2}
        >>> [number_of(word, place) for word in ("was", "zebra", "zebras", "walrus", "zebra's")]
        [2, 0, 1, 0, 0]
    """
    found = place.get(word)
    if found is not None:
        return found
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))
    return place.get(RARE_S, place[RARE]) if is_plural else place[RARE]


def merged(ids: Array, vocabulary: Sequence[str]) -> Array:
    """Numbers of words with all rare words as `RARE`: what a vocabulary without `RARE_S` would say."""
    place = {word: number for number, word in enumerate(vocabulary)}
    return np.where(ids == place[RARE_S], np.int32(place[RARE]), ids) if RARE_S in place else ids


def cut(
    name: str,
    stream: Sequence[str],
    counted: Sequence[str],
    train: int,
    validation: int,
    symbols: Sequence[str] = (RARE,),
) -> Corpus:
    """Merge the rare words of `counted`, number the others by falling frequency, cut the stream.

    Args:
        name: of the text.
        stream: its words.
        counted: those that make the vocabulary.
        train, validation: how many words each part has; the rest is the test part.
        symbols: for rare words, `RARE` and perhaps `RARE_S`.
    """
    found = Counter(counted)
    kept = Counter({word: count for word, count in found.items() if count > RARELY})
    kept.update(dict.fromkeys(symbols, 0))
    place = {symbol: number for number, symbol in enumerate(symbols)}
    for word, count in found.items():
        if count <= RARELY:
            kept[symbols[number_of(word, place)]] += count
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
