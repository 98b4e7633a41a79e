"""Mutations: parity must notice each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from edge.convert.graph import flatbuffer
from tests.helpers.conversion_steps import Model, answer, copy_of, fused, lstms
from tests.helpers.keras_models import keras_answer, motion, two_layers


@pytest.fixture(scope="module")
def peephole() -> tuple[keras.Model, Model]:
    model = two_layers("peephole")
    return model, fused(model)


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
def test_permuted_gates_break_parity(peephole: tuple[keras.Model, Model], tmp_path: Path, name: str) -> None:
    model, right = peephole
    x = motion(2, 5)
    wanted = keras_answer(model, x)[0]
    wrong = copy_of(right)
    operator = lstms(wrong)[1]
    inputs = list(operator.inputs)
    PERMUTATIONS[name](inputs)
    operator.inputs = inputs
    assert np.abs(answer(right, tmp_path / "right", x) - wanted).max() < 1e-5
    assert np.abs(answer(wrong, tmp_path / "wrong", x) - wanted).max() > 1e-3


@pytest.mark.parametrize("slot", [*range(1, 16)])
def test_any_operand_of_zeros_breaks_parity(
    peephole: tuple[keras.Model, Model], tmp_path: Path, slot: int
) -> None:
    model, right = peephole
    x = motion(2, 5)
    for layer in (0, 1):
        wrong = copy_of(right)
        index = lstms(wrong)[layer].inputs[slot]
        flatbuffer.set_constant(wrong, index, np.zeros_like(flatbuffer.constant(wrong, index)))
        difference = answer(wrong, tmp_path / "wrong", x) - keras_answer(model, x)[0]
        assert np.abs(difference).max() > 1e-3
