"""The native engine on Arm: the delegate in the runtimes of a Pi, in the folder `edge/` copied there."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.device_files import model_file, sequences
from tests.pi.conftest import There
from tests.pi.machine import PROJECT, Machine

KINDS = {"reset": "float", "carry": "float", "dynamic": "float", "int8": "int8", "int8_carry": "int8"}
ISAS = {"arm64": {"neon", "dotprod"}, "armhf": {"neon32"}}


def needs_library(machine: Machine) -> None:
    """Cross-compiled into the package, or the test is skipped."""
    if shutil.which(machine.compiler) is None:
        pytest.skip(f"there is no {machine.compiler}; make compilers")
    command = [sys.executable, PROJECT / "native/package.py", "--compiler", machine.compiler]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_there_what_the_runtime_gives_there(kind: str, there: There) -> None:
    needs_library(there.machine)
    path, x = model_file(kind), sequences(2, 30)
    how = "stream" if kind.endswith("carry") else "predict"
    plain, fast = (np.array(there.ask(how, path, x, accelerate=wish)["outputs"]) for wish in (False, True))
    assert plain.any()
    found = there.ask("acceleration", path, accelerate=True)
    assert found["isa"] in ISAS[there.machine.arch]
    assert [layer["kind"] for layer in found["layers"] if layer["accelerated"]]
    if KINDS[kind] == "int8":
        np.testing.assert_array_equal(fast, plain)
    else:
        np.testing.assert_allclose(fast, plain, atol=2e-5)  # 32-bit Arm itself has errors to 1.4e-5
