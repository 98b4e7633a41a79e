"""`verify`: agreement of Keras and a file on real data, and over a long time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from edge.convert.graph import flatbuffer
from edge.convert.keras_model.signature import signature_of
from edge.convert.verification.keras_stream import KerasStream
from edge.convert.verification.verifier import verify
from keras_lstm_plus import LSTMPlus
from tests.helpers.device_files import keras_model, model_file, sequences
from tests.helpers.keras_models import motion, randomised, two_layers

STEPS = 2000


def altered(path: Path, target: Path, by: float = 0.05) -> Path:
    """A copy of a float file with one weight changed: the largest of its largest matrix."""
    model = flatbuffer.load(path.read_bytes())
    tensors = [
        t for t in model.subgraphs[0].tensors if t.type == 0 and model.buffers[t.buffer].data is not None
    ]
    data = max((model.buffers[tensor.buffer] for tensor in tensors), key=lambda buffer: len(buffer.data))
    weights = np.frombuffer(bytes(data.data), np.float32).copy()
    weights[np.abs(weights).argmax()] += by
    data.data = np.frombuffer(weights.tobytes(), np.uint8)
    target.write_bytes(flatbuffer.pack(model))
    return target


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    path = tmp_path_factory.mktemp("verify") / "stream.tflite"
    model = two_layers("peephole")
    convert(model, path, state="carry")
    return model, path


def test_a_good_stream_agrees_and_does_not_drift(streamed: tuple[keras.Model, Path]) -> None:
    model, path = streamed
    reports: list[tuple[int, int, str]] = []
    result = verify(
        model, path, motion(12, 30), drift_steps=STEPS, progress=lambda *report: reports.append(report)
    )
    (output,) = result.outputs
    assert result.is_ok
    assert (result.state, result.quantize, result.samples, result.checked_on) == ("carry", None, 12, "data")
    assert 0 < output.error < output.limit == 1e-5
    assert output.agreement == 1.0
    assert output.accuracy_file is None
    assert result.drift is not None
    assert result.drift.kind == "stream"
    (drift,) = result.drift.outputs
    assert [(w.begin, w.end) for w in drift.windows] == [(0, 10), (10, 100), (100, 1000), (1000, STEPS)]
    assert 0 < drift.rms < 1e-5
    assert not drift.grows
    assert {text for _, _, text in reports} == {
        "loading",
        "running Keras",
        "running the file",
        "streaming through both",
    }
    assert all(done < total or total == 0 for done, total, _ in reports)
    assert "agrees with" in str(result)
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["is_ok"] is True


def test_progress_that_is_no_function(streamed: tuple[keras.Model, Path]) -> None:
    with pytest.raises(TypeError, match="progress is a function of three arguments.*received 3"):
        verify(*streamed, progress=3)  # type: ignore[arg-type]


def test_one_altered_weight_is_found(streamed: tuple[keras.Model, Path], tmp_path: Path) -> None:
    model, path = streamed
    x = motion(12, 30)
    result = verify(model, altered(path, tmp_path / "bad.tflite"), x, drift_steps=STEPS)
    (output,) = result.outputs
    assert not result.is_ok
    assert output.error > 10 * output.limit
    assert result.drift is not None
    assert not result.drift.is_ok
    assert "DIFFERS" in str(result)
    # The worst sample is the worst: alone, it has the same error.
    alone = verify(model, tmp_path / "bad.tflite", x[output.worst_sample][None], drift_steps=0)
    assert alone.outputs[0].max_abs == pytest.approx(output.max_abs, rel=1e-3)
    assert verify(model, tmp_path / "bad.tflite", x, drift_steps=0, tolerance=10.0).is_ok


def test_a_wrong_state_shows_in_the_drift_alone(
    streamed: tuple[keras.Model, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that forgets now and then is right on short sequences."""
    from edge.runtime.stream import Stream

    step, count = Stream.step, [0]

    def forgetful(self: Stream, x: Any, **options: Any) -> Any:
        count[0] += 1
        if count[0] % 100 == 0:
            self.reset()
        return step(self, x, **options)

    monkeypatch.setattr(Stream, "step", forgetful)
    model, path = streamed
    result = verify(model, path, motion(12, 30), drift_steps=STEPS)
    assert result.outputs[0].is_ok
    assert result.drift is not None
    first, second, third, _ = result.drift.outputs[0].windows
    assert first.max_abs < 1e-5
    assert second.max_abs > 1e-2 < third.max_abs
    assert not result.is_ok


