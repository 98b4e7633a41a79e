"""What a file in integers clips is counted, against a count by hand."""

from __future__ import annotations

import numpy as np
import pytest

import edge
from edge.runtime.clipping import Clipping
from tests.helpers.device_files import FEATURES, model_file, sequences

LARGE = 3 * sequences(5, 12, seed=3)


def by_hand(x: np.ndarray, info: edge.TensorInfo) -> int:
    """One number after another, in Python's own arithmetic."""
    limits = np.iinfo(info.dtype)
    assert info.scale is not None
    assert info.zero_point is not None
    steps = [round(float(np.float32(value)) / info.scale) + info.zero_point for value in x.flat]
    return sum(not limits.min <= step <= limits.max for step in steps)


@pytest.mark.parametrize("kind", ["int8", "int8_carry", "int16x8"])
def test_predict_counts_what_it_clips(kind: str) -> None:
    model = edge.load(model_file(kind))
    (info,) = model.inputs
    x = LARGE * 2 if kind == "int16x8" else LARGE  # 16 bits leave room above what was seen
    wanted = by_hand(x, info)
    assert 0 < wanted < x.size / 2
    for times in (1, 2):
        model.predict(x)
        found = model.clipping[info.name]
        assert (found.clipped, found.seen) == (times * wanted, times * x.size)
        assert found.share == pytest.approx(wanted / x.size)
    assert f"{2 * wanted} of {2 * x.size} values beyond {found.least:.4g} to {found.largest:.4g}" == str(
        found
    )
    assert (x < found.least - 1e-6).sum() + (x > found.largest + 1e-6).sum() >= wanted
    model.reset_clipping()
    model.predict(np.zeros_like(x))
    assert (model.clipping[info.name].clipped, model.clipping[info.name].seen) == (0, x.size)


def test_real_ends_and_integers_inside_count_the_same() -> None:
    direct, inside = edge.load(model_file("int8")), edge.load(model_file("int8_real_ends"))
    assert (direct.inputs[0].dtype, inside.inputs[0].dtype) == (np.int8, np.float32)
    for model in (direct, inside):
        model.predict(LARGE)
    (one,), (other,) = direct.clipping.values(), inside.clipping.values()
    assert one == other
    assert one.clipped > 0


def test_a_stream_has_a_count_of_its_own() -> None:
    model = edge.load(model_file("int8_carry"))
    (info,) = model.inputs
    one, other = model.stream(), model.stream()
    for x in LARGE[0]:
        one.step(x)
    other.step(np.zeros(FEATURES))
    model.predict(LARGE[1:2])
    counts = [(s.clipping[info.name].clipped, s.clipping[info.name].seen) for s in (one, other, model)]
    assert counts == [
        (by_hand(LARGE[0], info), LARGE[0].size),
        (0, FEATURES),
        (by_hand(LARGE[1], info), LARGE[1].size),
    ]
    one.reset()
    assert one.clipping[info.name].seen == LARGE[0].size
    one.reset_clipping()
    assert one.clipping[info.name].seen == 0


def test_what_is_refused_is_not_counted() -> None:
    model = edge.load(model_file("int8_carry"))
    (info,), stream = model.inputs, model.stream()
    for use in (lambda: model.predict(LARGE * np.nan), lambda: stream.step(LARGE[0][0][:-1])):
        with pytest.raises(ValueError, match="int8_carry|Input"):
            use()
    assert (model.clipping[info.name].seen, stream.clipping[info.name].seen) == (0, 0)


@pytest.mark.parametrize("kind", ["reset", "dynamic", "tokens"])
def test_where_nothing_is_clipped_nothing_is_counted(kind: str) -> None:
    model = edge.load(model_file(kind))
    model.predict([[1, 2]] if kind == "tokens" else LARGE * 1e6)
    assert model.clipping == {}


def test_what_is_given_out_is_a_value() -> None:
    model = edge.load(model_file("int8"))
    before = model.clipping
    model.predict(LARGE)
    assert next(iter(before.values())).seen == 0
    assert Clipping(-1, 1).share == 0
