"""The page of the commands, typed from top to bottom in an empty folder."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_lstm_plus import LSTMPlus
from tests.helpers.places import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
TYPED = re.findall(r"^python (-m edge .+)$", PAGE, re.MULTILINE)
ELSEWHERE = ("--ssh", "--adb", "serve")  # needs a Pi, a phone, or somebody who ends it: tests of their own


@pytest.mark.slow
def test_the_commands_follow_one_another(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=300)
    time = np.arange(50)[:, None] / 50
    waves = [np.sin(2 * np.pi * ((3 + 2 * each) * time + rng.uniform(size=6))) for each in y]
    x = (np.stack(waves) + rng.normal(0, 0.2, (300, 50, 6))).astype("float32")
    outputs = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.Input((None, 6)), LSTMPlus(16, variant="peephole"), outputs])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=8, verbose=0)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    assert len(TYPED) > 15
    for line in TYPED:
        if any(word in line.split() for word in ELSEWHERE):
            continue
        done = subprocess.run(
            [sys.executable, *shlex.split(line)], cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if "here.json" in line:
            shutil.copy(tmp_path / "here.json", tmp_path / "pi.json")
    assert {"report", "card.md", "stream.tflite"} <= {each.name for each in tmp_path.iterdir()}
