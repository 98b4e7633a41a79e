"""What counts as agreement: tolerances, NaN, outputs that hardly vary, the numbers of a file."""

from __future__ import annotations

import numpy as np
import pytest

from edge.convert.verification.judgement import CoarseError, judge
from edge.convert.verification.outputs import check_output, tolerance_for
from edge.convert.verification.parity import compare
from edge.convert.verification.verifier import numbers_of
from edge.tflite import parse
from tests.helpers.device_files import model_file


def test_the_numbers_of_files_without_a_note() -> None:
    kinds = {"dynamic": "dynamic", "stock": None, "dense_int8": "int8"}
    assert {kind: numbers_of(parse(model_file(kind).read_bytes(), kind)) for kind in kinds} == kinds


def test_a_larger_error_gets_no_milder_verdict() -> None:
    """Of an output that varies by a thousandth, half precision may lose all below its tolerance and above."""
    wanted = np.linspace(0.0, 1e-3, 8, dtype=np.float32)[:, None]
    for by in (1e-3, 5e-3, 5e-2):
        error = compare("y", wanted, wanted + np.float32(by))
        with pytest.raises(CoarseError, match="differs from Keras"):
            judge("float16", error, wanted)
    small = wanted / 10
    assert "of its standard deviation" in str(judge(None, compare("y", small, small * 0.95), small))
    assert judge(None, compare("y", small, small * 0.999), small) is None


def test_nan_is_an_error_and_not_a_crash() -> None:
    wanted = np.ones((3, 2), np.float32)
    found = wanted.copy()
    found[1, 0] = np.nan
    check = check_output("y", wanted, found, tolerance_for(None))
    assert not check.is_ok
    assert (check.worst_sample, check.max_abs) == (1, np.inf)
    assert not check_output("y", wanted, found, tolerance_for("int8"), step=0.1).is_ok


def test_an_integer_output_that_hardly_varies_may_be_a_step_off() -> None:
    wanted = np.linspace(0.50, 0.51, 8, dtype=np.float32)[:, None]
    found = np.rint(wanted * 256) / 256
    tolerance = tolerance_for("int8")
    check = check_output("y", wanted, found, tolerance, step=1 / 256)
    assert check.error > check.limit
    assert check.is_ok
    assert check.is_within_step
    assert not check_output("y", wanted, found + 0.01, tolerance, step=1 / 256).is_ok
    assert not check_output("y", wanted, found, tolerance).is_ok


def test_integers_may_be_right_as_often_as_keras_within_a_point() -> None:
    rng = np.random.default_rng(0)
    wanted = rng.dirichlet([1.0, 1.0, 1.0], size=400)
    labels = wanted.argmax(axis=-1)
    found = np.clip(wanted + rng.normal(scale=0.009, size=wanted.shape), 0, 1)
    far = rng.permutation(wanted)
    for quantize, ok in (("int8", True), ("dynamic", True), (None, False)):
        tolerance = tolerance_for(quantize)
        check = check_output("y", wanted, found, tolerance, labels=labels)
        assert check.error > check.limit
        assert (check.is_ok, check.is_as_accurate) == (ok, ok)
        assert not check_output("y", wanted, far, tolerance, labels=labels).is_ok
        assert not check_output("y", wanted, found, tolerance).is_ok  # nobody knows what is right
