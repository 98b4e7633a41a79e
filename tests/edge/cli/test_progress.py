"""A conversion says what it is doing where somebody watches or asks, and nothing elsewhere."""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path

import keras
import numpy as np
import pytest

from edge.convert import convert
from edge.convert.stages import stages_of
from tests.helpers.command_line import run
from tests.helpers.keras_models import motion, randomised

pty = pytest.importorskip("pty", reason="a terminal of this system")


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return randomised(keras.Sequential([keras.Input((12, 6)), keras.layers.LSTM(4), keras.layers.Dense(3)]))


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_python_is_told_where_it_asks(
    quantize: str | None, model: keras.Model, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[int, int, str]] = []
    convert(model, tmp_path / "m.tflite", quantize, motion(40, 12), progress=lambda *what: told.append(what))
    stages = stages_of(quantize)
    shares = [what[2] for what in told if what[2] not in stages]
    assert shares == ([f"calibrating, {share} %" for share in range(10, 100, 10)] if quantize else [])
    told = [what for what in told if what[2] in stages]
    assert told == [(done, len(stages), stage) for done, stage in enumerate(stages)]
    assert capfd.readouterr() == ("", "")


def test_an_error_of_who_asks_is_their_own(model: keras.Model, tmp_path: Path) -> None:
    def stop(done: int, total: int, stage: str) -> None:
        if done == total - 1:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="^enough$"):
        convert(model, tmp_path / "m.tflite", progress=stop)
    with pytest.raises(TypeError, match="progress is a function of three arguments.*received True"):
        convert(model, tmp_path / "m.tflite", progress=True)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_it_on_a_terminal_alone(
    model: keras.Model, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", motion(40, 12))
    files = (tmp_path / "m.keras", "-o", tmp_path / "m.tflite", "--data", tmp_path / "x.npy")
    command = ("convert", *files, "--quantize", "int8", "--json", "-")
    (code, out, err), shown = watched(*command)
    assert (code, err) == (0, "")
    assert out.startswith("{\n")
    assert [stage for stage in stages_of("int8") if stage not in shown] == []
    capfd.readouterr()
    assert run(*command)[0] == 0
    assert capfd.readouterr() == ("", "")


def watched(*command: object) -> tuple[tuple[int, str, str], str]:
    """How a command ended whose stderr is a terminal, and what that shows at last."""
    ours, theirs = pty.openpty()
    shown: list[bytes] = []

    def look() -> None:
        with suppress(OSError):  # when nobody writes any more
            while True:
                shown.append(os.read(ours, 4096))

    watcher = threading.Thread(target=look)
    watcher.start()
    before = os.dup(2)
    os.dup2(theirs, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm-256color")
        try:
            ended = run(*command)
        finally:
            os.dup2(before, 2)
            os.close(before)
            os.close(theirs)
    watcher.join()
    os.close(ours)
    return ended, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(shown).decode())
