"""Decisions against what was said: right, wrong, missed, false alarms, and how late each was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from examples.spoken_digits.recording import Word
from examples.spoken_digits.settings import RATE

LATEST = int(0.5 * RATE)  # samples after the end of a word; what is decided later is a false alarm


class Said(NamedTuple):
    """What became of one digit that was said: the digit decided on (None: missed), and how many ms after its
    last sample that was known (below zero: before)."""

    digit: int
    decided: int | None
    latency_ms: float | None


class Tally(NamedTuple):
    """Of one recording or several.

    Attributes:
        said: of every digit.
        false_alarms: digits decided on where no digit was said, or on a word that had been
            decided on already.
        backward_alarms: how many of them fell on a word played backwards.
        backward: how many words were played backwards.
        seconds: of recording.
    """

    said: list[Said]
    false_alarms: list[int]
    backward_alarms: int
    backward: int
    seconds: float

    @property
    def right(self) -> int:
        return sum(each.decided == each.digit for each in self.said)

    @property
    def wrong(self) -> int:
        return sum(each.decided is not None and each.decided != each.digit for each in self.said)

    @property
    def missed(self) -> int:
        return sum(each.decided is None for each in self.said)

    @property
    def latencies(self) -> np.ndarray:
        """Of the digits decided on rightly, in ms."""
        return np.array([each.latency_ms for each in self.said if each.decided == each.digit], float)


def tally(words: Sequence[Word], decided: Sequence[tuple[int, int]], samples: int) -> Tally:
    """Compare one recording.

    Args:
        words: what was said, in order.
        decided: pairs of the sample at which a decision was made and its digit, in order.
        samples: of the recording.

    A decision belongs to the word during which it was made, or which ended at most `LATEST` before it and was
    followed by no other. The first decision of a digit counts, all others of it are false alarms.
    """
    first: dict[int, tuple[int, int]] = {}  # word -> sample, digit
    false_alarms: list[int] = []
    backward_alarms = 0
    starts = np.array([word.start for word in words])
    for sample, digit in decided:
        number = int(np.searchsorted(starts, sample, side="left")) - 1
        near = number >= 0 and sample <= words[number].end + LATEST
        if near and words[number].digit is not None and number not in first:
            first[number] = (sample, digit)
            continue
        false_alarms.append(digit)
        backward_alarms += near and words[number].digit is None
    said = []
    for number, word in enumerate(words):
        if word.digit is None:
            continue
        if number not in first:
            said.append(Said(word.digit, None, None))
            continue
        sample, digit = first[number]
        said.append(Said(word.digit, digit, 1000 * (sample - word.end) / RATE))
    return Tally(said, false_alarms, backward_alarms, len(words) - len(said), samples / RATE)


def together(tallies: Sequence[Tally]) -> Tally:
    """Several recordings as one."""
    return Tally(
        [each for one in tallies for each in one.said],
        [digit for one in tallies for digit in one.false_alarms],
        sum(one.backward_alarms for one in tallies),
        sum(one.backward for one in tallies),
        sum(one.seconds for one in tallies),
    )
