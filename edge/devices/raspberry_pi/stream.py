"""Run a model on samples from a file or a pipe.

python -m edge.devices.raspberry_pi.stream model.tflite < samples.csv
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from edge.devices.raspberry_pi.classify import Classifier, report
from edge.devices.raspberry_pi.readings import paced, read_samples


def parser(about: str | None) -> argparse.ArgumentParser:
    """The options that all examples share."""
    options = argparse.ArgumentParser(description=about)
    options.add_argument("model", type=Path, help='a file converted with state="carry" or "explicit"')
    options.add_argument("--every", type=positive, default=1, metavar="N", help="print each N-th answer only")
    options.add_argument("--runtime", help="ai-edge-litert or tflite-runtime; else the best installed")
    return options


def positive(text: str) -> int:
    """A positive integer of an option."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive integer")
    return int(text)


def rate(text: str) -> float:
    """A rate of an option, samples a second."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate; give samples a second, like 50")
    return value


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = parser(__doc__)
    options.add_argument("samples", nargs="?", type=Path, help="a text file, a sample a line; else stdin")
    options.add_argument("--rate", type=rate, metavar="HZ", help="feed the samples at this pace")
    given = options.parse_args(arguments)
    try:
        classifier = Classifier(given.model, given.runtime)
        source = nullcontext(sys.stdin) if given.samples is None else given.samples.open(encoding="utf-8-sig")
        with source as lines:
            samples = read_samples(lines, str(given.samples or "stdin"))
            report(classifier, paced(samples, given.rate) if given.rate else samples, given.every, given.rate)
    except (ValueError, TypeError, ImportError, OSError) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
