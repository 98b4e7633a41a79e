"""The native engine on Arm: cross-compiled here, loaded by the runtimes there, every instruction set.

Floats are judged by the runtime of this machine: that of 32-bit Arm is off by more than the engine may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.convert import convert
from tests.helpers import native_models
from tests.helpers.native_library import built
from tests.helpers.native_worker import NativeWorker, Ran
from tests.pi.conftest import PLACES, ready

COMPILERS = {"arm64": "aarch64-linux-gnu-g++-12", "armhf": "arm-linux-gnueabihf-g++-12"}
# By processor, as QEMU calls it: what the library finds there. None: the machine's own, a Cortex-A72 or A7.
SETS = {
    ("arm64", None): ("neon", "portable"),
    ("arm64", "max"): ("dotprod",),
    ("armhf", None): ("neon32", "portable"),
}
ROUNDS = [[native_models.sequences(steps, seed)] for seed, steps in enumerate((7, 7, 1, 0, 61))]
model_of = lru_cache(lambda quantize: native_models.build(native_models.layers_for(quantize)))


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """answered(quantize): the file, and what this machine's runtime computes."""
    folder = tmp_path_factory.mktemp("native")
    with NativeWorker("ai-edge-litert") as here:

        @lru_cache
        def answer(quantize: str | None) -> tuple[Path, Ran]:
            data = native_models.sequences(12, 9, batch=48)
            path = convert(
                model_of(quantize), folder / f"{quantize}.tflite", quantize, data, state="reset"
            ).path
            return path, here.run(path, ROUNDS)

        yield answer


@pytest.mark.parametrize("place", PLACES, ids="-".join)
@pytest.mark.parametrize("cpu", [None, "max"])
def test_every_layer(place: tuple[str, str], cpu: str | None, answered: Any, tmp_path: Path) -> None:
    arch, runtime = place
    if (arch, cpu) not in SETS:
        pytest.skip("that processor has no instruction set more")
    machine = ready(arch)
    library = built(arch, COMPILERS[arch])
    python = machine.python(runtime)
    if cpu:
        script = python.read_text().replace(f"-cpu {machine.cpu}", f"-cpu {cpu}")
        python = tmp_path / "python"
        python.write_text(script.replace('HERE=$(dirname "$0")', f"HERE={machine.folder}"))
        python.chmod(0o755)
    with NativeWorker(runtime, python) as there:
        for quantize in (None, "float16", "dynamic", "int8"):
            path, wanted = answered(quantize)
            for isa in SETS[arch, cpu]:
                compare(quantize, wanted, there.run(path, ROUNDS, library, isa), isa)


@pytest.mark.parametrize("arch", COMPILERS)
def test_a_weight_for_which_two_products_do_not_fit_is_left_to_the_runtime(
    arch: str, answered: Any, tmp_path: Path
) -> None:
    from ai_edge_litert import schema_py_generated as schema

    machine, runtime = ready(arch), next(name for place, name in PLACES if place == arch)
    content = answered("int8")[0].read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    graph = model.subgraphs[0]
    nodes = [each for each in graph.operators if hasattr(each.builtinOptions, "diagonalRecurrentTensors")]
    weights = model.buffers[graph.tensors[nodes[2].inputs[4]].buffer].data  # of the output gate's input
    where = content.index(bytes(weights))
    path = tmp_path / "least.tflite"
    path.write_bytes(content[:where] + b"\x80" + content[where + 1 :])
    with NativeWorker(runtime, machine.python(runtime)) as there:
        ran = there.run(path, ROUNDS[:1], built(arch, COMPILERS[arch]))
        (left,) = (layer for layer in ran.report["layers"] if not layer["taken"])
        assert "one of its weights is -128" in left["why_not"]
        if arch == "armhf":  # its runtime computes the layer norms of the other layers wrongly, by itself
            return
        for a, b in zip(there.run(path, ROUNDS[:1]).outputs[0], ran.outputs[0], strict=True):
            # The other layers stay with the engine, whose bytes are those of x86: Arm rounds once more.
            assert np.abs(a.astype(np.int32) - b.astype(np.int32)).max() <= 2


def compare(quantize: str | None, wanted: Ran, found: Ran, isa: str) -> None:
    assert found.report["isa"] == isa
    assert all(layer["taken"] for layer in found.report["layers"]), found.report
    for call, (mine, theirs) in enumerate(zip(wanted.outputs, found.outputs, strict=True)):
        for n, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            assert a.shape == b.shape
            if not a.size:
                continue
            assert a.any()
            if quantize == "int8":
                assert a.tobytes() == b.tobytes(), (isa, call, n)
            else:
                tolerance = 0.05 if quantize == "dynamic" else 2e-6
                assert np.abs(a - b).max() <= tolerance * max(1, np.abs(a).max()), (isa, call, n)
