"""A stream of samples through a model: what it says of each, and how long that took."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

import edge
from edge.aliases import Array
from edge.tflite import describe


class Step(NamedTuple):
    """What came of one sample.

    Attributes:
        number: of the sample, from 0.
        output: of the model, `[outputs]`: of several outputs the first.
        label: the class with the highest output, by name or by number; None where there is only one number.
        seconds: from the sample to the output; in a file that takes blocks from the last sample of a block.
    """

    number: int
    output: Array
    label: str | None
    seconds: float

    def __str__(self) -> str:
        at = int(self.output.argmax())
        said = f"{self.output[0]:.4f}" if self.label is None else f"{self.label:<16} {self.output[at]:6.3f}"
        return f"{self.number:>8}  {said}  {self.seconds * 1e6:8.0f} us"


@dataclass
class Classifier:
    """A model as a stream, with what its file says of labels and normalization.

    Args:
        path: of a file made with `state="carry"` or `"explicit"`.
        runtime: as in `edge.load`.

    Raises:
        ValueError: the file is none, cannot be a stream, or has labels that do not fit; the message says how
            to convert it.
        ImportError: no runtime.
    """

    path: str | Path
    runtime: str | None = None
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        describe(self.path).check_labels()
        self.model = edge.load(self.path, runtime=self.runtime)
        self.stream = self.model.stream()

    def run(self, samples: Iterable[Array | None]) -> Iterator[Step]:
        """What the model says of each sample, `[features]`, in the units of the sensor; None is a reset.

        A file that takes blocks says it when one is full: of each of its samples, or once, of the last.
        """
        taken = 0
        for sample in samples:
            if sample is None:
                self.stream.reset()
                continue
            start = time.perf_counter()
            output = self.stream.step(sample)
            seconds = time.perf_counter() - start
            taken += 1
            if output is None:
                continue
            self.seconds.append(seconds)
            said = self._said(np.atleast_1d(output[0] if isinstance(output, list) else output))
            for number, each in enumerate(said, taken - len(said)):
                yield Step(number, each, self._label(each), seconds)

    def summary(self, rate_hz: float | None = None) -> str:
        """Latencies in one line; with the rate of the samples, whether the device keeps up."""
        if not self.seconds:
            return "no samples" if self.stream.steps == 1 else f"no block of {self.stream.steps} samples"
        median, p99 = (float(value) for value in np.percentile(self.seconds, [50, 99]))
        steps = self.stream.steps
        units = "samples" if steps == 1 else f"blocks of {steps} samples"
        text = f"{len(self.seconds)} {units}, {median * 1e6:.0f} us each (median), {p99 * 1e6:.0f} us (p99)"
        if rate_hz:
            between, unit = steps / rate_hz, "samples" if steps == 1 else "blocks"
            late = sum(seconds > between for seconds in self.seconds)
            text += f"; {median / between:.1%} of the time between two {unit}, {late} took longer than that"
        return text

    def _said(self, output: Array) -> list[Array]:
        """What the first output says: of each sample of a block, `[steps, outputs]`, or once."""
        steps, timed = self.stream.steps, self.model.timed[0]
        is_each = timed if timed is not None else output.ndim > 1 and len(output) == steps
        return [np.atleast_1d(each) for each in output] if steps > 1 and is_each else [output]

    def _label(self, output: Array) -> str | None:
        if output.size == 1:
            return None
        at = int(output.argmax())
        labels = self.model.labels
        return labels[at] if labels is not None and at < len(labels) else str(at)


def report(
    classifier: Classifier, samples: Iterable[Array | None], every: int, rate_hz: float | None
) -> None:
    """Print each `every`-th answer to stdout as it comes, and the summary to stderr.

    Ctrl-C ends the stream, and so does the end of the program that reads ours, as in `| head`.
    """
    try:
        for number, step in enumerate(classifier.run(samples)):
            if number % every == 0:
                print(step, flush=True)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would flush into the pipe
    print(classifier.summary(rate_hz), file=sys.stderr)
