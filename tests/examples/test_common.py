"""What the examples share: errors in one sentence, whole files, tables and bars that are right."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from rich.console import Console

from examples.__main__ import HERE, how_it_ended, names
from examples.common import command, data, files, pictures, tables
from examples.common.progress import TrainingBar
from keras_lstm_plus import LSTMPlus
from tests.helpers.example_runs import without_tensorflow
from tests.helpers.places import ROOT

SKELETON = ("__main__", "network", "train", "experiment", "files", "report", "pictures")


def small_model() -> keras.Model:
    inputs = keras.Input((None, 3))
    return keras.Model(inputs, keras.layers.Dense(2, name="answer")(LSTMPlus(5, name="memory")(inputs)))


# -- the command -------------------------------------------------------------------------------------------


def test_a_missing_package_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r'needs no_such_package: pip install "\.\[examples\]"'):
        command.begin(tmp_path, needed=["no_such_package"])


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(SystemExit, match="Nothing can be written to --out .*taken"):
        command.begin(tmp_path / "taken")


def test_the_noise_of_libraries_is_swallowed_and_ours_is_not() -> None:
    code = (
        "import os; from edge.quiet import quiet\n"
        "with quiet(BaseException): os.write(2, b'noise')\n"
        "os.write(2, b'ours')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stderr, done.returncode) == ("ours", 0)


@pytest.mark.parametrize("name", names())
def test_help_is_shown_without_tensorflow(name: str) -> None:
    done = without_tensorflow(name, "--help")
    assert done.returncode == 0, done.stderr
    for option in ("--quick", "--out", "--seed"):
        assert option in done.stdout


def test_an_unknown_example_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples", "nonsense"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "There is no example nonsense; there are " in done.stderr
    assert "exercise_recognition" in done.stderr


@pytest.mark.parametrize("name", names())
def test_every_example_has_a_readme_and_a_place_in_the_gallery(name: str) -> None:
    readme = (HERE / name / "README.md").read_text(encoding="utf-8")
    assert f"examples.{name}" in readme
    assert f"({name}/README.md)" in (HERE / "README.md").read_text(encoding="utf-8")


# The tagger is what language_model is taught by: no file of it goes to a device.
@pytest.mark.parametrize("name", sorted({*names()} - {"tagger"}))
def test_every_example_has_the_same_rooms(name: str) -> None:
    data = "tasks/task.py" if name == "timing" else "data.py"
    for room in (data, *(f"{room}.py" for room in SKELETON)):
        assert (HERE / name / room).is_file(), room


@pytest.mark.parametrize("readme", [HERE / "README.md", *(HERE / name / "README.md" for name in names())])
def test_every_picture_and_file_that_a_readme_shows_is_there(readme: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text(encoding="utf-8")):
        assert (readme.parent / link).exists(), f"{readme}: {link}"


# -- the files ---------------------------------------------------------------------------------------------


def test_files_of_every_kind_answer_as_the_model_does(tmp_path: Path) -> None:
    model = small_model()
    x = np.random.default_rng(1).normal(size=(6, 9, 3)).astype("f")
    paths = files.write_files(model, "tiny", tmp_path / "new" / "folder", x)
    assert {path.name for path in paths.values()} == {f"tiny_{kind}.tflite" for kind in files.KINDS}
    expected = model.predict(x, verbose=0)
    for kind, path in paths.items():
        tolerance = 1e-5 if kind == "float" else 0.1 * expected.std()
        np.testing.assert_allclose(files.predict_file(path, x), expected, atol=tolerance)
    np.testing.assert_allclose(
        keras.models.load_model(tmp_path / "new" / "folder" / "tiny.keras").predict(x, verbose=0), expected
    )
    timing = files.timed(list(paths.values()), Console(file=io.StringIO()), length=5, runs=3)
    cost = files.costs(timing)
    first, *others = (cost[str(path)] for path in paths.values())
    assert first.speed == 1.0
    assert first.size == pytest.approx(paths["float"].stat().st_size / 1024)
    assert all(other.latency * other.speed == pytest.approx(first.latency) for other in others)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"x": [1]})
    files.write_json(tmp_path / "a.json", {"x": [2]})
    assert (tmp_path / "a.json").read_text().split() == ["{", '"x":', "[", "2", "]", "}"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


# -- the data ----------------------------------------------------------------------------------------------


def test_a_copy_is_found_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(data.VARIABLE, str(tmp_path))
    assert data.local_copy("archive.tgz") is None
    (tmp_path / "tfds_manual").mkdir()
    (tmp_path / "tfds_manual" / "archive.tgz").write_text("")
    assert data.local_copy("archive.tgz") == tmp_path / "tfds_manual" / "archive.tgz"
    (tmp_path / "archive.tgz").write_text("")
    assert data.local_copy("archive.tgz") == tmp_path / "archive.tgz"


def test_without_a_copy_a_server_that_cannot_be_reached_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(data.VARIABLE, str(tmp_path))
    url = "https://nowhere.invalid/brown.zip"
    with pytest.raises(FileNotFoundError, match=rf"brown.zip is not on this machine.*{data.VARIABLE}"):
        data.copy_of(url, "brown.tgz", "brown.zip")
    (tmp_path / "brown.zip").write_text("")
    assert data.copy_of(url, "brown.tgz", "brown.zip") == tmp_path / "brown.zip"


# -- what is shown -----------------------------------------------------------------------------------------


def shown(renderable: object) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_table_has_its_cells_and_a_line_where_a_row_is_empty() -> None:
    text = shown(tables.table("Title", ["name", "value"], [["a", "1"], [], ["b", "2.25"]]))
    lines = text.splitlines()
    assert lines[0].startswith("Title")
    assert any(line.startswith("├") for line in lines)
    assert next(line for line in lines if "│ a " in line).rstrip().endswith("   1 │")
    assert tables.price(None) == ["", "", ""]
    assert tables.price(files.Cost(12.34, 0.5, 2)) == ["12.3", "0.500", "2.00x"]


def test_a_training_in_a_log_file_says_a_line_now_and_then() -> None:
    console = Console(file=io.StringIO(), width=100)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", jit_compile=False)
    x, y = np.zeros((8, 3), "f"), np.zeros((8, 2), "f")
    with TrainingBar("tiny", 20, 2, console, lambda logs: f"loss {logs['loss']:.1f}") as bar:
        model.fit(x, y, epochs=20, batch_size=4, callbacks=[bar], verbose=0)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split()[2] for line in lines] == ["3/20", "6/20", "9/20", "12/20", "15/20", "18/20", "20/20"]
    assert all("loss 0." in line for line in lines)
    assert bar.progress.tasks[0].finished


def test_labels_at_the_ends_of_lines_do_not_overlap() -> None:
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

    axes = Figure().subplots()
    axes.set_ylim(0, 1)
    pictures.label_ends(axes, [(0.5, "a", "k"), (0.5, "b", "k"), (0.9, "c", "k")])
    heights = sorted(text.xyann[1] for text in axes.texts if isinstance(text, Annotation))
    assert heights[-1] == 0.9
    assert min(np.diff(heights)) >= 0.05 - 1e-9


@pytest.mark.parametrize(("values", "text"), [([0.9], "90%"), ([0.899, 0.926], "90 to 93%")])
def test_a_span_of_shares(values: list[float], text: str) -> None:
    assert pictures.span(values) == text


def test_missing_data_is_no_failure_in_small(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for quick, code in ((True, 0), (False, "brown.zip is nowhere")):
        with pytest.raises(SystemExit) as end:
            command.without_data(FileNotFoundError("brown.zip is nowhere"), quick)
        assert end.value.code == code
    printed = capsys.readouterr().out
    assert printed == "Nothing was run. brown.zip is nowhere\n"
    (tmp_path / "printed.txt").write_text(printed)
    assert how_it_ended(0, tmp_path) == "left out: no data"
    assert how_it_ended(1, tmp_path) == "exit 1"
    (tmp_path / "printed.txt").write_text("a table\n")
    assert how_it_ended(0, tmp_path) == "well"
