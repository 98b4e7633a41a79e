"""The training engine alone, against equations written in NumPy and exact derivatives of them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from keras_lstm_plus.native import Engine, Given
from keras_lstm_plus.spec import LSTMSpec
from tests.helpers.training_calls import SIZES, SPECS, WAYS, answer, random_call, relative, worst_error
from tests.helpers.training_engine import training_engine


@pytest.fixture(scope="module")
def engine() -> Engine:
    """That of these sources."""
    return training_engine()


def each_isa(engine: Engine) -> list[Engine]:
    return [engine.with_isa(isa) for isa in engine.isas]


@pytest.mark.parametrize("name", SPECS)
def test_values_and_gradients_are_those_of_the_equations(name: str, engine: Engine) -> None:
    for one in each_isa(engine):
        for size in SIZES:
            for way in WAYS:
                error = worst_error(one, *random_call(SPECS[name], size, **way))
                assert error < 1e-5, (one.isa, size, way)


@pytest.mark.parametrize("name", SPECS)
def test_a_batch_that_is_shared_out_has_the_same_gradients(name: str, engine: Engine) -> None:
    for way in ({"hold": "units", "backwards": True}, {"masks": True, "every_step": False}):
        layer, given = random_call(SPECS[name], (33, 12, 40, 40), threads=3, **way)
        assert worst_error(engine, layer, given) < 1e-5, way


def test_what_it_shows_without_a_stash_is_the_same(engine: Engine) -> None:
    for size in SIZES:
        layer, given = random_call(SPECS["peephole"], size, every_step=False)
        kept, alone = (engine.forward(layer, given, keep) for keep in (True, False))
        np.testing.assert_array_equal(alone.h, kept.h)
        np.testing.assert_array_equal(alone.c, kept.c)


# The batch is shared out, then the cells: weights of more than 2 MB; few sequences, weights of over 512 KB.
SHARED = [(33, 40, 40, 40), (3, 3, 16, 400), (1, 12, 8, 192)]


@pytest.mark.parametrize("size", SHARED, ids=str)
def test_threads_change_no_number_but_the_last_digit(size: tuple[int, ...], engine: Engine) -> None:
    def run(threads: int) -> list[Any]:
        layer, given = random_call(SPECS["peephole"], size, threads=threads, hold="rows")  # type: ignore[arg-type]
        shown, found = answer(engine, layer, given)
        return [shown.out, shown.h, shown.c, *(value for value in found if value is not None)]

    alone = run(1)
    assert worst_error(engine, *random_call(SPECS["peephole"], size, threads=2)) < 1e-5  # type: ignore[arg-type]
    for threads in (2, 4):
        several = run(threads)
        for mine, right in zip(several, alone, strict=True):
            assert relative(mine, right) < 1e-6
        for again, first in zip(run(threads), several, strict=True):
            np.testing.assert_array_equal(again, first)  # bit for bit


@pytest.mark.slow
def test_a_hundred_thousand_steps(engine: Engine) -> None:
    """Beside the equations: Keras's gradient takes half an hour for it."""
    assert worst_error(engine, *random_call(SPECS["standard"], (1, 100_000, 1, 2))) < 1e-5
    assert worst_error(engine, *random_call(SPECS["peephole"], (2, 100_000, 1, 2), every_step=False)) < 1e-5


