"""Each row of the table of targets: what it accepts runs there, what it does not is refused."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert
from edge.targets import LOWERINGS, QUANTIZE, TARGETS, get_target
from keras_lstm_plus import LSTMPlus
from tests.helpers.keras_models import FEATURES, keras_answer, motion, randomised, recurrent, relative_error
from tests.helpers.other_runtimes import compiled_model, micro
from tests.helpers.runtimes import Runtime

STEPS = 6
needs_micro = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None,
    reason="tflite-micro is not installed (Linux on x86 only)",
)


@lru_cache
def model_of(variant: str, **options: Any) -> keras.Model:
    x = keras.Input((None, FEATURES), name="motion")
    y = recurrent(variant, 16, name="memory", **options)(x)
    return randomised(keras.Model(x, keras.layers.Dense(3, name="scores")(y)))


def test_rows_are_sound() -> None:
    for name, row in TARGETS.items():
        assert row.name == name
        assert set(row.lowerings) <= set(LOWERINGS)
        assert set(row.quantize) >= set(row.lowerings)
        assert {q for form in row.quantize.values() for q in form} <= set(QUANTIZE)
    with pytest.raises(ValueError, match="Unknown target 'rasberry-pi'. Did you mean 'raspberry-pi'"):
        get_target("rasberry-pi")


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("variant", ["standard", "peephole"])
def test_every_target_takes_either_cell_in_int8(name: str, variant: str, tmp_path: Path) -> None:
    data = motion(64, STEPS)
    result = convert(model_of(variant), tmp_path / "m.tflite", "int8", data, target=name, length=STEPS)
    wanted = (
        "unrolled"
        if name == "compiled-model" or (name, variant) == ("microcontroller", "peephole")
        else "fused"
    )
    assert (result.lowering, result.target) == (wanted, name)
    assert edge.load(result.path).file is not None
    inputs = edge.load(result.path).inputs
    assert inputs[0].dtype == ("int8" if TARGETS[name].integer_ends else "float32")


# -- microcontroller ---------------------------------------------------------------------------------


@needs_micro
@pytest.mark.parametrize("quantize", [None, "int8", "int16x8"])
@pytest.mark.parametrize("variant", ["standard", "peephole", "fgr"])
def test_micro_computes_what_keras_computes(tmp_path: Path, variant: str, quantize: str | None) -> None:
    model, data = model_of(variant), motion(64, STEPS)
    options: dict[str, Any] = {"target": "microcontroller", "length": STEPS}
    result = convert(model, tmp_path / "m.tflite", quantize, data, **options)
    x = motion(12, STEPS, seed=5)
    found = np.concatenate([answer[0] for answer in micro(result.path, [[row[None]] for row in x])])
    wanted = keras_answer(model, x)[0]
    if quantize is None:
        assert np.abs(found - wanted).max() < 1e-5
    else:
        assert relative_error(found, wanted) < 0.05


@needs_micro
@pytest.mark.parametrize("quantize", [None, "int8", "int16x8"])
def test_micro_streams_with_the_states_in_the_callers_hands(tmp_path: Path, quantize: str | None) -> None:
    model, data = model_of("peephole"), motion(64, STEPS)
    result = convert(model, tmp_path / "m.tflite", quantize, data, target="microcontroller", lowering="step")
    x = motion(1, STEPS, seed=5)
    states = [np.zeros((1, 16), np.float32)] * 2
    calls = [[x[:, 0:1], *states], *([x[:, step : step + 1]] for step in range(1, STEPS))]
    found = micro(result.path, calls, feed_back=True)[-1][0]
    wanted = keras_answer(model, x)[0]
    assert np.abs(found - wanted).max() < (1e-5 if quantize is None else 0.15)


@needs_micro
def test_dynamic_is_nan_on_micro_and_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    convert(model_of("standard"), path, "dynamic", length=STEPS)  # for an Interpreter
    assert np.isnan(micro(path, [[motion(1, STEPS)]])[0][0]).all()
    for quantize in ("dynamic", "float16"):
        with pytest.raises(
            ValueError, match="TensorFlow Lite Micro does not run quantize=.*Use quantize=None"
        ):
            convert(model_of("standard"), path, quantize, target="microcontroller", length=STEPS)


def test_micro_needs_a_length_except_for_streams(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    with pytest.raises(
        ValueError, match="runs files of a fixed length, and.*Use lowering='step', or length="
    ):
        convert(model_of("standard"), path, target="microcontroller", lowering="fused")
    result = convert(model_of("standard"), path, target="microcontroller", state="carry")
    assert edge.load(path).inputs[0].shape == (1, 1, FEATURES)
    assert result.lowering == "fused"
    result = convert(model_of("peephole"), path, target="microcontroller")
    assert (result.lowering, result.state) == ("step", "explicit")
    assert "TensorFlow Lite Micro fuses the standard LSTM alone" in result.notes[0]


# -- CompiledModel -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lowering", ["unrolled", "step"])
def test_compiled_model_runs_plain_operators(tmp_path: Path, lowering: str) -> None:
    model = model_of("peephole")
    options: dict[str, Any] = {"length": STEPS} if lowering == "unrolled" else {}
    result = convert(model, tmp_path / "m.tflite", target="compiled-model", lowering=lowering, **options)
    x = motion(1, STEPS, seed=5)
    if lowering == "unrolled":
        found = compiled_model(result.path, [x])[0]
    else:
        states = [np.zeros((1, 16), np.float32)] * 2
        for step in range(STEPS):
            found, *states = compiled_model(result.path, [x[:, step : step + 1], *states])
    assert np.abs(found - keras_answer(model, x)[0]).max() < 1e-5


def test_compiled_model_refuses_the_fused_operator(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    convert(model_of("standard"), path, length=STEPS)
    with pytest.raises(RuntimeError):
        compiled_model(path, [motion(1, STEPS)])
    with pytest.raises(ValueError, match="variable tensors.*Use lowering='unrolled'"):
        convert(model_of("standard"), path, target="compiled-model", length=STEPS, lowering="fused")


# -- other rules -------------------------------------------------------------------------------------


def test_int8_layer_norm_is_refused_on_32_bit_arm(tmp_path: Path) -> None:
    x = keras.Input((None, FEATURES))
    model = randomised(keras.Model(x, LSTMPlus(16, "layer_norm", name="memory")(x)))
    data = motion(16, STEPS)
    for target, fused in (("raspberry-pi", True), ("raspberry-pi-armv7", False)):
        result = convert(model, tmp_path / "m.tflite", "int8", data, target=target, length=STEPS)
        assert (result.lowering == "fused") == fused
    with pytest.raises(
        ValueError, match="wrong with a layer norm.*Use lowering='step', or quantize='dynamic'"
    ):
        convert(model, tmp_path / "m.tflite", "int8", data, target="raspberry-pi-armv7", lowering="fused")


@pytest.fixture(scope="module")
def with_ends(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """with_ends(input_type, output_type): a file in integers, made once for both runtimes."""
    folder = tmp_path_factory.mktemp("ends")

    @lru_cache
    def make(*ends: str | None) -> Path:
        types: dict[str, Any] = dict(zip(("input_type", "output_type"), ends, strict=True))
        path = folder / f"{ends}.tflite"
        convert(model_of("peephole"), path, "int8", motion(64, STEPS), state="explicit", **types)
        return path

    return make


@pytest.mark.parametrize(
    "ends", [("float32", "float32"), ("float32", None), (None, "float32"), ("int8", "int8")]
)
def test_types_of_the_ends(
    with_ends: Callable[..., Path], runtime: Runtime, ends: tuple[str | None, str | None]
) -> None:
    model, data, path = model_of("peephole"), motion(64, STEPS), with_ends(*ends)
    file = edge.load(path)
    real = [end == "float32" for end in ends]
    assert [info.dtype == "float32" for info in (file.inputs[0], file.outputs[0])] == real
    states = [np.zeros((1, 16), np.float32)] * 2
    answers = runtime.run(path, [[row[None], *states] for row in data[:8]])
    found = np.concatenate([answer[0] for answer in answers])
    assert relative_error(found, keras_answer(model, data[:8])[0]) < 0.03
    assert (file.states[0].input.dtype == "float32") == real[0]  # states are what goes in


def test_integer_ends_where_they_are_not_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="takes no input_type='int8'; use input_type='float32'"):
        convert(
            model_of("standard"),
            tmp_path / "m",
            "int8",
            motion(4, STEPS),
            target="web-litert",
            input_type="int8",
        )
    with pytest.raises(ValueError, match="input_type must be None, 'float32'; received 'int8'"):
        convert(model_of("standard"), tmp_path / "m", input_type="int8")


def test_labels_and_normalization_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    normalization = {"mean": np.arange(FEATURES), "std": np.full(FEATURES, 2.0)}
    convert(model_of("standard"), path, labels=["a", "b", "ü"], normalization=normalization)
    file = edge.load(path)
    assert file.labels == ("a", "b", "ü")
    np.testing.assert_allclose(file.normalise(np.arange(FEATURES)), np.zeros(FEATURES))
    with pytest.raises(ValueError, match="labels must be a list of names"):
        convert(model_of("standard"), path, labels="abc")
    with pytest.raises(ValueError, match="as many means as standard deviations"):
        convert(model_of("standard"), path, normalization={"mean": [0.0], "std": [0.0]})
