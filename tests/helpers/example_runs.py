"""Runs of an example: in small, as `make examples-quick` has just made it or anew; and without TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from examples.common.command import NOTHING
from tests.helpers.places import ROOT

VARIABLE = "KERAS_LSTM_PLUS_QUICK_RUNS"  # the folder with a folder for each example


class QuickRun(NamedTuple):
    """What it printed, and the folder that it wrote to."""

    printed: str
    out: Path


def quick_run(name: str, out: Path) -> QuickRun:
    """Run `python -m examples.NAME --quick --out OUT`, or take the run made just before.

    Raises:
        subprocess.CalledProcessError: it failed; what it said is printed.
    """
    made = os.environ.get(VARIABLE)
    if made:
        folder = ROOT / made / name
        return _with_data(QuickRun((folder / "printed.txt").read_text(encoding="utf-8"), folder))
    command = [sys.executable, "-m", f"examples.{name}", "--quick", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode:
        print(done.stdout, done.stderr)
    done.check_returncode()
    return _with_data(QuickRun(done.stdout, out))


def _with_data(run: QuickRun) -> QuickRun:
    """The run; a test that needs data which is not on this machine is skipped."""
    missing = next((line for line in run.printed.splitlines() if line.startswith(NOTHING)), "")
    if missing:
        pytest.skip(missing)
    return run


def has_pictures(out: Path, *names: str) -> bool:
    """Whether a run drew these pictures and left nothing half written."""
    return all((out / f"{name}.png").read_bytes().startswith(b"\x89PNG") for name in names) and not list(
        out.rglob("*.tmp")
    )


def without_tensorflow(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """An example in a Python that has no TensorFlow, no Keras and no matplotlib."""
    code = (
        "import sys, runpy; sys.modules.update(tensorflow=None, keras=None, matplotlib=None);"
        f"sys.argv = ['x', *{arguments!r}]; runpy.run_module('examples.{name}', run_name='__main__')"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
