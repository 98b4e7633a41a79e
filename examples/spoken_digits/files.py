"""From a trained network to files: for single clips, for streams, and the settings that belong to both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from edge.aliases import Array
from edge.convert import convert
from examples.common.files import write_files
from examples.spoken_digits.bank import Bank
from examples.spoken_digits.scenes import Scenes
from examples.spoken_digits.settings import FRONT_END, LABELS, write_front_end

CALIBRATION = 8  # batches of scenes for the ranges of the int8 files


def write(
    model: keras.Model, folder: Path, calibration: Array, kinds: Sequence[str]
) -> tuple[dict[str, Path], dict[str, Path]]:
    """The settings of the front end; files for whole sequences, and all but float for streams, by kind."""
    write_front_end(folder / FRONT_END)
    streams = {kind: folder / f"digits_stream_{kind}.tflite" for kind in kinds if kind != "float"}
    for kind, path in streams.items():
        convert(model, path, kind, calibration, "carry", labels=LABELS)
    return write_files(model, "digits", folder, calibration, kinds, labels=LABELS), streams


def calibration_scenes(bank: Bank, seed: int) -> Array:
    """Scenes that were not trained on, of the people seen, `[scenes, FRAMES, mels]`."""
    scenes = Scenes(bank, 32, CALIBRATION, seed + 1)
    return np.concatenate([scenes[index][0] for index in range(CALIBRATION)])
