"""The recordings: a `tensorflow_datasets` builder of our own, and windows cut from what it serves.

Ten people did seven shoulder exercises, 20 repetitions each, once with the watch on the left wrist and once
on the right: 140 recordings of 19 to 52 seconds (Burns et al. 2018, https://arxiv.org/abs/1802.01489).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from edge.aliases import Array

SAMPLE_RATE = 50  # samples a second
CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")  # acceleration in g, then turning rate in rad/s
SIDES = ("left", "right")
SUBJECTS = tuple(range(1, 11))
# Who is held out together; the default run holds out the last.
FOLDS = ((1, 2), (3, 4), (5, 6), (7, 8), (9, 10))
# Short name, as the recordings have it, and what it stands for.
EXERCISES = {
    "PEN": "pendulum",
    "ABD": "abduction",
    "FEL": "forward elevation",
    "IR": "internal rotation",
    "ER": "external rotation",
    "TRAP": "trapezius extension",
    "ROW": "upright row",
}
CLASSES = tuple(EXERCISES)


class Recording(NamedTuple):
    """One person doing one exercise with the watch on one wrist.

    Attributes:
        series: `[time, 6]` float32, the columns of `CHANNELS` at `SAMPLE_RATE`.
        label: index into `CLASSES`.
        subject: one of `SUBJECTS`.
        side: index into `SIDES`.
    """

    series: Array
    label: int
    subject: int
    side: int


class Windows(NamedTuple):
    """Pieces of equal length: `x [n, time, 6]` float32, `label [n]`, `recording [n]` (whose piece it is)."""

    x: Array
    label: Array
    recording: Array


class SmartwatchPhysiotherapy(tfds.core.GeneratorBasedBuilder):
    """The recordings as a TFDS data set with one split a person, so that people can be held out by name.

    Example:
        >>> train = tfds.load("smartwatch_physiotherapy", split="subject_1+subject_2")  # doctest: +SKIP
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Shoulder exercises seen by a smartwatch: accelerometer and gyroscope at 50 Hz.",
            homepage="https://arxiv.org/abs/1802.01489",
            features=tfds.features.FeaturesDict(
                {
                    "series": tfds.features.Tensor(shape=(None, len(CHANNELS)), dtype=np.float32),
                    "label": tfds.features.ClassLabel(names=CLASSES),
                    "subject": np.int64,
                    "side": tfds.features.ClassLabel(names=SIDES),
                }
            ),
            supervised_keys=("series", "label"),
        )

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
        del dl_manager  # nothing is downloaded
        # The file is a pickled dictionary; it is trusted as the rest of the installed package is.
        source = np.load(recordings_file(), allow_pickle=True).item()
        return {_split(subject): self._generate_examples(source, subject) for subject in SUBJECTS}

    def _generate_examples(self, source: Any, subject: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for key in np.flatnonzero(source["subject"] == subject):
            yield (
                int(key),
                {
                    "series": source["X"][key].astype(np.float32),
                    "label": int(source["y"][key]),
                    "subject": subject,
                    "side": int(source["side"][key]),  # 0: left, 1: right
                },
            )


def recordings_file() -> Path:
    """Where the recordings are: inside the package seglearn, found without importing it (and scikit-learn).

    Raises:
        FileNotFoundError: seglearn is not installed, or came without its data.
    """
    package = find_spec("seglearn")
    folders = (package.submodule_search_locations if package else None) or []
    for folder in folders:
        file = Path(folder) / "data" / "watch_dataset.npy"
        if file.is_file():
            return file
    raise FileNotFoundError(
        "The smartwatch recordings come inside the package seglearn, which is not installed here: "
        'pip install ".[examples]"'
    )


def load_recordings(subjects: Sequence[int], data_dir: str | Path | None = None) -> list[Recording]:
    """The recordings of some people, through `tfds.load`.

    Args:
        subjects: some of `SUBJECTS`.
        data_dir: where TFDS keeps the prepared set; None: its own choice, ~/tensorflow_datasets. The first
            call prepares it there, in seconds and without a network.

    Raises:
        FileNotFoundError: see `recordings_file`.
    """
    recordings_file()  # so that a missing package is said before TFDS starts to prepare
    tfds.disable_progress_bar()
    split = "+".join(_split(subject) for subject in subjects)
    data = tfds.load("smartwatch_physiotherapy", split=split, data_dir=data_dir and str(data_dir))
    return [
        Recording(row["series"], int(row["label"]), int(row["subject"]), int(row["side"]))
        for row in tfds.as_numpy(data)
    ]


def cut_windows(recordings: Sequence[Recording], length: int, hop: int) -> Windows:
    """Every window of `length` samples that starts at a multiple of `hop` and ends within its recording."""
    starts = [
        (number, start)
        for number, recording in enumerate(recordings)
        for start in range(0, len(recording.series) - length + 1, hop)
    ]
    return Windows(
        x=np.stack([recordings[number].series[start : start + length] for number, start in starts]),
        label=np.array([recordings[number].label for number, _ in starts]),
        recording=np.array([number for number, _ in starts]),
    )


def _split(subject: int) -> str:
    return f"subject_{subject}"
