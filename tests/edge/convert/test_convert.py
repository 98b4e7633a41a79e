"""Conversion end to end, on both runtimes: error, state, operators and what stands in the file."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

import edge
from edge.convert import ConversionResult, convert
from edge.tflite import parse
from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.spec import LSTMSpec
from tests.helpers.keras_models import (
    FEATURES,
    keras_answer,
    motion,
    randomised,
    recurrent,
    relative_error,
    rounds,
    two_layers,
)
from tests.helpers.runtimes import Runtime

VARIANTS = ("stock", "standard", "peephole")
QUANTIZE = (None, "dynamic", "int8")
LENGTHS = (1, 7, 300)


class Converted(NamedTuple):
    model: keras.Model
    result: ConversionResult


class Branches(NamedTuple):
    names: list[str]
    result: ConversionResult
    x: np.ndarray
    wanted: list[np.ndarray]


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """converted(variant, quantize): the two-layer model, converted once a module."""
    folder = tmp_path_factory.mktemp("converted")
    model = lru_cache(two_layers)

    @lru_cache
    def make(variant: str, quantize: str | None, state: str = "reset") -> Converted:
        path = folder / f"{variant}_{quantize}_{state}.tflite"
        return Converted(model(variant), convert(model(variant), path, quantize, motion(32, 40), state))

    return make


# -- error -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_float_file_computes_what_keras_computes(
    converted: Any, runtime: Runtime, variant: str, length: int
) -> None:
    model, result = converted(variant, None)
    x = motion(3, length, seed=5)
    wanted = keras_answer(model, x)[0]
    found = np.concatenate([outputs[0] for outputs in runtime.run(result.path, rounds(x))])
    assert wanted.std() > 0.05  # there is something to be wrong about
    assert np.abs(found - wanted).max() <= 1e-5
    assert result.errors[0].max_abs <= 1e-5


@pytest.mark.parametrize("quantize", ["dynamic", "int8"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_integer_file_is_within_three_percent(
    converted: Any, runtime: Runtime, variant: str, quantize: str
) -> None:
    model, result = converted(variant, quantize)
    x = motion(24, 40, seed=6)  # not what it was calibrated on
    found = np.concatenate([outputs[0] for outputs in runtime.run(result.path, rounds(x))])
    error = relative_error(found, keras_answer(model, x)[0])
    assert 1e-5 < error < 0.03  # and it does consist of integers
    assert result.errors[0].relative < 0.03
    assert result.size < 0.7 * result.float_size


# One model with a branch for each, so that they cost one conversion.
SPECS = {
    spec.name: spec
    for spec in (
        LSTMSpec("peephole", peephole=True),
        LSTMSpec("coupled", input_gate="coupled"),
        LSTMSpec("coupled_peephole", input_gate="coupled", peephole=True),
        LSTMSpec("no_bias", use_bias=False),
        LSTMSpec("layer_norm", layer_norm=True),
        LSTMSpec("layer_norm_peephole", layer_norm=True, peephole=True),
        LSTMSpec("layer_norm_coupled", layer_norm=True, input_gate="coupled"),
        LSTMSpec("projection", projection_units=5),
        LSTMSpec("projection_norm", projection_units=5, layer_norm=True),
        LSTMSpec("projection_clip", projection_units=5, projection_clip=0.2),
        LSTMSpec("cell_clip", cell_clip=0.4),
        LSTMSpec("no_input_gate", input_gate="open"),
        LSTMSpec("no_forget_gate", forget_gate="open", peephole=True),
        LSTMSpec("no_output_gate", output_gate="open"),
        LSTMSpec("projection_peephole", projection_units=5, peephole=True),
        # Not with 8-bit activations:
        LSTMSpec("no_output_gate_norm", output_gate="open", layer_norm=True),
        LSTMSpec("relu", candidate_activation="relu", output_activation="relu"),
        # Not with 8-bit weights either:
        LSTMSpec("diagonal", recurrence="diagonal"),
    )
}
FLOAT_ONLY = ["diagonal"]
NOT_INT8 = [*list(SPECS)[15:17], *FLOAT_ONLY]


@pytest.fixture(scope="module")
def all_specs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """all_specs(quantize): a model with a branch for each spec that can be quantized so, converted."""
    folder = tmp_path_factory.mktemp("specs")

    @lru_cache
    def make(quantize: str | None) -> Branches:
        left_out = {None: [], "dynamic": FLOAT_ONLY, "int8": NOT_INT8}[quantize]
        inputs = keras.Input((None, FEATURES))
        outputs = [
            LSTMPlus(9, spec, return_sequences=True, name=name)(inputs)
            for name, spec in SPECS.items()
            if name not in left_out
        ]
        model = randomised(keras.Model(inputs, outputs))
        result = convert(model, folder / f"{quantize}.tflite", quantize, motion(48, 12, seed=9))
        x = motion(16, 12)
        return Branches(model.output_names, result, x, keras_answer(model, x))

    return make


@pytest.mark.parametrize("quantize", QUANTIZE)
def test_every_field_of_a_spec(all_specs: Any, runtime: Runtime, quantize: str | None) -> None:
    names, result, x, answer = all_specs(quantize)
    answers = runtime.run(result.path, rounds(x))
    assert sorted(layer.variant for layer in result.layers) == sorted(names)
    for position, (name, wanted) in enumerate(zip(names, answer, strict=True)):
        found = np.concatenate([outputs[position] for outputs in answers])
        if quantize is None:
            assert np.abs(found - wanted).max() <= 1e-5, name
        else:
            assert relative_error(found, wanted) < 0.03, name


@pytest.mark.parametrize("name", NOT_INT8)
def test_what_integer_kernels_compute_wrongly_is_refused(tmp_path: Path, name: str) -> None:
    model = keras.Sequential([keras.Input((None, FEATURES)), LSTMPlus(9, SPECS[name], name="late")])
    way_out = "quantize='float16' or None" if name in FLOAT_ONLY else "quantize='dynamic'"
    with pytest.raises(ValueError, match=f"Layer 'late' .* cannot be converted.*Use .*{way_out}"):
        convert(model, tmp_path / "model.tflite", "int8", motion(4, 5), lowering="fused")
    assert not list(tmp_path.iterdir())


def test_float16_halves_the_weights(converted: Any) -> None:
    small = converted("peephole", "float16").result
    assert 0.5 < small.size / small.float_size < 0.8  # names, operators and the note stay


# -- state -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantize", QUANTIZE)
@pytest.mark.parametrize("variant", ["stock", "peephole"])
def test_a_call_knows_nothing_of_the_one_before(
    converted: Any, runtime: Runtime, variant: str, quantize: str | None
) -> None:
    result = converted(variant, quantize).result
    x = motion(2, 7, seed=7)
    first, other, again = (outputs[0] for outputs in runtime.run(result.path, rounds(x[[0, 1, 0]])))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("quantize", QUANTIZE)
def test_carry_goes_on_where_the_last_call_ended(
    converted: Any, runtime: Runtime, quantize: str | None
) -> None:
    model, result = converted("peephole", quantize, "carry")
    x = motion(1, 12, seed=8)
    whole = runtime.run(result.path, [[x]])[-1][0]
    steps = runtime.run(result.path, [[x[:, step : step + 1]] for step in range(12)])
    np.testing.assert_allclose(steps[-1][0], whole, atol=1e-6)
    assert np.abs(steps[0][0] - whole).max() > 0.01
    if quantize is None:
        np.testing.assert_allclose(whole, keras_answer(model, x)[0], atol=1e-5)


def test_carry_as_a_stream(converted: Any) -> None:
    model, result = converted("peephole", None, "carry")
    x = motion(1, 12, seed=8)
    stream = edge.load(result.path).stream()
    for repetition in range(2):
        answers = [stream.step(sample) for sample in x[0]]
        np.testing.assert_allclose(
            answers[-1], keras_answer(model, x)[0][0], atol=1e-5, err_msg=str(repetition)
        )
        stream.reset()


# -- the file ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantize", QUANTIZE)
def test_one_operator_a_layer_and_no_loop(converted: Any, quantize: str | None) -> None:
    result = converted("peephole", quantize).result
    graphs = parse(result.path.read_bytes(), "model").graphs
    names = [operator.name for operator in graphs[0].operators]
    assert len(graphs) == 1  # no body of a loop
    assert names.count("UNIDIRECTIONAL_SEQUENCE_LSTM") == 2
    assert set(names) <= {"UNIDIRECTIONAL_SEQUENCE_LSTM", "SLICE", "STRIDED_SLICE", "FULLY_CONNECTED"}
    assert not any(operator.custom for operator in graphs[0].operators)
    assert sum(result.ops.values()) == len(names)


def test_ends_have_the_names_of_the_model(converted: Any) -> None:
    for quantize in QUANTIZE:
        model = edge.load(converted("peephole", quantize).result.path)
        assert [(info.name, list(info.shape)) for info in model.inputs] == [("motion", [1, -1, FEATURES])]
        assert [info.name for info in model.outputs] == ["exercise"]
        assert model.inputs[0].dtype == ("int8" if quantize == "int8" else "float32")


def test_metadata(converted: Any) -> None:
    metadata = edge.load(converted("peephole", "int8").result.path).metadata
    assert metadata is not None
    versions, calibration, checks = (metadata.pop(key) for key in ("versions", "calibration", "checks"))
    assert metadata == {
        "format": 2,
        "version": edge.__version__,
        "state": "reset",
        "lowering": "fused",
        "quantize": "int8",
        "target": "litert",
        "layers": [
            {"name": "first", "variant": "peephole", "units": 24, "lowering": "fused"},
            {"name": "second", "variant": "peephole", "units": 16, "lowering": "fused"},
        ],
        "inputs": [{"name": "motion", "shape": [1, None, FEATURES], "dtype": "int8", "timed": True}],
        "outputs": [{"name": "exercise", "shape": [1, 4], "dtype": "int8", "timed": False}],
        "states": [],
    }
    assert versions["keras"] == keras.__version__
    assert calibration == converted("peephole", "int8").result.calibration.to_dict()
    assert checks == converted("peephole", "int8").result.to_dict()["checks"]
    json.dumps(metadata)


def test_weights_start_at_multiples_of_16_bytes(converted: Any) -> None:
    path = converted("peephole", None).result.path
    content = path.read_bytes()
    kernel = recurrent_kernel_of(converted("peephole", None).model)
    assert content.find(kernel) % 16 == 0


def recurrent_kernel_of(model: keras.Model) -> bytes:
    weights = model.get_layer("first").cell.recurrent_kernel.numpy()[:, :24]
    return bytes(np.ascontiguousarray(weights.T).tobytes())


def test_result_is_true_and_readable(converted: Any) -> None:
    result = converted("peephole", "int8").result
    assert result.size == result.path.stat().st_size
    assert (
        result.float_size
        == converted("peephole", None).result.size
        == converted("peephole", None).result.float_size
    )
    assert result.checked_on == "representative data"
    text = str(result)
    for word in (
        "peephole_int8_reset.tflite",
        "first",
        "peephole",
        "24",
        "fused",
        "exercise",
        "2 UNIDIRECTIONAL",
    ):
        assert word in text
    assert f"{result.errors[0].relative:.2%}" in text


def test_random_input_is_called_random(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((None, 3)), recurrent("stock", 4)])
    result = convert(model, tmp_path / "model.tflite")
    assert result.checked_on == "random input"
    assert "checked against Keras on random input" in str(result)
