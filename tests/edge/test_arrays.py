"""Tables as inputs: what a row is, by what the input takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.arrays import End, as_input, read_arrays, read_table
from tests.helpers.command_line import run
from tests.helpers.keras_models import motion, two_layers

TABLE = np.arange(14.0).reshape(7, 2)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((None, None, 2), TABLE[None]),
        ((-1, 3, 2), TABLE[:6].reshape(2, 3, 2)),
        ((1, 1, 2), TABLE[None]),
        ((None, 2), TABLE),
    ],
)
def test_a_row_is_a_step_or_a_sample(shape: tuple[int | None, ...], wanted: np.ndarray) -> None:
    np.testing.assert_array_equal(as_input(TABLE, End("x", shape), "x.csv"), wanted)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((None, 8, 2), "has 7 rows, and input 'x' takes 8 steps"),
        ((None, None, 3), r"has 2 columns, and input 'x' takes 3: \[any, any, 3\]"),
        ((None, 4, 4, 2), r"give a .npy file of that shape"),
    ],
)
def test_what_does_not_fit_is_a_sentence(shape: tuple[int | None, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        as_input(TABLE, End("x", shape), "x.csv")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("a,b\n1,2\n3,4\n", [[1, 2], [3, 4]]), ("\ufeff1,2\n\n3,4", [[1, 2], [3, 4]]), ("5\n6", [[5], [6]])],
)
def test_names_marks_and_empty_lines(text: str, wanted: list[list[float]], tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_table(tmp_path / "x.csv"), wanted)


@pytest.mark.parametrize("text", ["1,x\n2,3", "1,2\n3", "a,b\n"])
def test_a_bad_cell_is_not_taken_for_a_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match=r"x\.csv (is no table|has no row)"):
        read_arrays([tmp_path / "x.csv"])


def test_commands_of_the_workstation_take_a_recording(tmp_path: Path) -> None:
    """The same file and the same figures as from the array that the table stands for."""
    recording = motion(1, 60)[0]
    two_layers("standard").save(tmp_path / "m.keras")
    np.savetxt(tmp_path / "x.csv", recording, delimiter=",", fmt="%.9g")
    np.save(tmp_path / "x.npy", recording[None])
    errors, verified = [], []
    for data in ("x.csv", "x.npy"):
        path = tmp_path / f"{data}.tflite"
        given = ("--data", tmp_path / data, "--json", "-")
        code, out, err = run("convert", tmp_path / "m.keras", "-o", path, "--quantize", "dynamic", *given)
        assert (code, err) == (0, "")
        errors.append(json.loads(out)["errors"])
        code, out, _ = run("verify", tmp_path / "m.keras", path, "--drift-steps", 0, *given)
        verified.append((code, json.loads(out)["outputs"], json.loads(out)["samples"]))
    assert errors[0] == errors[1]
    assert verified[0] == verified[1]
    assert verified[0][2] == 1
