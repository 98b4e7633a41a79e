"""Every message that docs/messages.md quotes is one that the installed packages can give."""

from __future__ import annotations

import importlib.util
import mmap
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

pytestmark = pytest.mark.site
QUOTED = re.findall(
    r"^```text title=\"([^\"\n]+)\"\n(.*?)\n```$",
    (ROOT / "docs" / "messages.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
# Who prints it: the package, and the files in it that may hold the words.
PRINTERS = {
    "TensorFlow": ("tensorflow", ("libtensorflow_*.so*", "lite/python/*.py", "compiler/mlir/**/*.so")),
    "LiteRT": ("ai_edge_litert", ("*.so",)),
    "tflite-runtime": ("tflite_runtime", ("*.so",)),
    "TensorFlow Lite Micro": ("tflite_micro", ("python/tflite_micro/*.so",)),
    "Keras": ("keras", ("src/**/*.py",)),
}
# Put together while a program runs, by these words or beside others; each was provoked by hand.
WORDS = {
    "Could not locate class 'LSTMPlus'.": "Make sure custom classes and ",
    "ValueError: vector::reserve": "vector::reserve",
    "expected 3 variables, but received 0 variables during loading": "variables during loading",
    "Unrecognized keyword arguments passed to LSTM": "Unrecognized keyword arguments",
    "expected ndim=3, found ndim=2": "found ndim=",
    "Cannot set tensor: Dimension mismatch. Got … but expected … for dimension … of input 0.": (
        "Cannot set tensor: Dimension mismatch"
    ),
    "'tf.TensorListReserve' op requires element_shape to be static during TF Lite transformation pass": (
        "requires element_shape to be static during TF Lite transformation pass"
    ),
}


def files(printer: str) -> Iterator[Path]:
    package, patterns = PRINTERS[printer]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    for folder in spec.submodule_search_locations:
        for pattern in patterns:
            yield from Path(folder).glob(pattern)


def holds(path: Path, words: bytes) -> bool:
    if not path.stat().st_size:
        return False
    if path.suffix == ".py":  # a sentence may be written in several pieces
        return words in re.sub(rb"[\"']\s*[rf]*[\"']", b"", path.read_bytes())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(words) >= 0


def beside_another_edge(message: str, folder: Path) -> str:
    """What Python says in a folder with a file edge.py, or with a folder edge."""
    start = ["-c", "import edge.convert" if "convert" in message else "import edge; edge.load"]
    if "__main__" in message:
        (folder / "edge").mkdir()
        (folder / "edge" / "__init__.py").touch()
        start = ["-S", "-m", "edge"]  # an editable install would lend it ours
    else:
        (folder / "edge.py").touch()
    command = [sys.executable, *start]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stderr


def test_there_are_messages() -> None:
    assert len(QUOTED) > 25
    assert {printer for printer, _ in QUOTED} == {*PRINTERS, "Python", "the shell"}


@pytest.mark.parametrize(("printer", "message"), QUOTED, ids=[message[:40] for _, message in QUOTED])
def test_it_is_in_what_prints_it(printer: str, message: str, tmp_path: Path) -> None:
    if printer == "Python":
        assert message in beside_another_edge(message, tmp_path)
        return
    if printer == "the shell":
        pytest.skip("a signal, which the shell names")
    pieces = [WORDS[message]] if message in WORDS else [each.strip(" '.") for each in message.split("…")]
    found = list(files(printer))
    missing = [piece for piece in pieces if piece and not any(holds(path, piece.encode()) for path in found)]
    assert missing == []
