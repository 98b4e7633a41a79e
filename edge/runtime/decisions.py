"""Decisions from a stream of class probabilities: when was a word said, and how late is that known."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from edge.aliases import Array

SLACK = 1e-3  # by which rounding, most of all that of integer models, may leave 0..1
ROUNDING = 1e-9  # of a mean; a probability that is the threshold itself has reached it


class Decision(NamedTuple):
    """A class was decided on.

    Attributes:
        step: the step at which, counted from 0.
        seconds: the end of that step, counted from the start of the stream.
        class_index: the class.
        label: its name.
        confidence: its smoothed probability at that step.
        latency_steps: steps since the evidence began, which is the first step in the smoothing window whose
            own probability reached the threshold.
        latency_seconds: the same in seconds.
    """

    step: int
    seconds: float
    class_index: int
    label: str
    confidence: float
    latency_steps: int
    latency_seconds: float


@dataclass(frozen=True)
class Decider:
    """How probabilities become decisions; a value that can be compared, stored and called.

    With p[t, i] the probability of class i at step t, and w = `window_steps`:

        s[t, i] = mean of p[k, i], k = max(0, t - w + 1) .. t

    Class i is decided on at the first step t where s[t, i] is the largest of all (of equals the first) and
    reaches the threshold, and more than `refractory_steps` have passed since the last decision on any class.
    It is not decided on again before s[., i] was below the threshold outside the refractory time: a word that
    is held is one decision.

    s is the posterior smoothing of Chen, Parada and Heigold (2014), "Small-footprint keyword spotting using
    deep neural networks". Their confidence takes the maximum of s over a second, longer window; for a keyword
    of one class it first reaches a threshold when s does, so that none is needed here. As in the paper, the
    first w - 1 steps are averaged over fewer.

    Attributes:
        labels: names of the classes, in the order of the probabilities.
        step_ms: from one row of probabilities to the next, in ms.
        background: labels that are never decided on, such as silence or other words.
        window_ms: smoothing window, rounded to steps, at least one.
        threshold: of the smoothed probability, above 0 and at most 1.
        refractory_ms: for how long after a decision there is no other, rounded to steps.

    Raises:
        ValueError: settings that cannot be.

    Example:
        >>> decide = Decider(("yes", "no", "-"), step_ms=20, background="-", window_ms=60, threshold=0.6)
        >>> silence, yes = [0.0, 0.0, 1.0], [0.9, 0.0, 0.1]
        >>> [(d.label, d.step, d.latency_steps) for d in decide([silence] * 5 + [yes] * 5 + [silence] * 5)]
        [('yes', 6, 1)]
    """

    labels: Sequence[str]
    step_ms: float
    background: Sequence[str] = ()
    window_ms: float = 300.0
    threshold: float = 0.5
    refractory_ms: float = 500.0

    def __post_init__(self) -> None:
        for name in ("labels", "background"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise ValueError(f"Decider: labels must be different names, received {list(self.labels)}.")
        unknown = [label for label in self.background if label not in self.labels]
        if unknown:
            raise ValueError(f"Decider: background {unknown} is not among the labels {list(self.labels)}.")
        times = (self.step_ms, self.window_ms, self.refractory_ms)
        if not all(math.isfinite(time) and time >= 0 for time in times) or self.step_ms == 0:
            raise ValueError(
                f"Decider: step_ms, window_ms and refractory_ms are times in ms, received {times}."
            )
        if not 0 < self.threshold <= 1:
            raise ValueError(f"Decider: threshold must be above 0 and at most 1, received {self.threshold}.")

    @property
    def window_steps(self) -> int:
        """Steps in the smoothing window."""
        return max(1, round(self.window_ms / self.step_ms))

    @property
    def refractory_steps(self) -> int:
        """Steps after a decision in which there is no other."""
        return round(self.refractory_ms / self.step_ms)

    def __call__(self, probabilities: Any) -> list[Decision]:
        """The decisions over a whole recording, `[steps, classes]`. Raises as `push` does."""
        stream = self.stream()
        return [decision for row in probabilities if (decision := stream.push(row)) is not None]

    def stream(self) -> DecisionStream:
        """Probabilities that come one step at a time."""
        return DecisionStream(self)


class DecisionStream:
    """One stream of probabilities, step by step. Made by `Decider.stream`."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self._allowed = np.array([label not in decider.background for label in decider.labels])
        self.reset()

    def reset(self) -> None:
        """Start a new stream at step 0."""
        self._window: deque[Array] = deque(maxlen=self._decider.window_steps)
        self._armed = np.ones(len(self._allowed), bool)
        self._step: int = -1
        self._quiet_until: int = -1

    def push(self, probabilities: Any) -> Decision | None:
        """Take one step, `[classes]`, and get the decision that it brought, if any.

        Raises:
            ValueError: the wrong shape, NaN, or numbers that are no probabilities; the stream is as it was.
        """
        decider, row = self._decider, self._checked(probabilities)
        self._step += 1
        self._window.append(row)
        smoothed = np.mean(self._window, axis=0)
        over = smoothed >= decider.threshold - ROUNDING
        if self._step <= self._quiet_until:
            return None
        self._armed |= ~over
        top = int(smoothed.argmax())
        if not (over[top] and self._armed[top] and self._allowed[top]):
            return None
        self._armed[top] = False
        self._quiet_until = self._step + decider.refractory_steps
        # The mean reached it, so one of them did; twice the rounding, for the mean was rounded too.
        evidence = [earlier[top] >= decider.threshold - 2 * ROUNDING for earlier in self._window]
        latency, second = len(evidence) - 1 - evidence.index(True), decider.step_ms / 1000
        label, confidence = decider.labels[top], float(smoothed[top])
        ends = (self._step + 1) * second
        return Decision(self._step, ends, top, label, confidence, latency, latency * second)

    def _checked(self, probabilities: Any) -> Array:
        row, classes = np.array(probabilities, np.float64), len(self._decider.labels)
        if row.shape != (classes,):
            raise ValueError(
                f"A step has one probability for each of {classes} labels, received {list(row.shape)}."
            )
        if not ((row >= -SLACK) & (row <= 1 + SLACK)).all():
            raise ValueError(
                f"Probabilities are in 0..1, received {row.tolist()}; logits need a softmax first."
            )
        return row
