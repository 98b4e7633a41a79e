"""CTC: from scores of every frame to what was said; best path and prefix beam search, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappush, heapreplace
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.search.checks import count, log_softmax, real_scores
from edge.search.checks import token as as_token


class CtcPath(NamedTuple):
    """One reading.

    Attributes:
        tokens: without repetitions and blanks.
        log_probability: of the best path: of this one path through the frames; of the beam search: of all
            paths that it followed and that read so.
    """

    tokens: tuple[int, ...]
    log_probability: float


def collapse(path: Sequence[int], blank: int) -> tuple[int, ...]:
    """What a path through the frames reads: repetitions merged first, then blanks left out.

    Args:
        path: a token a frame.
        blank: which of them says nothing.

    Example:
        >>> collapse([2, 2, 0, 2, 1, 1, 0], blank=0)
        (2, 2, 1)
    """
    return tuple(int(each) for each, _ in groupby(path) if each != blank)


def ctc_greedy(scores: Any, *, blank: int | None = None, logits: bool = True) -> CtcPath:
    """The reading of the most likely path: the best token of each frame, collapsed.

    Equal to `tf.nn.ctc_greedy_decoder`, whose score is the negative sum of the logits as they are given; this
    one is that of their `log_softmax`.

    Args:
        scores: `[time, tokens]` of one sequence: logits, or logarithms of probabilities.
        blank: the token that says nothing; None: the last one, as in TensorFlow.
        logits: False: the scores are probabilities, as behind a softmax.

    Raises:
        ValueError: another shape, no frame, a blank outside the tokens, scores that are not a number.

    Source: Graves et al. 2006, Connectionist Temporal Classification, section 3.2.

    Example:
        >>> frames = np.log([[0.1, 0.8, 0.1], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7], [0.6, 0.2, 0.2]])
        >>> path = ctc_greedy(frames)
        >>> path.tokens, round(float(np.exp(path.log_probability)), 4)
        ((1, 0), 0.2352)
    """
    values, silent = _frames(scores, blank, logits)
    return CtcPath(collapse(values.argmax(axis=1), silent), float(values.max(axis=1).sum()))


def ctc_beam_search(
    scores: Any,
    *,
    beam_width: int = 100,
    top_paths: int = 1,
    blank: int | None = None,
    logits: bool = True,
) -> list[CtcPath]:
    """The most likely readings, each the sum of the paths that read so: prefix beam search.

    Equal to `tf.nn.ctc_beam_search_decoder`, its scores too.

    Args:
        scores, blank, logits: as of `ctc_greedy`.
        beam_width: how many beginnings of a reading are kept at every frame.
        top_paths: how many readings at most, not more than the beam holds.

    Returns:
        The readings, the most likely first.

    Raises:
        ValueError: as of `ctc_greedy`; a beam below 1; more readings than the beam holds.

    Source: Graves 2012, Supervised Sequence Labelling with Recurrent Neural Networks, section 7.5.3; Hannun
    et al. 2014 (arXiv:1408.2873).

    Example:
        >>> frames = np.log([[0.4, 0.6], [0.4, 0.6]])  # twice blank is the best path, 0.36; 0 reads 0.64
        >>> ctc_greedy(frames).tokens, ctc_beam_search(frames)[0].tokens
        ((), (0,))
    """
    width = count("beam_width", beam_width, "the number of beginnings to keep")
    shown = count("top_paths", top_paths, "the number of readings to return")
    if shown > width:
        raise ValueError(
            f"top_paths={shown} is more than beam_width={width} keeps: take a beam of {shown} or wider."
        )
    values, silent = _frames(scores, blank, logits)
    beam = _Beam([()], np.zeros(1), np.full(1, -np.inf))
    for frame in values:
        beam = _next(beam, frame, silent, width)
    pairs = zip(beam.readings, beam.total, strict=True)
    return [CtcPath(reading, float(value)) for reading, value in list(pairs)[:shown]]


class _Beam(NamedTuple):
    """Beginnings of readings, the most likely first; the logarithm of the paths that end with a blank, and of
    those that end with the last token."""

    readings: list[tuple[int, ...]]
    blank: Array
    label: Array

    @property
    def total(self) -> Array:
        return np.logaddexp(self.blank, self.label)


def _next(beam: _Beam, frame: Array, silent: int, width: int) -> _Beam:
    """One frame on, in the order in which TensorFlow does it: where a beam is narrow, that decides.

    A beginning that falls out while the more likely ones grow is not grown itself if its parent was looked at
    after that: TensorFlow forgets it then.
    """
    readings, total = beam.readings, beam.total
    places = {reading: place for place, reading in enumerate(readings)}
    last = [reading[-1] if reading else silent for reading in readings]
    parents = [places.get(reading[:-1]) if reading else None for reading in readings]
    children: dict[int, list[int]] = {}
    for place, parent in enumerate(parents):
        if parent is not None:
            children.setdefault(parent, []).append(place)
    # The same token again is a new one only behind a blank.
    grown = total[:, None] + frame
    grown[np.arange(len(readings)), last] = beam.blank + frame[last]
    grown[:, silent] = -np.inf
    blank, label = total + frame[silent], beam.label + frame[last]
    for place, parent in enumerate(parents):
        if parent is not None:  # two ways to one reading
            label[place] = np.logaddexp(label[place], grown[parent, last[place]])
        elif not readings[place]:
            label[place] = -np.inf
    stays = np.logaddexp(blank, label)
    kept = [(float(value), place, -1) for place, value in enumerate(stays)]
    heapify(kept)
    inside = set(range(len(readings)))  # the old ones that have not fallen out
    asleep: set[int] = set()
    for place in range(len(readings)):
        if place in asleep or (len(kept) == width and total[place] <= kept[0][0]):
            continue
        own = children.get(place, [])
        for child in own:
            grown[place, last[child]] = -np.inf  # it counts in the child, or is forgotten with it
        asleep |= {child for child in own if child not in inside}
        least = kept[0][0] if len(kept) == width else -np.inf
        for token in np.flatnonzero(grown[place] > least):
            value = float(grown[place, token])
            if len(kept) < width:
                heappush(kept, (value, place, int(token)))
            elif value > kept[0][0]:
                _, fallen, grew = heapreplace(kept, (value, place, int(token)))
                if grew < 0:
                    inside.discard(fallen)
                    if fallen in own and last[fallen] > token:  # its turn is still to come
                        asleep.add(fallen)
    order = sorted(kept, key=lambda each: -each[0])
    order = [each for each in order if each[0] > -np.inf]
    return _Beam(
        [readings[place] if token < 0 else (*readings[place], token) for _, place, token in order],
        np.array([blank[place] if token < 0 else -np.inf for _, place, token in order]),
        np.array([label[place] if token < 0 else value for value, place, token in order]),
    )


def _frames(scores: Any, blank: int | None, logits: bool) -> tuple[Array, int]:
    """Logarithms of probabilities `[time, tokens]`, and the blank."""
    values = np.asarray(scores)
    if values.ndim != 2 or not values.size:
        raise ValueError(
            f"scores are those of one sequence, [time, tokens], with at least one frame; received the shape "
            f"{values.shape}. Of a batch take one after another: scores[n]."
        )
    silent = values.shape[1] - 1 if blank is None else as_token("blank", blank, values.shape[1])
    if not logits:
        if (values < 0).any():
            raise ValueError("scores are negative, which no probability is: leave logits=False out.")
        with np.errstate(divide="ignore"):  # of a probability of 0
            return real_scores(np.log(values.astype(np.float64)), "The sequence"), silent
    return log_softmax(real_scores(values, "The sequence")), silent
