"""A quick run of an example: the one that `make examples-quick` has just made, else one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

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
        return QuickRun((folder / "printed.txt").read_text(encoding="utf-8"), folder)
    command = [sys.executable, "-m", f"examples.{name}", "--quick", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    if done.returncode:
        print(done.stdout, done.stderr)
    done.check_returncode()
    return QuickRun(done.stdout, out)