def test_callers_at_the_same_time_have_each_their_own(engine: Engine) -> None:
    calls = [random_call(SPECS["standard"], (33, 40, 40, 40), threads=2, seed=seed) for seed in range(4)]
    right = [answer(engine, *call) for call in calls]
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(5):
            shown, found = answer(engine, *calls[k])
            same = np.array_equal(shown.h, right[k][0].h) and np.array_equal(found.kernel, right[k][1].kernel)
            wrong.extend([] if same else [k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_no_number_goes_where_it_has_to(engine: Engine) -> None:
    """NaN stays in its sequence; infinity saturates; neither gets into units that are not there."""
    for one in each_isa(engine):
        layer, given = random_call(SPECS["standard"], (3, 4, 2, 5))
        right = one.forward(layer, given, False).out
        spoilt = given.x.copy()
        spoilt[1, 2, 0] = np.nan
        out = one.forward(layer, given._replace(x=spoilt), False).out
        assert np.isnan(out[1, 2:]).all()
        np.testing.assert_array_equal(np.delete(out, 1, 0), np.delete(right, 1, 0))
        np.testing.assert_array_equal(out[1, :2], right[1, :2])
        huge = given.x.copy()
        huge[0, 0, 1] = np.inf
        kernel = np.abs(given.kernel)
        shown, found = answer(one, layer, given._replace(x=huge, kernel=kernel))
        assert np.isfinite(shown.out).all()
        assert np.isfinite(found.h0).all()
        assert np.isfinite(found.recurrent).all()


def test_a_gate_that_is_wide_open_forgets_nothing(engine: Engine) -> None:
    layer, given = random_call(LSTMSpec(input_gate="open"), (2, 2000, 1, 3))
    kernel, recurrent = np.zeros_like(given.kernel), np.zeros_like(given.recurrent)
    bias = np.array([20.0] * 3 + [0.0] * 3 + [0.0] * 3, np.float32)  # f, g, o
    given = given._replace(kernel=kernel, recurrent=recurrent, bias=bias)
    for one in each_isa(engine):
        np.testing.assert_array_equal(one.forward(layer, given, False).c, given.c0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"kernel": np.zeros((3, 20), np.float32)},
            r"kernel has to be float32 of the shape \[2, 20\] in C order",
        ),
        ({"x": np.zeros((3, 4, 2))}, "x has to be float32 .* received float64"),
        ({"x": np.zeros((3, 2), np.float32)}, r"x is \[batch, time, features\]; received the shape \[3, 2\]"),
        ({"x": np.zeros((2, 4, 3), np.float32).T}, "has to be float32"),
        ({"bias": None}, "bias is missing"),
        ({"peephole": np.zeros((3, 5), np.float32)}, "peephole was given, which this variant"),
        ({"hold_h": np.zeros((4, 3, 2), bool)}, r"hold_h has to be bool of the shape \[4, 3, 5\]"),
    ],
)
def test_what_it_cannot_take_is_an_error_and_not_the_end(
    change: dict[str, Any], sentence: str, engine: Engine
) -> None:
    layer, given = random_call(SPECS["standard"], (3, 4, 2, 5))
    with pytest.raises(ValueError, match=sentence):
        engine.forward(layer, given._replace(**change), True)


def test_no_memory_is_an_error_and_not_the_end(engine: Engine) -> None:
    layer, given = random_call(SPECS["standard"], (3, 4, 2, 5))
    huge = np.lib.stride_tricks.as_strided(given.x, (1 << 20, 1 << 24, 2), (0, 0, 4))
    with pytest.raises((MemoryError, ValueError), match="memory|C order"):
        engine.forward(layer, given._replace(x=huge), True)


def test_memory_comes_back_when_the_last_view_goes(engine: Engine) -> None:
    layer, given = random_call(SPECS["standard"], (30, 40, 20, 50))
    first = engine.forward(layer, given, False).out
    row, kept = first[0], first[0].copy()
    del first
    others = [engine.forward(layer, given._replace(x=-given.x), False).out for _ in range(3)]
    np.testing.assert_array_equal(row, kept)  # it was not used again meanwhile
    assert all(other.ctypes.data % 64 == 0 for other in others)
    address = others.pop().ctypes.data
    assert any(engine.forward(layer, given, False).out.ctypes.data == address for _ in range(4))


def mutants(given: Given) -> dict[str, Given]:
    """Mistakes that a comparison has to see."""
    kernel = np.roll(given.kernel, given.kernel.shape[1] // 4, axis=1)
    swapped = given.peephole[[1, 0, 2]]
    return {
        "gates": given._replace(kernel=kernel),
        "peepholes": given._replace(peephole=swapped),
        "time": given._replace(x=np.ascontiguousarray(given.x[:, ::-1])),
        "hold": given._replace(hold_h=~given.hold_h),
        "state": given._replace(c0=given.c0 * 1.001),
    }


def test_the_comparison_sees_mistakes(engine: Engine) -> None:
    layer, given = random_call(SPECS["peephole"], (5, 4, 3, 7), hold="units")

    class Wrong:
        def __init__(self, mutant: Given) -> None:
            self.mutant = mutant

        def forward(self, layer: Any, _: Given, keep: bool) -> Any:
            return engine.forward(layer, self.mutant, keep)

        def backward(self, layer: Any, _: Given, *rest: Any) -> Any:
            return engine.backward(layer, self.mutant, *rest)

    for what, mutant in mutants(given).items():
        assert worst_error(Wrong(mutant), layer, given) > 1e-4, what  # type: ignore[arg-type]
