"""What is given, by name or in order: nothing of it is lost without a word."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
import torch

import edge
from edge.convert.keras_model.signature import signature_of
from edge.convert.samples import check_samples
from tests.helpers.device_files import edited, keras_model, model_file, sequences
from tests.helpers.explicit_files import explicit_file

X = sequences(3)


def given(model: edge.EdgeModel, batch: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        info.name: rng.normal(size=(batch, *(7 if n < 0 else n for n in info.shape[1:])))
        for info in model.inputs
    }


# -- names -------------------------------------------------------------------------------------------------


def test_several_inputs_by_name_in_any_order() -> None:
    model = edge.load(model_file("multi"))
    values = given(model)
    wanted = model.predict([values[info.name] for info in model.inputs])
    for names in (list(values), list(values)[::-1]):
        for found, each in zip(model.predict({name: values[name] for name in names}), wanted, strict=True):
            np.testing.assert_array_equal(found, each)


def test_one_input_by_name_and_in_a_stream() -> None:
    model = edge.load(model_file("carry"))
    (name,) = (info.name for info in model.inputs)
    np.testing.assert_array_equal(model.predict({name: X}), model.predict(X))
    one, other = model.stream(), model.stream()
    for x in X[0]:
        np.testing.assert_array_equal(one.step({name: x}), other.step(x))


def test_names_that_are_not_there_are_named() -> None:
    model, stream = edge.load(model_file("multi")), edge.load(model_file("carry")).stream()
    values = given(model)
    first, second = values
    for wrong in (
        {first: values[first]},
        {**values, "z": 0},
        {},
        {"z": values[first], second: values[second]},
    ):
        with pytest.raises(ValueError, match=r"multi.tflite takes .*; received a dictionary with") as caught:
            model.predict(wrong)
        assert all(name in str(caught.value) for name in (*values, *wrong))
    with pytest.raises(ValueError, match="carry.tflite takes .*received a dictionary with 'x'"):
        stream.step({"x": X[0][0]})


def test_inputs_of_one_name_need_a_list(tmp_path: Any) -> None:
    def same_name(model: Any) -> None:
        graph = model.subgraphs[0]
        for index in graph.inputs:
            graph.tensors[index].name = b"x"

    path = tmp_path / "twins.tflite"
    path.write_bytes(edited("multi", same_name))
    model, values = edge.load(path), given(edge.load(model_file("multi")))
    with pytest.raises(ValueError, match="inputs of the same name .*give a list"):
        model.predict({"x": X})
    assert len(model.predict(list(values.values()))) == 2


# -- what would be lost ------------------------------------------------------------------------------------


class Stubborn:
    """An array of a library that does not give it away, as a tensor that a gradient is taken of."""

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise RuntimeError("Can't call numpy() on it.\nUse detach().")


MASKED = np.ma.masked_where(X > 1, X)
LOST: list[tuple[str, Any, type[Exception], str]] = [
    ("mask", MASKED, ValueError, r"masked array with \d+ values masked out.*filled"),
    ("mask in a list", [MASKED[0], X[1]], ValueError, "masked array with .* values masked out"),
    ("complex", X + 0j, TypeError, "received complex64 values"),
    ("objects", X.astype(object), TypeError, "received Python objects"),
    ("huge integers", np.full((1, 2, 6), 10**40, object), TypeError, "received Python objects"),
    ("strings", np.full((1, 2, 6), "1.0"), TypeError, "received <U3 values"),
    ("dates", np.full((1, 2, 6), "2026-01-01", "M8[D]"), TypeError, "received datetime64"),
    ("bytes", b"123456", TypeError, "received "),
    ("none", None, TypeError, "received Python objects"),
    ("beyond float32", np.full((1, 2, 6), 1e39), ValueError, "beyond float32"),
    ("other libraries", Stubborn(), TypeError, r"Stubborn gives no array: Can't call numpy\(\) on it\.$"),
    ("a gradient", torch.zeros(1, 2, 6, requires_grad=True), TypeError, "Tensor gives no array: .*grad"),
    ("a set", {1.0, 2.0}, TypeError, "received Python objects"),
]


@pytest.mark.parametrize(("x", "kind", "message"), [row[1:] for row in LOST], ids=[row[0] for row in LOST])
def test_what_would_be_lost_is_refused_in_one_sentence(x: Any, kind: type[Exception], message: str) -> None:
    model = edge.load(model_file("reset"))
    with pytest.raises(kind, match=message) as caught:
        model.predict(x)
    assert "\n" not in str(caught.value)


def test_the_ways_out_work() -> None:
    model = edge.load(model_file("reset"))
    np.testing.assert_array_equal(model.predict(MASKED.filled(0)), model.predict(np.where(X > 1, 0, X)))
    np.testing.assert_array_equal(model.predict(np.ma.asarray(X)), model.predict(X))  # nothing is masked out
    np.testing.assert_array_equal(model.predict(torch.tensor(X)), model.predict(X))
    for dtype in (np.uint64, np.int64, np.longdouble):
        np.testing.assert_array_equal(model.predict(np.ones(X.shape, dtype)), model.predict(np.ones(X.shape)))


def test_masks_in_streams_and_states() -> None:
    stream = edge.load(explicit_file("step")).stream()
    with pytest.raises(ValueError, match="masked out"):
        stream.step(np.ma.masked_where(X[0][0] > 0, X[0][0]))
    with pytest.raises(ValueError, match="masked out"):
        stream.state = {"first_h": np.ma.masked_all(8)}
    with pytest.raises(ValueError, match="masked out"):
        edge.load(explicit_file("step")).predict(X, initial_state={"first_h": np.ma.masked_all((3, 8))})


def test_ids_are_not_truncated_and_do_not_wrap() -> None:
    model = edge.load(model_file("tokens"))
    for wrong, kind, message in (
        ([[1.0, 2.0]], TypeError, "received float64 values"),
        (np.array([[2**63]], np.uint64), ValueError, "too large"),
        (np.array([[2**32 + 1]]), ValueError, "too large"),
        ([[True, False]], TypeError, "received bool values"),
        (np.ma.masked_equal([[1, 2]], 2), ValueError, "masked out"),
    ):
        with pytest.raises(kind, match=message):
            model.predict(wrong)
    signature = signature_of(keras_model("tokens"))
    for wrong, message in (
        (np.array([[2**32 + 1, 3]]), r"has 4294967297 at index \(0, 0\), which is no int32"),
        (np.ma.masked_equal([[1, 2]], 2), "1 values masked out"),
    ):
        with pytest.raises(ValueError, match=message):
            check_samples(signature, wrong)


def test_representative_data_loses_nothing_either() -> None:
    signature = signature_of(keras_model())
    with pytest.raises(ValueError, match="masked out"):
        check_samples(signature, MASKED)
    with pytest.raises(ValueError, match=r"has 1e\+39 at index \(0, 0, 0\), which is no float32"):
        check_samples(signature, np.full((1, 2, 6), 1e39))
    np.testing.assert_array_equal(check_samples(signature, X.astype(np.float64))[0], X)


# -- tables ------------------------------------------------------------------------------------------------


def test_a_token_beyond_its_table_is_named_with_the_table() -> None:
    model = edge.load(model_file("tokens"))
    for tokens, token, where in (([[1, 2], [3, 20]], 20, (1, 1)), ([[-21, 2]], -21, (0, 0))):
        place = re.escape(str(where))
        wanted = f"tokens.tflite: input .* received {token} at index {place}; its table has 20 rows"
        with pytest.raises(ValueError, match=f"{wanted}, so that it takes -20 to 19") as caught:
            model.predict(tokens)
        assert "\n" not in str(caught.value)
    keras_says = keras_model("tokens").predict(np.array([[-20, 19]]), verbose=0)  # it counts from the end
    np.testing.assert_allclose(model.predict([[-20, 19]]), keras_says, atol=1e-6)


def test_a_table_that_cannot_be_seen_still_gives_a_sentence(tmp_path: Any) -> None:
    tokens = keras.Input((3,), dtype="int32")
    table = keras.layers.Embedding(9, 4)
    hidden = keras.Model(tokens, table(keras.ops.maximum(tokens, 2) * 2))
    import tensorflow as tf

    path = tmp_path / "hidden.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(hidden).convert())
    model = edge.load(path)
    np.testing.assert_allclose(model.predict([[2, 3, 4]]), hidden.predict(np.array([[2, 3, 4]]), verbose=0))
    with pytest.raises(
        edge.ModelFileError, match=r"^hidden.tflite: .* out of bounds, at operator \d+, GATHER\. An input"
    ) as caught:
        model.predict([[1, 2, 9]])
    assert "boundsNode" not in str(caught.value)
    np.testing.assert_allclose(model.predict([[2, 3, 4]]), hidden.predict(np.array([[2, 3, 4]]), verbose=0))
