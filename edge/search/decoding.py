"""Greedy and beam search: the most likely answer, token by token, never without an end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array
from edge.search.checks import count, log_softmax, real_scores, token
from edge.search.hypotheses import Hypothesis, normalised
from edge.search.steps import Decoder


class _Path(NamedTuple):
    """A hypothesis on its way: what was said, how likely, and what the next step is given."""

    tokens: tuple[int, ...]
    log_probability: float
    states: dict[str, Array]
    looked: tuple[Array | None, ...]


def greedy_search(
    decoder: Any, memory: Mapping[str, Any], *, start: int, end: int, max_length: int
) -> Hypothesis:
    """Say the most likely token, then what is most likely after it, and so on.

    Args:
        decoder: an `EdgeModel` of a step file, or a `Decoder`.
        memory: what the encoder said, by name, of one sequence: `memory [1, positions, features]`, `keys` if
            the step takes some, the first states `state_0`, ... (zeros where they are missing).
        start, end: the tokens that an answer begins and ends with.
        max_length: how many steps at most.

    Returns:
        The answer; of equally likely tokens the first.

    Raises:
        ValueError: a memory that does not fit, a token outside the vocabulary, a maximum below 1, scores that
            are not a number.

    Example:
        >>> after = np.log([[0.25] * 4, [0.1, 0.1, 0.5, 0.3], [0.4, 0.2, 0.2, 0.2], [0.9, 0.04, 0.03, 0.03]])
        >>> def step(given):  # in place of edge.load("step.tflite"): what follows a token, by a table
        ...     return {"scores": after[given["token"]], "next_state_0": given["state_0"]}
        >>> decoder = Decoder(step, states={"state_0": 1}, token="token", scores="scores")
        >>> read = {"memory": np.zeros((1, 3, 2), np.float32)}
        >>> greedy_search(decoder, read, start=1, end=0, max_length=30).tokens
        (2,)
    """
    return beam_search(decoder, memory, start=start, end=end, max_length=max_length, beam_width=1)[0]


def beam_search(
    decoder: Any,
    memory: Mapping[str, Any],
    *,
    start: int,
    end: int,
    max_length: int,
    beam_width: int = 4,
    length_normalization: float = 0.0,
) -> list[Hypothesis]:
    """Keep the `beam_width` most likely beginnings at every step.

    A beginning that says `end` is complete and leaves the beam. The search ends when no beginning left in the
    beam can become better than the answers found, or at the maximum length.

    Args:
        decoder, memory, start, end, max_length: as of `greedy_search`.
        beam_width: how many beginnings; 1 is greedy.
        length_normalization: the score is the logarithm of the probability, divided by the number of steps to
            this power: 0 prefers short answers, 1 compares the mean of a step.

    Returns:
        At most `beam_width` answers, the best first; those that the maximum length cut behind all complete
        ones.

    Raises:
        ValueError: as of `greedy_search`; a beam below 1; a length normalization outside 0 to 2.

    Example:
        >>> after = np.log([[0.25] * 4, [0.1, 0.1, 0.5, 0.3], [0.4, 0.2, 0.2, 0.2], [0.9, 0.04, 0.03, 0.03]])
        >>> def step(given):  # in place of edge.load("step.tflite"): what follows a token, by a table
        ...     return {"scores": after[given["token"]], "next_state_0": given["state_0"]}
        >>> decoder = Decoder(step, states={"state_0": 1}, token="token", scores="scores")
        >>> best = beam_search(
        ...     decoder, {"memory": np.zeros((1, 3, 2))}, start=1, end=0, max_length=30, beam_width=2
        ... )[0]
        >>> best.tokens, round(float(np.exp(best.log_probability)), 2)  # 3 is less likely than 2, and ends so
        ((3,), 0.27)
    """
    width = count("beam_width", beam_width, "the number of beginnings to keep")
    most = count("max_length", max_length, "the number of steps at most")
    power = length_normalization
    if isinstance(power, bool) or not (isinstance(power, (int, float)) and 0 <= power <= 2):
        raise ValueError(f"length_normalization is a power from 0 to 2; received {power!r}.")
    first, last = token("start", start), token("end", end)
    decoder = decoder if isinstance(decoder, Decoder) else Decoder(decoder)
    context, states = decoder.begin(memory)
    beam, done = [_Path((), 0.0, states, ())], []
    for step in range(1, most + 1):
        candidates: list[tuple[float, int, int]] = []
        said = []
        for place, path in enumerate(beam):
            asked = path.tokens[-1] if path.tokens else first
            scores, new, where = decoder(asked, context, path.states)
            token("end", last, len(scores))
            steps = _log_probabilities(decoder, scores) + path.log_probability
            said.append((new, where))
            # Of equals the lower token: a stable sort of what is negated.
            order = np.argsort(-steps, kind="stable")[:width]
            candidates += [(float(steps[best]), place, int(best)) for best in order]
        candidates = [each for each in candidates if each[0] > -np.inf]
        candidates.sort(key=lambda each: -each[0])
        before, beam = beam, []
        for value, place, chosen in candidates[:width]:
            path, (new, where) = before[place], said[place]
            looked = (*path.looked, where)
            if chosen == last:
                done.append(_answer(path.tokens, value, looked, True, power))
            else:
                beam.append(_Path((*path.tokens, chosen), value, new, looked))
        done.sort(key=lambda answer: -answer.score)
        if not beam or (len(done) >= width and done[width - 1].score >= _hope(beam[0], step, most, power)):
            break
    cut = [_answer(path.tokens, path.log_probability, path.looked, False, power) for path in beam]
    cut.sort(key=lambda answer: -answer.score)
    return [*done, *cut][:width]


def _hope(path: _Path, step: int, most: int, power: float) -> float:
    """The best score that a beginning can still reach: nothing more is lost, at the best length."""
    return normalised(path.log_probability, most if power else step, power)


def _answer(
    tokens: tuple[int, ...], value: float, looked: tuple[Array | None, ...], complete: bool, power: float
) -> Hypothesis:
    known = [where for where in looked if where is not None]
    alignments = np.stack(known) if known and len(known) == len(looked) else None
    return Hypothesis(tokens, normalised(value, len(looked), power), value, complete, alignments)


def _log_probabilities(decoder: Decoder, scores: Array) -> Array:
    if decoder.logits:
        return log_softmax(real_scores(scores, decoder.name))
    if (np.asarray(scores) < 0).any():
        raise ValueError(
            f"{decoder.name} says negative scores, which are no probabilities: leave logits=False out."
        )
    with np.errstate(divide="ignore"):  # of a probability of 0
        return real_scores(np.log(np.asarray(scores, np.float64)), decoder.name)
