"""The native engine on Arm: the delegate in the runtimes of a Pi, in the folder `edge/` copied there."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.device_files import model_file, sequences
from tests.pi.conftest import There
from tests.pi.machine import PROJECT

# How far from the runtime's own kernel: 32-bit Arm itself has errors to 1.4e-5; with 8-bit weights the
# activations are rounded otherwise.
KINDS = {"reset": 2e-5, "carry": 2e-5, "dynamic": 5e-3, "int8": 0.0, "int8_carry": 0.0}
ISAS = {"arm64": {"neon", "dotprod"}, "armhf": {"neon32"}}


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_there_what_the_runtime_gives_there(kind: str, there: There) -> None:
    if not any((PROJECT / "edge/native").glob(f"linux-{there.machine.machine}/*.so")):
        pytest.skip("make wheels compiles it for there")
    path, x = model_file(kind), sequences(2, 30)
    how = "stream" if kind.endswith("carry") else "predict"
    plain, fast = (np.array(there.ask(how, path, x, accelerate=wish)["outputs"]) for wish in (False, True))
    assert plain.any()
    found = there.ask("acceleration", path, accelerate=True)
    assert found["isa"] in ISAS[there.machine.arch]
    assert [layer["kind"] for layer in found["layers"] if layer["accelerated"]]
    np.testing.assert_allclose(fast, plain, rtol=0, atol=KINDS[kind])
