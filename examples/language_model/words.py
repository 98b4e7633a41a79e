"""Words as the Brown corpus writes them: on the device too, so without TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

RARE, TEXT, PARAGRAPH = "<rare>", "<text>", "<paragraph>"
SYMBOLS = frozenset({RARE, TEXT, PARAGRAPH})

_OPENING = {'"': "``", "“": "``", "‘": "``", "(": "(", "[": "["}
_CLOSING = {'"': "''", "”": "''", ")": ")", "]": "]"} | {mark: mark for mark in ",.;:?!"}
_ATTACHED = frozenset(_CLOSING.values())
_DASH = re.compile(r"\s*(?:—|--+|\s–\s)\s*")
_ABBREVIATION = re.compile(r"(?:[A-Za-z]\.)+|(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Prof|Gen|Col|Sen|Rep|Gov|vs|etc)\.")


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
