"""The networks as files: what each still adds, its size and its time, grid beside stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from edge.convert import ConversionError
from examples.common.files import KINDS as NUMBERS
from examples.common.files import predict_file, write_files
from examples.grid.data import right, written
from examples.grid.experiment import Run, better, place
from examples.grid.train import Lesson

CALIBRATION = 200  # sums


class FileRow(NamedTuple):
    """One network in one form.

    Attributes:
        name: of its kind; numbers: of the file, or Keras.
        path: of the file; None: Keras itself, or refused.
        whole: the share of sums held out that it gets right; None: refused, and `refused` says why.
    """

    name: str
    numbers: str
    path: Path | None
    whole: float | None
    refused: str | None = None


def write_and_judge(runs: Sequence[Run], what: Lesson, folder: Path, out: Path) -> list[FileRow]:
    """The best network of each kind as files, each asked for the sums that were held out."""
    x, y = written(what.asked, what.digits)
    shown = written(what.learned[:CALIBRATION], what.digits).x
    rows: list[FileRow] = []
    for name in dict.fromkeys(run.name for run in runs):
        best = better([run for run in runs if run.name == name])
        kept = place(folder, best.name, best.seed, best.rate)
        model = keras.models.load_model(kept.with_suffix(".keras"))
        rows.append(FileRow(name, "Keras", None, right(model.predict(x, verbose=0), y)[1]))
        for numbers in NUMBERS:
            file = kept.name.rpartition("-")[0].rpartition("-")[0]
            try:
                path = write_files(model, file, out, shown, kinds=[numbers])[numbers]
            except (ConversionError, ValueError) as error:
                rows.append(FileRow(name, numbers, None, None, str(error)))
                continue
            answers = np.concatenate([predict_file(path, part) for part in np.array_split(x, 10)])
            rows.append(FileRow(name, numbers, path, right(answers, y)[1]))
    return rows
