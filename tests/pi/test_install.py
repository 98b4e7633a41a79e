"""`pip install ".[edge]"` on 64-bit Arm, `".[edge-armv7]"` on 32-bit: what it brings, and what not."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers.device_files import model_file
from tests.pi.machine import Machine, build_wheel

WORKSTATION = {"tensorflow", "keras", "torch", "jax"}
RUNTIMES = {"arm64": "ai-edge-litert", "armhf": "tflite-runtime"}


def test_what_was_installed(machine: Machine) -> None:
    code = "import importlib.metadata as m; print(*(d.metadata['Name'].lower() for d in m.distributions()))"
    done = machine.run(["-c", code])
    names = set(done.stdout.replace("_", "-").split())
    assert {"keras-lstm-plus", "numpy", RUNTIMES[machine.arch]} <= names, done.stderr
    assert not names & WORKSTATION


def test_nothing_is_missing_or_at_odds(machine: Machine) -> None:
    (pip,) = (machine.folder / "root/usr/share/python-wheels").glob("pip-*.whl")
    done = machine.run([pip / "pip", "check"])
    assert "No broken requirements found" in done.stdout, done.stdout + done.stderr


def test_the_project_as_it_is_now_runs_from_its_wheel(machine: Machine, tmp_path: Path) -> None:
    place = tmp_path / "site"
    quiet = ("--quiet", "--no-index", "--no-deps", "--no-compile", "--target", place)
    done = machine.pip(machine.folder, "install", *quiet, build_wheel(tmp_path / "wheel", machine.compiler))
    assert done.returncode == 0, done.stderr
    done = machine.run(["-m", "edge", "inspect", model_file("reset"), "--json", "-"], PYTHONPATH=str(place))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "reset"
    where = machine.run(["-c", "import edge; print(edge.__file__)"], PYTHONPATH=str(place))
    assert where.stdout.startswith(str(place))
