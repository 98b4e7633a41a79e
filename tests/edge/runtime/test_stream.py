"""State: streams, resets, and what a graph says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from tests.helpers.device_files import FEATURES, STEPS, edited, keras_model, model_file, sequences

X = sequences(3)


def expected(x: Any) -> Any:
    return keras_model().predict(x, verbose=0)


def per_row(model: edge.EdgeModel, x: np.ndarray) -> np.ndarray:
    """The steps of each row through a new stream."""
    rows = []
    for row in x:
        stream = model.stream()
        rows.append([stream.step(step) for step in row])
    return np.array(rows)


@pytest.mark.parametrize(("kind", "tolerance"), [("carry", 1e-6), ("int8_carry", 0)])
def test_a_stream_is_the_whole_sequence(kind: str, tolerance: float) -> None:
    model = edge.load(model_file(kind))
    np.testing.assert_allclose(per_row(model, X), model.predict(X), atol=tolerance)
    assert np.ptp(per_row(model, np.ones((1, STEPS, FEATURES))), axis=1).min() > 0.01  # it has a memory


def test_reset_starts_anew() -> None:
    stream = edge.load(model_file("carry")).stream()
    first = [stream.step(step) for step in X[0]]
    stream.reset()
    np.testing.assert_array_equal([stream.step(step) for step in X[0]], first)


def test_streams_and_predict_do_not_disturb_each_other() -> None:
    model = edge.load(model_file("carry"))
    a, b = model.stream(), model.stream()
    mixed = []
    for one, two in zip(X[0], X[1], strict=True):
        mixed.append((a.step(one), b.step(two)))
        model.predict(X[2:])
    np.testing.assert_array_equal(np.swapaxes(mixed, 0, 1), per_row(model, X[:2]))


def test_a_refused_step_leaves_the_state_alone() -> None:
    model = edge.load(model_file("carry"))
    stream = model.stream()
    results = []
    for step in X[0]:
        for bad in (step[:-1], step[None], np.full(FEATURES, np.nan), None):
            with pytest.raises((ValueError, TypeError)):
                stream.step(bad)
        results.append(stream.step(step))
    np.testing.assert_array_equal([results], per_row(model, X[:1]))


def test_a_stream_needs_a_file_that_carries_its_state() -> None:
    for kind, reason in (("reset", "starts anew"), ("stock", "no state")):
        with pytest.raises(ValueError, match=rf'{kind}.tflite .*{reason}.*state="carry"'):
            edge.load(model_file(kind)).stream()


def test_the_state_is_read_off_the_graph(tmp_path: Path) -> None:
    def forget_metadata(model: Any) -> None:
        model.metadata = []

    for kind in ("reset", "carry"):
        path = tmp_path / f"{kind}.tflite"
        path.write_bytes(edited(kind, forget_metadata))
        model = edge.load(path)
        assert (model.metadata, model.state) == (None, kind)
        np.testing.assert_allclose(model.predict(X), expected(X), atol=1e-5)


def test_a_state_is_as_wide_as_one_row_even_where_the_batch_is_free(tmp_path: Path) -> None:
    def free_the_batch(model: Any) -> None:  # so Keras 2 wrote its LSTMs
        graph = model.subgraphs[0]
        graph.tensors[graph.inputs[0]].shapeSignature = np.array([-1, -1, FEATURES], np.int32)

    for kind in ("reset", "carry"):
        path = tmp_path / f"{kind}.tflite"
        path.write_bytes(edited(kind, free_the_batch))
        np.testing.assert_allclose(edge.load(path).predict(X), expected(X), atol=1e-5)


def test_resource_variables_of_a_stateful_layer_are_state() -> None:
    model = edge.load(model_file("stateful"))
    assert model.state == "carry"
    stream = model.stream()
    steps = []
    for _ in range(2):
        stream.reset()
        steps.append([stream.step(step) for step in X[0]])
    np.testing.assert_array_equal(steps[0], steps[1])
    twin = keras_model("stateful")
    twin.layers[-1].reset_state()
    np.testing.assert_allclose(steps[0], [twin(step[None, None])[0] for step in X[0]], atol=1e-6)
    twin.layers[-1].reset_state()
