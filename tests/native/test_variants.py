"""Every kind of layer in every precision, on both runtimes and every instruction set of this machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.convert import convert
from tests.helpers import native_models
from tests.helpers.native_worker import NativeWorker, Ran

KINDS = {None: "float", "float16": "float16 weights", "dynamic": "8-bit weights", "int8": "int8"}
FLOAT_TOLERANCE = 2e-6
# One call twice (the second knows nothing of the first), one step, none, and more than a chunk of steps.
ROUNDS = [[native_models.sequences(steps, seed)] for seed, steps in enumerate((7, 7, 1, 0, 61, 3))]

model_of = cache(lambda quantize: native_models.build(native_models.layers_for(quantize)))


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """converted(quantize): the file, made once for both runtimes."""
    folder = tmp_path_factory.mktemp("native")

    @cache
    def make(quantize: str | None) -> Path:
        data = native_models.sequences(12, 9, batch=48)
        return convert(model_of(quantize), folder / f"{quantize}.tflite", quantize, data, state="reset").path

    return make


@pytest.mark.parametrize("quantize", KINDS)
def test_every_layer(
    quantize: str | None, converted: Any, worker: NativeWorker, library: Path, isas: list[str]
) -> None:
    path = converted(quantize)
    plain = worker.run(path, ROUNDS)
    for isa in isas:
        ran = worker.run(path, ROUNDS, library, isa)
        assert ran.report["isa"] == isa
        assert not ran.report["refused"]
        assert len(ran.report["layers"]) == len(native_models.layers_for(quantize))
        assert {layer["kind"] for layer in ran.report["layers"]} == {KINDS[quantize]}, ran.report
        compare(quantize, plain, ran, isa)


def compare(quantize: str | None, plain: Ran, ran: Ran, isa: str) -> None:
    for call, (wanted, found) in enumerate(zip(plain.outputs, ran.outputs, strict=True)):
        for n, (a, b) in enumerate(zip(wanted, found, strict=True)):
            assert a.shape == b.shape
            if not a.size:
                continue
            assert a.any()  # there is something to be wrong about
            if quantize == "int8":
                assert a.tobytes() == b.tobytes(), (isa, call, n)
            elif quantize != "dynamic":
                assert np.abs(a - b).max() <= FLOAT_TOLERANCE * max(1, np.abs(a).max()), (isa, call, n)


def test_8_bit_weights_are_no_further_from_keras(
    converted: Any, worker: NativeWorker, library: Path, isas: list[str]
) -> None:
    x = native_models.sequences(150, 4)
    answers = model_of("dynamic").predict(x, verbose=0)
    wanted = sorted(answers.values(), key=lambda value: (value.shape[-1], float(value.sum())))
    errors = []
    for isa in (None, *isas):
        outputs = worker.run(converted("dynamic"), [[x]], isa and library, isa or "").outputs[0]
        found = match(outputs, wanted)
        errors.append([float(np.sqrt(np.mean((a - b) ** 2))) for a, b in zip(found, wanted, strict=True)])
    kernel, *ours = np.array(errors)
    assert kernel.max() > 1e-4  # 8 bits do show
    for each in ours:
        # Of one layer the roundings of activations may cancel those of the weights by chance.
        assert np.all(each <= 1.3 * kernel + 1e-5), each / kernel
        assert np.exp(np.mean(np.log(each / kernel))) <= 1.0


def match(outputs: list[np.ndarray], wanted: list[np.ndarray]) -> list[np.ndarray]:
    """The outputs in the order of `wanted`: each the nearest of its size."""
    return [
        min((o for o in outputs if o.shape == w.shape), key=lambda o: np.abs(o - w).max()) for w in wanted
    ]
