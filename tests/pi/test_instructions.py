"""Instructions are counted right, and on Arm, too, the engine needs fewer than the runtime's own kernel."""

from __future__ import annotations

import pytest

from tests.helpers.native_library import built
from tests.pi.conftest import ready
from tests.pi.counter import PLACES, Counter, Place
from tests.pi.instructions import FORMS, count
from tests.pi.machine import UnavailableError
from tests.pi.test_native import COMPILERS

SMALL, LARGE = (16, 48), (16, 96)  # with 32 cells or fewer 8-bit weights are widened


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.isa)
def test_the_engine_needs_fewer(place: Place) -> None:
    ready(place.arch)
    try:
        counter = Counter()
    except UnavailableError as error:
        pytest.skip(f"instructions cannot be counted: {error}")
    found = count(counter, place, built(place.arch, COMPILERS[place.arch]), [SMALL, LARGE])
    for size, pairs in found.items():
        for form, (kernel, engine) in zip(FORMS, pairs, strict=True):
            # Four multiply-adds an instruction, in 8 bits up to sixteen, and nothing is left out.
            assert engine > 4 * size[1] * sum(size) / 16, (size, form)
            assert kernel > 1.5 * engine, (size, form)
    for (_, small), (_, large) in zip(found[SMALL], found[LARGE], strict=True):
        assert 1.5 < large / small < 4  # 3.5 times the weights, twice the cells
