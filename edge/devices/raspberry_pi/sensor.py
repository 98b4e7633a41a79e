"""Run a model on a motion sensor, live.

python -m edge.devices.raspberry_pi.sensor model.tflite --sensor mpu6050
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edge.devices.raspberry_pi.classify import Classifier, report
from edge.devices.raspberry_pi.sensors import SENSORS, replay, samples
from edge.devices.raspberry_pi.stream import parser, rate


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = parser(__doc__)
    source = options.add_mutually_exclusive_group(required=True)
    source.add_argument("--sensor", choices=sorted(SENSORS), help="the sensor on the I2C bus")
    source.add_argument(
        "--replay", type=Path, metavar="FILE", help="a recording in its place, a sample a line"
    )
    options.add_argument(
        "--rate", type=rate, default=50.0, metavar="HZ", help="samples a second (default 50)"
    )
    given = options.parse_args(arguments)
    try:
        classifier = Classifier(given.model, given.runtime)
        found: Iterator[Any] = (
            replay(given.replay, given.rate)
            if given.replay is not None
            else samples(SENSORS[given.sensor](given.rate))  # type: ignore[call-arg]
        )
        report(classifier, found, given.every, given.rate)
    except (ValueError, TypeError, ImportError, OSError) as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
