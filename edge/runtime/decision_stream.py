"""Class probabilities that come one step at a time: the decision that each step brings."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edge.aliases import Array

if TYPE_CHECKING:
    from edge.runtime.decisions import Decider

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
