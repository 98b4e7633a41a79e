"""The two alphabets, and a word as numbers. All of it is needed on the device too: NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.aliases import Array

LETTERS = "'abcdefghijklmnopqrstuvwxyz"
# ARPAbet without stress, as the dictionary writes it: 15 vowels and 24 consonants.
PHONEMES = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"),
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T"),
    *("TH", "V", "W", "Y", "Z", "ZH"),
)
# The decoder's vocabulary: the mark that starts a word, the mark that ends it, the phonemes.
START, END = 0, 1
SYMBOLS = ("<start>", "<end>", *PHONEMES)
LONGEST = 40  # letters; the longest word of the dictionary has 28

_LETTER = {letter: number for number, letter in enumerate(LETTERS, 1)}  # 0 fills up
_SYMBOL = {symbol: number for number, symbol in enumerate(SYMBOLS)}


def letter_numbers(word: str) -> Array:
    """The letters of a word as numbers from 1 on, `[letters]`, int32.

    Capitals count as small letters, and the curly apostrophe as the straight one.

    Raises:
        ValueError: there is nothing to read, a letter that the network has never seen, or too many of them.
    """
    plain = word.strip().lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if not plain.strip("'"):
        raise ValueError(f"There are no letters in {word!r}; give a word, such as bus.")
    unknown = sorted(set(plain) - set(LETTERS))
    if unknown:
        named = ", ".join(map(repr, unknown))
        raise ValueError(
            f"{_short(word)} has {named}, and the network has read the letters a to z and the apostrophe "
            f"alone: {_advice(unknown)}."
        )
    if len(plain) > LONGEST:
        raise ValueError(
            f"{_short(word)} has {len(plain)} letters, and the longest word that the network was trained "
            f"with has 28: up to {LONGEST} are read. Give its parts one by one."
        )
    return np.array([_LETTER[letter] for letter in plain], np.int32)


def symbol_numbers(phonemes: Sequence[str]) -> list[int]:
    """Numbers of phonemes in `SYMBOLS`."""
    return [_SYMBOL[phoneme] for phoneme in phonemes]


def most_phonemes(letters: int) -> int:
    """A bound, so that every search ends: "x" has three phonemes, "www" nine."""
    return 4 + 2 * letters


def _short(word: str) -> str:
    return repr(word if len(word) <= 30 else f"{word[:27]}...")


def _advice(unknown: Sequence[str]) -> str:
    if any(letter.isdigit() for letter in unknown):
        return "write numbers as words (two, not 2)"
    if any(letter.isspace() for letter in unknown):
        return "give one word at a time"
    if any(letter.isalpha() for letter in unknown):
        return "write it with the letters of English (cafe, not café)"
    return "leave such marks out"
