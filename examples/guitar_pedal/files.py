"""What a run leaves behind: the network as files for a stream, and sounds to listen to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from examples.common.files import write_files
from examples.guitar_pedal.data import Pair, write_wav
from examples.guitar_pedal.report import Row

LENGTH = 1024  # samples of a stretch that ranges are taken from
STRETCHES = 200


def write(model: keras.Model, seen: Sequence[Pair], seed: int, folder: Path) -> dict[str, Path]:
    """A file of each kind that carries its state from block to block; int8 has its ranges from the guitar."""
    cut = [pair.dry[: len(pair.dry) // LENGTH * LENGTH].reshape(-1, LENGTH, 1) for pair in seen]
    stretches = np.concatenate(cut)
    chosen = np.random.default_rng(seed).permutation(len(stretches))[:STRETCHES]
    return write_files(model, "pedal", folder, stretches[chosen], state="carry")


def write_sounds(rows: Sequence[Row], unseen: Pair, folder: Path) -> None:
    """`listen_NAME.wav`: the guitar, the pedal, the filter in the first row, and what every file makes."""
    sounds = {"dry": unseen.dry, "wet": unseen.wet, "linear": rows[0].sound}
    for name, sound in {**sounds, **{row.form: row.sound for row in rows if row.path}}.items():
        write_wav(folder / f"listen_{name}.wav", sound)