@pytest.mark.parametrize("compiled", [True, False])
def test_the_streamed_keras_is_keras(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps in chunks against whole sequences; several inputs, one of them static, and a layer used twice."""
    import tensorflow as tf

    if not compiled:
        function = tf.function

        def refused(*_: Any) -> None:
            raise tf.errors.InvalidArgumentError(None, None, "unsupported operator for XLA_CPU_JIT")

        def refusing(work: Any, jit_compile: bool = False, **options: Any) -> Any:
            return refused if jit_compile else function(work, **options)

        monkeypatch.setattr(tf, "function", refusing)
    a, b = keras.Input((None, 3), name="a"), keras.Input((2,), name="b")
    shared = LSTMPlus(4, "layer_norm", return_sequences=True)
    twice = shared(shared(keras.layers.Dense(4)(shared_input := keras.layers.Dense(4)(a))))
    last = keras.layers.GRU(5)(keras.layers.Concatenate()([twice, shared_input]))
    joined = keras.layers.Concatenate()([last, b])
    model = randomised(keras.Model([a, b], [keras.layers.Dense(3)(joined), twice]))
    rng = np.random.default_rng(3)
    rows, steps = 2, 12
    x = rng.normal(size=(rows, steps, 3)).astype(np.float32)
    static = rng.normal(size=(rows, 2)).astype(np.float32)
    signature = signature_of(model).with_batch(rows).with_length(1)
    stream = KerasStream(model, signature, rows, 4)
    found = [
        stream.run([np.swapaxes(x, 0, 1)[begin : begin + 4, :, None], np.stack([static] * 4)])
        for begin in (0, 4, 8)
    ]
    last_steps = np.concatenate([outputs[0] for outputs in found])
    every = np.concatenate([outputs[1] for outputs in found])
    assert every.shape == (steps, rows, 1, 4)
    for length in (1, 5, steps):
        wanted = model([x[:, :length], static])
        np.testing.assert_allclose(last_steps[length - 1], wanted[0], atol=2e-6)
        np.testing.assert_allclose(every[length - 1, :, 0], np.asarray(wanted[1])[:, -1], atol=2e-6)
    assert "call" not in vars(shared)


def test_masked_steps_leave_the_state() -> None:
    tokens = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(9, 4, mask_zero=True)(tokens)
    model = randomised(keras.Model(tokens, keras.layers.LSTM(5)(x)))
    row = np.array([[3, 0, 0, 7, 2, 0]])
    stream = KerasStream(model, signature_of(model).with_length(1), 1, 6)
    (found,) = stream.run([row.T[:, :, None].astype(np.int32)])
    for length in range(1, 7):
        np.testing.assert_allclose(found[length - 1], model(row[:, :length]), atol=1e-6)


def test_quantized_files_have_their_own_tolerance(tmp_path: Path) -> None:
    model, x = two_layers("standard"), motion(40, 30)
    for quantize, limit in (("float16", 2e-3), ("dynamic", 0.03), ("int8", 0.03)):
        path = tmp_path / f"{quantize}.tflite"
        convert(model, path, quantize, x)
        result = verify(model, path, x, drift_steps=100)
        assert result.is_ok, quantize
        assert (result.quantize, result.outputs[0].limit) == (quantize, limit)
        assert result.drift is not None
        assert result.drift.kind == "sequence"
        assert [window.end for window in result.drift.outputs[0].windows] == [10, 100]
        assert result.outputs[0].error > 1e-6


def test_accuracy_and_decisions(tmp_path: Path) -> None:
    inputs = keras.Input((None, 6))
    hidden = keras.layers.LSTM(8, return_sequences=True)(inputs)
    every = keras.layers.Dense(5, activation="softmax", name="every")(hidden)
    size = keras.layers.Dense(3, name="size")(hidden)
    model = randomised(keras.Model(inputs, [every, size]))
    path, x = tmp_path / "m.tflite", motion(8, 10)
    convert(model, path)
    right = np.asarray(model(x)[0]).argmax(-1)
    right[:4] = (right[:4] + 1) % 5
    result = verify(model, path, x, {"every": right}, drift_steps=0)
    first, second = result.outputs
    assert (first.agreement, first.accuracy_keras, first.accuracy_file) == (1.0, 0.5, 0.5)
    assert second.agreement is None  # three real numbers at each step decide nothing
    assert result.drift is None
    assert result.drift_note == "not asked for"
    one_hot = np.eye(5)[right]
    assert verify(model, path, x, {"every": one_hot}, drift_steps=0).outputs[0].accuracy_keras == 0.5
    for labels, words in (
        (right, "give a dictionary by name"),
        ({"evry": right}, "the outputs of the model are 'every', 'size'"),
        ({"every": right[:, 0]}, "must be class numbers of shape \\[8, 10\\]"),
        ({"every": right + 3}, "it has the classes 0 to 4"),
        ({"every": right + 0.5}, "must be class numbers"),
    ):
        with pytest.raises(ValueError, match=words):
            verify(model, path, x, labels, drift_steps=0)


@pytest.mark.parametrize("kind", ["stock", "dense", "dense_int8", "tokens", "multi"])
def test_files_by_others(kind: str) -> None:
    model = keras_model(kind.removesuffix("_int8"))
    data = sequences(64)[:, 0] if kind == "dense_int8" else None
    result = verify(model, model_file(kind), data, drift_steps=50, target="litert")
    assert result.is_ok, result
    assert result.quantize == ("int8" if kind == "dense_int8" else None)
    assert result.lowering is None
    assert len(result.outputs) == (2 if kind == "multi" else 1)
    assert result.target is not None
    assert result.target["verdict"] == ("slow" if kind == "stock" else "ok")
    if kind in ("tokens", "multi"):  # which take any length
        assert result.drift is not None
        assert result.drift.steps == 50
    else:
        assert result.drift is None
        assert "does not apply" in str(result.drift_note)
    with pytest.raises(ValueError, match="is no conversion of this model: it takes"):
        verify(two_layers("standard"), model_file("dense"))


def test_a_stream_by_another_converter() -> None:
    """Its state is in resource variables; both runs go through all of it."""
    result = verify(keras_model("stateful"), model_file("stateful"), drift_steps=300)
    assert result.is_ok
    assert result.drift is not None
    assert (result.drift.kind, result.drift.steps) == ("stream", 300)
    assert result.drift.outputs[0].rms > 0


def test_a_model_that_explodes_has_no_drift(tmp_path: Path) -> None:
    inputs = keras.Input((None, 6))
    layer = keras.layers.SimpleRNN(4, activation="relu", name="rnn")
    model = keras.Model(inputs, layer(inputs))
    layer.cell.kernel.assign(np.full((6, 4), 0.1))  # drawn at random, all may be negative: relu then ends it
    layer.cell.recurrent_kernel.assign(np.eye(4) * 4.0)
    convert(model, tmp_path / "m.tflite", state="carry", representative_data=np.ones((4, 5, 6), "f"))
    result = verify(model, tmp_path / "m.tflite", np.ones((4, 5, 6), "f"), drift_steps=500)
    assert result.outputs[0].is_ok
    assert result.drift is None
    assert "Keras itself gives NaN or infinity within 500 steps" in str(result.drift_note)


def test_an_error_that_grows_is_called_so(
    streamed: tuple[keras.Model, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge.runtime.stream import Stream

    step, count = Stream.step, [0]

    def drifting(self: Stream, x: Any, **options: Any) -> Any:
        count[0] += 1
        return step(self, x, **options) + 1e-6 * count[0] ** 0.5

    monkeypatch.setattr(Stream, "step", drifting)
    model, path = streamed
    result = verify(model, path, motion(12, 30), drift_steps=STEPS)
    assert result.drift is not None
    assert result.drift.outputs[0].grows
    assert "GROWS" in str(result)


def test_what_cannot_be_verified_is_one_sentence(streamed: tuple[keras.Model, Path], tmp_path: Path) -> None:
    model, path = streamed
    for arguments, options, words in (
        ((model, path, motion(2, 5)[..., :3]), {}, "data for input 'motion' must have the shape"),
        ((model, path), {"drift_steps": -1}, "drift_steps is a number of steps"),
        ((model, path), {"tolerance": float("nan")}, "tolerance must be a number"),
        ((model, path), {"target": "litertt"}, "Did you mean 'litert'"),
        ((model, tmp_path / "no.tflite"), {}, "There is no file"),
    ):
        with pytest.raises(ValueError, match=words):
            verify(*arguments, **options)
    inputs = keras.Input((None,), dtype="int32")
    tokens = keras.Model(inputs, keras.layers.LSTM(3)(keras.layers.Embedding(5, 4)(inputs)))
    convert(tokens, tmp_path / "tokens.tflite")
    with pytest.raises(ValueError, match="The Keras model does not run on this input"):
        verify(tokens, tmp_path / "tokens.tflite", np.full((2, 4), 99), drift_steps=0)
