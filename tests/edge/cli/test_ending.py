"""How `python -m edge` ends: Ctrl-C at any moment, a reader that goes away, faults that nobody foresaw.

The processes are real ones. Where the moment matters, it is that of an import: Ctrl-C comes when a module is
asked for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.command_line import invoke
from tests.helpers.device_files import keras_model, model_file
from tests.helpers.places import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# Runs `python -m edge`; when a module is looked for, something happens.
AT_IMPORT = """
import os, runpy, signal, sys

module = sys.argv.pop(1)

class Finder:
    def find_spec(self, name, path=None, target=None):
        global module
        if name == module:
            module = None
            WHAT

sys.meta_path.insert(0, Finder())
runpy.run_module("edge", run_name="__main__", alter_sys=True)
"""
INTERRUPT = "os.kill(os.getpid(), signal.SIGINT)"
# As libraries do it that are written in C++ and import in their turn.
MASKED = f"""
            try:
                {INTERRUPT}
                import time; time.sleep(1)
            except KeyboardInterrupt as error:
                raise ImportError("initialization failed") from error"""
# As in a callback of the import system, where Python only mentions exceptions.
DROPPED = f"""
            class Dropped:
                def __del__(self):
                    {INTERRUPT}
                    import time; time.sleep(0)
            Dropped()
            import time; time.sleep(0.5)"""


def run(*arguments: Any, module: str, what: str = INTERRUPT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AT_IMPORT.replace("WHAT", what), module, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


# As in the making of a dataclass, after which Python ends itself by a signal.
IN_EXEC = f"""
            exec({INTERRUPT!r})"""


@pytest.mark.parametrize(
    "what", [INTERRUPT, MASKED, DROPPED, IN_EXEC], ids=["plain", "masked", "dropped", "in exec"]
)
@pytest.mark.parametrize(
    "module",
    ["argparse", "rich.console", "edge.cli.main", "numpy", "edge.inspection.overview", "edge.report.style"],
)
def test_ctrl_c_in_the_imports(module: str, what: str) -> None:
    done = run("inspect", model_file("dense"), module=module, what=what)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


@pytest.mark.parametrize("module", ["keras", "tensorflow.lite"])
def test_ctrl_c_in_the_imports_of_the_workstation(module: str, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"")
    done = run("convert", path, "-o", tmp_path / "m.tflite", module=module)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")
    assert os.listdir(tmp_path) == ["model.keras"]


def test_ctrl_c_in_the_middle_of_a_conversion_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    keras_model().save(path)
    command = [sys.executable, "-m", "edge", "convert", str(path), "-o", str(tmp_path / "m.tflite")]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    if process.returncode != 0:  # a fast machine may be through
        assert (process.returncode, errors) == (130, "Interrupted.\n")
        assert os.listdir(tmp_path) == ["model.keras"]


def test_a_reader_that_goes_away_is_no_error() -> None:
    for arguments in (["targets"], ["targets", "--json", "-"], ["inspect", str(model_file("reset"))]):
        command = [sys.executable, "-m", "edge", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)
        process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", [["targets"], ["targets", "--json", "-"]])
def test_output_that_has_no_room_is_one_sentence(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "edge", *arguments]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "No space left on device" in done.stderr


COMMANDS = {
    "inspect": ("edge.inspection.overview.inspect", ["inspect", "FILE"]),
    "benchmark": ("edge.benchmark.benchmark", ["benchmark", "FILE"]),
    "report": ("edge.results.saved.read_saved", ["report", "FILE"]),
    "card": ("edge.card.card", ["card", "FILE"]),
    "serve": ("edge.web.models.served_model", ["serve", "FILE"]),
    "targets": ("edge.report.targets.targets_report", ["targets"]),
    "convert": ("edge.convert.convert", ["convert", "FILE", "-o", "x.tflite"]),
    "verify": ("edge.convert.verification.verifier.verify", ["verify", "FILE", "FILE"]),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("kind", [RuntimeError, AssertionError, KeyError, RecursionError])
def test_a_fault_of_ours_is_one_line_and_its_own_exit_code(
    name: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise kind("first line\nsecond line")

    place, arguments = COMMANDS[name]
    monkeypatch.setattr(place, fail)
    monkeypatch.chdir(tmp_path)
    given = [str(model_file("dense")) if each == "FILE" else each for each in arguments]
    done = invoke(given)
    assert done.exit_code == 70
    assert done.stderr.startswith(
        "Error: this is a fault of keras-lstm-plus, please report it (EDGE_TRACEBACK=1"
    )
    assert kind.__name__ in done.stderr
    assert done.stderr.count("\n") == 1
    monkeypatch.setenv("EDGE_TRACEBACK", "1")
    assert isinstance(invoke(given).exception, kind)


def test_too_little_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr("edge.inspection.overview.inspect", fail)
    done = invoke(["inspect", "x"])
    assert (done.exit_code, done.stderr) == (1, "Error: there is not enough memory for it.\n")
