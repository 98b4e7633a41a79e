"""A file `edge.py` of the user's: the commands work beside it, or say in a sentence what is in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.device_files import model_file
from tests.helpers.places import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "edge.py").write_text("print('stray')\n")
    return tmp_path


def start(folder: Path, *arguments: str, path: str = str(ROOT)) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_command_measures_beside_it(folder: Path) -> None:
    """The console command's script has its own folder first on its path; so have the processes it starts."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import lstm_edge; lstm_edge.main()"
    arguments = ("benchmark", str(model_file("reset")), "--runs", "1", "--json", "-")
    done = start(folder, "-c", code, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "stray" not in done.stdout
    version = start(folder, "-c", code, "--version").stdout
    assert version.startswith("keras-lstm-plus ")


def test_the_command_says_what_is_in_the_way(folder: Path) -> None:
    done = start(folder, "-m", "lstm_edge", "--version")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: {folder / 'edge.py'} hides the package edge of keras-lstm-plus: Python finds it first. "
        "Rename it, or start from another folder.\n"
    )


def test_what_the_page_of_messages_says_of_python(folder: Path) -> None:
    """Nothing of ours runs there to say anything; the ways out that the page names do."""
    hidden = start(folder, "-m", "edge", "--version")
    assert (hidden.returncode, hidden.stdout, hidden.stderr) == (0, "stray\n", "")
    if sys.version_info >= (3, 11):
        assert start(folder, "-P", "-m", "edge", "--version").stdout.startswith("keras-lstm-plus ")
    page = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    assert all(words in page for words in ("### Another edge", "`python -P -m edge`", "`lstm-edge`"))


def test_the_layer_warns_of_it(folder: Path) -> None:
    """By its module alone: Keras takes seconds to import."""
    code = (
        "import runpy, sys; sys.path.insert(0, ''); "
        f"runpy.run_path({str(ROOT / 'keras_lstm_plus' / 'hidden.py')!r})['warn_of_another_edge']()"
    )
    assert (
        f"{folder / 'edge.py'} hides the package edge of keras-lstm-plus" in start(folder, "-c", code).stderr
    )
    (folder / "edge.py").unlink()
    assert start(folder, "-c", code).stderr == ""
    assert "warn_of_another_edge()" in (ROOT / "keras_lstm_plus" / "__init__.py").read_text(encoding="utf-8")
