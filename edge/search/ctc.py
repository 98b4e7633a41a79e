"""CTC: from scores of every frame to what was said; best path and prefix beam search, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.search.checks import count, log_softmax, real_scores, token


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
    total = beam.total
    order = np.argsort(-total, kind="stable")[:shown]
    return [CtcPath(beam.readings[k], float(total[k])) for k in order]


class _Beam(NamedTuple):
    """Beginnings of readings; the logarithm of the paths that end with a blank, and with the last token."""

    readings: list[tuple[int, ...]]
    blank: Array
    label: Array

    @property
    def total(self) -> Array:
        return np.logaddexp(self.blank, self.label)


def _next(beam: _Beam, frame: Array, silent: int, width: int) -> _Beam:
    total, rows = beam.total, np.arange(len(beam.readings))
    last = np.array([reading[-1] if reading else silent for reading in beam.readings])
    # The same token again is a new one only behind a blank.
    grown = total[:, None] + frame
    grown[rows, last] = beam.blank + frame[last]
    grown[:, silent] = -np.inf
    blank = total + frame[silent]
    label = np.where([bool(reading) for reading in beam.readings], beam.label + frame[last], -np.inf)
    places = {reading: place for place, reading in enumerate(beam.readings)}
    for reading, place in places.items():
        parent = places.get(reading[:-1]) if reading else None
        if parent is not None:  # two ways to one reading
            label[place] = np.logaddexp(label[place], grown[parent, reading[-1]])
            grown[parent, reading[-1]] = -np.inf
    every = np.concatenate([np.logaddexp(blank, label), grown.ravel()])
    chosen = np.argsort(-every, kind="stable")[:width]
    chosen = chosen[every[chosen] > -np.inf]
    readings, ends = [], []
    for pick in chosen:
        if pick < len(rows):
            readings.append(beam.readings[pick])
            ends.append((blank[pick], label[pick]))
        else:
            parent, new = divmod(int(pick) - len(rows), len(frame))
            readings.append((*beam.readings[parent], new))
            ends.append((-np.inf, every[pick]))
    pairs = np.array(ends)
    return _Beam(readings, pairs[:, 0], pairs[:, 1])


def _frames(scores: Any, blank: int | None, logits: bool) -> tuple[Array, int]:
    """Logarithms of probabilities `[time, tokens]`, and the blank."""
    values = np.asarray(scores)
    if values.ndim != 2 or not values.size:
        raise ValueError(
            f"scores are those of one sequence, [time, tokens], with at least one frame; received the shape "
            f"{values.shape}. Of a batch take one after another: scores[n]."
        )
    silent = values.shape[1] - 1 if blank is None else token("blank", blank, values.shape[1])
    if not logits:
        if (values < 0).any():
            raise ValueError("scores are negative, which no probability is: leave logits=False out.")
        with np.errstate(divide="ignore"):  # of a probability of 0
            return real_scores(np.log(values.astype(np.float64)), "The sequence"), silent
    return log_softmax(real_scores(values, "The sequence")), silent
