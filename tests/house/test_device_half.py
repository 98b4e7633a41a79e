"""The device half alone: numpy and a runtime, nothing of the workstation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

import edge
from tests.helpers.device_files import model_file, sequences
from tests.helpers.places import ROOT

WORKSTATION = ("tensorflow", "keras", "flatbuffers", "keras_lstm_plus", "edge.convert")
RUNTIMES = ("ai_edge_litert", "tflite_runtime")

# Put into the way of every import in a process: those names are not to be had.
BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if any(name == banned or name.startswith(banned + '.') for banned in {banned!r}):
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name.split('.')[0])
sys.meta_path.insert(0, Block())
"""


def run(
    code: str, *arguments: str, banned: tuple[str, ...], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A fresh Python in which `banned` cannot be imported."""
    return subprocess.run(
        [sys.executable, "-c", BLOCK.format(banned=banned) + code, *arguments],
        capture_output=True,
        text=True,
        cwd=folder or ROOT,
    )


def run_module(*arguments: str, banned: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """The same for `python -m edge`."""
    code = "import runpy; sys.argv[0] = 'edge'; runpy.run_module('edge', run_name='__main__')"
    return run(code, *arguments, banned=banned)


def test_the_block_blocks() -> None:
    for name in WORKSTATION:
        assert "No module named" in run(f"import {name}", banned=WORKSTATION).stderr


def test_a_device_needs_nothing_of_the_workstation(tmp_path: Path) -> None:
    code = (
        "import numpy as np, edge\n"
        "_, folder, reset, carry = sys.argv\n"
        "x = np.load(folder + '/x.npy')\n"
        "stream = edge.load(carry).stream()\n"
        "np.save(folder + '/y.npy', edge.load(reset).predict(x))\n"
        "np.save(folder + '/steps.npy', [stream.step(step) for step in x[0]])\n"
    )
    x = sequences(2)
    np.save(tmp_path / "x.npy", x)
    result = run(
        code,
        str(tmp_path),
        str(model_file("reset")),
        str(model_file("carry")),
        banned=(*WORKSTATION, "rich"),
    )
    assert result.returncode == 0, result.stderr
    wanted = edge.load(model_file("reset")).predict(x)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), wanted, atol=1e-6)
    np.testing.assert_allclose(np.load(tmp_path / "steps.npy"), wanted[0], atol=1e-6)


def test_importing_needs_numpy_only() -> None:
    code = (
        "import numpy\n"
        "before = set(sys.modules)\n"
        "import edge\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)))\n"
    )
    result = run(code, banned=(*WORKSTATION, *RUNTIMES, "rich"))
    assert result.stdout.strip() == "['edge']", result.stdout + result.stderr


def test_without_a_runtime_one_sentence_names_both() -> None:
    result = run("import edge; edge.load(sys.argv[1])", str(model_file("reset")), banned=RUNTIMES)
    message = result.stderr.strip().splitlines()[-1]
    assert message.startswith("ImportError: No TensorFlow Lite runtime can be imported")
    assert "pip install ai-edge-litert" in message
    assert "pip install tflite-runtime" in message
    one = run(
        "import edge; edge.load(sys.argv[1], runtime='tflite-runtime')",
        str(model_file("reset")),
        banned=RUNTIMES,
    )
    assert "The runtime tflite-runtime cannot be imported (tflite-runtime: not installed)" in one.stderr


def test_a_broken_runtime_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ai_edge_litert").mkdir()
    (tmp_path / "ai_edge_litert" / "__init__.py").write_text("")
    (tmp_path / "ai_edge_litert" / "interpreter.py").write_text("raise OSError('GLIBC_2.38 not found')")
    code = (
        f"sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; "
        "import edge.runtime.interpreter as i; i.find_runtime()"
    )
    result = run(code, banned=("tflite_runtime",), folder=tmp_path)
    assert "(ai-edge-litert: GLIBC_2.38 not found; tflite-runtime: not installed)" in result.stderr


def test_help_comes_without_any_of_it() -> None:
    result = run_module("--help", banned=(*WORKSTATION, *RUNTIMES, "matplotlib"))
    assert result.returncode == 0, result.stderr
    assert "benchmark" in result.stdout
    assert "inspect" in result.stdout


def test_inspect_needs_no_runtime() -> None:
    result = run_module("inspect", str(model_file("carry")), banned=(*WORKSTATION, *RUNTIMES))
    assert result.returncode == 0, result.stderr
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in result.stdout


def test_without_rich_the_command_line_says_what_to_install() -> None:
    result = run_module("--help", banned=("rich",))
    assert result.returncode == 1
    assert result.stderr.strip() == "The command line needs one more package: pip install rich"
