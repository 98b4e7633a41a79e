"""One pair of people held out: train on the others, write the files, judge everything on the pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from examples.common.files import predict_file, write_files
from examples.exercise_recognition.data import CLASSES, SUBJECTS, cut_windows, load_recordings
from examples.exercise_recognition.files import calibration_windows, score, write_stock_file
from examples.exercise_recognition.report import Row
from examples.exercise_recognition.train import HOP, WINDOW, train


class Outcome(NamedTuple):
    """What was found for one pair of unseen people.

    Attributes:
        rows: one for every model and file.
        histories: of the training of each variant: accuracy and loss after every epoch.
    """

    rows: list[Row]
    histories: dict[str, dict[str, list[float]]]


def run(
    unseen: tuple[int, ...],
    variants: Sequence[str],
    epochs: int,
    seed: int,
    folder: Path,
    data_dir: Path | None,
    console: Console,
) -> Outcome:
    """Train, convert and judge.

    Args:
        unseen: the people held out; all others are learned from.
        variants: of `LSTMPlus`; the first is the one that the stock file is made of too.
        epochs: of training.
        seed: of everything that is drawn.
        folder: for the files; it is made if it is missing.
        data_dir: where TFDS keeps the recordings.
        console: where the progress is shown.
    """
    folder.mkdir(exist_ok=True)
    seen_recordings = load_recordings([subject for subject in SUBJECTS if subject not in unseen], data_dir)
    recordings = load_recordings(unseen, data_dir)
    windows = cut_windows(recordings, WINDOW, HOP)
    calibration = calibration_windows(seen_recordings, seed)
    console.print(
        f"\nUnseen: subjects {', '.join(map(str, unseen))} ({len(windows.x)} windows). "
        f"Learning from the {len(seen_recordings)} recordings of the others."
    )
    rows: list[Row] = []

    def judge(network: str, form: str, probabilities: np.ndarray, path: Path | None = None) -> None:
        rows.append(Row(network, form, unseen, score(probabilities, windows, recordings), path))

    # For `python -m edge verify` and other questions to the models.
    np.save(folder / "windows.npy", windows.x)
    np.save(folder / "labels.npy", windows.label)
    histories = {}
    for variant in variants:
        model, histories[variant] = train(variant, seen_recordings, windows, epochs, seed, console)
        with console.status(f"{variant}: writing the files, and asking each about the unseen people"):
            if variant == variants[0]:
                stock = write_stock_file(model, folder / "stock_float.tflite")
                judge("Keras LSTM", "stock float", predict_file(stock, windows.x), stock)
            judge(variant, "Keras", model.predict(windows.x, batch_size=256, verbose=0))
            for kind, path in write_files(model, variant, folder, calibration, labels=CLASSES).items():
                judge(variant, kind, predict_file(path, windows.x), path)
    return Outcome(rows, histories)
