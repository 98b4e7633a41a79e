"""Mutations: parity must notice each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.convert.graph import flatbuffer
from tests.helpers.conversion_steps import Model, answer, copy_of, fused, lstms
from tests.helpers.keras_models import keras_answer, motion, two_layers

X = motion(2, 5)


@pytest.fixture(scope="module")
def peephole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, np.ndarray]:
    """The converted model, and what it has to say to X."""
    model = two_layers("peephole")
    right, wanted = fused(model), keras_answer(model, X)[0]
    assert np.abs(answer(right, tmp_path_factory.mktemp("right") / "right", X) - wanted).max() < 1e-5
    return right, wanted


def swap(a: int, b: int) -> Callable[[list[int]], None]:
    def mutate(inputs: list[int]) -> None:
        inputs[a], inputs[b] = inputs[b], inputs[a]

    return mutate


KINDS = {"kernel": 1, "recurrent kernel": 5, "bias": 12}
PERMUTATIONS = {
    f"{kind}: {a}-{b}": swap(first + "ifgo".index(a), first + "ifgo".index(b))
    for kind, first in KINDS.items()
    for a, b in ("if", "ig", "io", "fg", "fo", "go")
} | {f"peephole: {a}-{b}": swap(9 + "ifo".index(a), 9 + "ifo".index(b)) for a, b in ("if", "io", "fo")}


@pytest.mark.parametrize("name", PERMUTATIONS)
def test_permuted_gates_break_parity(peephole: tuple[Model, np.ndarray], tmp_path: Path, name: str) -> None:
    right, wanted = peephole
    wrong = copy_of(right)
    operator = lstms(wrong)[1]
    inputs = list(operator.inputs)
    PERMUTATIONS[name](inputs)
    operator.inputs = inputs
    assert np.abs(answer(wrong, tmp_path / "wrong", X) - wanted).max() > 1e-3


@pytest.mark.parametrize("slot", [*range(1, 16)])
def test_any_operand_of_zeros_breaks_parity(
    peephole: tuple[Model, np.ndarray], tmp_path: Path, slot: int
) -> None:
    right, wanted = peephole
    for layer in (0, 1):
        wrong = copy_of(right)
        index = lstms(wrong)[layer].inputs[slot]
        flatbuffer.set_constant(wrong, index, np.zeros_like(flatbuffer.constant(wrong, index)))
        assert np.abs(answer(wrong, tmp_path / "wrong", X) - wanted).max() > 1e-3
