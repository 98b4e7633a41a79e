"""The traps of the fused operator: each test shows what goes wrong without the cure, and that it is cured."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.convert import convert, passes, tf_private
from edge.convert.edits import joined_states, state_copies
from edge.convert.edits.fusion import CELL_STATE, OUTPUT_STATE
from edge.convert.edits.reset_states import reset_states
from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.call_sites import Site
from edge.convert.quantization import calibration
from edge.convert.samples import in_batches
from edge.tflite import parse
from keras_lstm_plus import LSTMPlus
from tests.helpers.conversion_steps import (
    Model,
    answer,
    copy_of,
    float_draft,
    fused,
    largest_cell,
    lstms,
    quantized,
    quantized_draft,
)
from tests.helpers.keras_models import (
    FEATURES,
    keras_answer,
    motion,
    randomised,
    relative_error,
    rounds,
    two_layers,
)
from tests.helpers.runtimes import Runtime

# -- state -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("integers", [False, True])
def test_without_the_reset_a_call_remembers_the_last(
    tmp_path: Path, runtime: Runtime, integers: bool
) -> None:
    x = motion(1, 5)
    keras_model = two_layers("peephole")
    draft = quantized_draft(keras_model, motion(16, 5)) if integers else float_draft(keras_model)
    path = tmp_path / "model.tflite"
    for reset in (False, True):
        if reset:
            reset_states(draft)
        path.write_bytes(flatbuffer.pack(draft.model))
        first, second, third = (outputs[0] for outputs in runtime.run(path, rounds(x[[0, 0, 0]])))
        if reset:
            np.testing.assert_array_equal(first, second)
            np.testing.assert_array_equal(first, third)
        else:
            assert np.abs(first - second).max() > 0.02


def test_final_states_wait_for_the_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a runtime the state is no output of the operator: a plain copy of it may run before."""
    x = keras.Input((None, FEATURES))
    model = randomised(keras.Model(x, LSTMPlus(5, "peephole", return_state=True)(x)[1:]))
    wanted = keras_answer(model, motion(1, 9))[1]

    def cell() -> np.ndarray:
        draft = float_draft(model)
        joined_states.join_states(draft)
        reset_states(draft)
        path = tmp_path / "model.tflite"
        path.write_bytes(flatbuffer.pack(draft.model))
        return np.asarray(edge.load(path).predict(motion(1, 9))[1])

    assert np.abs(cell() - wanted).max() < 1e-5

    def read(graph: Model, operator: Any, pairs: Any) -> None:
        for pair in pairs:
            operators.insert_after(graph, operator, state_copies.copied(graph, *pair))

    monkeypatch.setattr(joined_states, "read_after", read)
    assert np.abs(cell() - wanted).max() > 0.05


def test_integer_peepholes_with_a_projection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel takes the size of the output for the number of cells: they must be the same."""
    x = keras.Input((None, FEATURES))
    layer = LSTMPlus(16, "peephole", projection_units=5, return_sequences=True)
    model = randomised(keras.Model(x, layer(x)))
    data = motion(60, 12)
    wanted = keras_answer(model, data)[0]
    right = answer(quantized(model, data), tmp_path / "right.tflite", data)
    assert relative_error(right, wanted) < 0.03
    monkeypatch.setattr(Site, "widened", lambda site: site)
    wrong = answer(quantized(model, data), tmp_path / "wrong.tflite", data)
    assert relative_error(wrong, wanted) > 0.05


# -- ranges ------------------------------------------------------------------------------------------


def one_layer(bias: dict[str, float], candidate: float = 1.0) -> keras.Model:
    """A single LSTM of 4 cells whose gates have these biases, its candidate kernel scaled by `candidate`."""
    model = randomised(
        keras.Sequential(
            [keras.Input((None, FEATURES), name="x"), LSTMPlus(4, return_sequences=True, name="memory")]
        )
    )
    cell = model.get_layer("memory").cell
    kernel = cell.kernel.numpy()
    kernel[:, 4:8] = 0
    kernel[:, 8:12] *= candidate
    cell.kernel.assign(kernel)
    cell.recurrent_kernel.assign(0.1 * cell.recurrent_kernel.numpy())
    cell.bias.assign(np.repeat([bias.get(gate, 0.0) for gate in "ifgo"], 4))
    return model


def calibrated_cell(model: Model, samples: np.ndarray, reset: bool = True) -> float:
    """The largest |c| that TensorFlow's calibration notes."""
    model = copy_of(model)
    operators.add_intermediates(model, lstms(model)[0])
    calibrated = flatbuffer.load(
        tf_private.calibrate(flatbuffer.pack(model), in_batches([samples], 1), repeat(reset))
    )
    ends = flatbuffer.get_range(calibrated, lstms(calibrated)[0].inputs[CELL_STATE])
    assert ends is not None
    return max(map(abs, ends))


def test_calibration_resets_the_state_between_samples() -> None:
    """Without it, as in TensorFlow's own loop, the ranges grow from sample to sample."""
    model = fused(one_layer({"f": 6.0}))
    x = np.abs(motion(60, 20))
    assert calibrated_cell(model, x, reset=False) > 10 * calibrated_cell(model, x)
    assert calibrated_cell(model, x, reset=False) > 2 * calibrated_cell(model, x[:10], reset=False)
    alone = [calibrated_cell(model, x[n : n + 1]) for n in range(5)]
    assert calibrated_cell(model, x[:5]) == pytest.approx(max(alone))


def test_a_recording_that_ends_at_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calibration sees the last cell alone; the range must hold those of the middle."""
    model = one_layer({"f": 5.0})
    cell = model.get_layer("memory").cell
    kernel = cell.kernel.numpy()
    kernel[0] = 0
    kernel[0, 4:8] = -9.0  # the first feature says that the movement is over: forget
    cell.kernel.assign(kernel)
    x = 2 * motion(32, 40)
    x[:, :30, 0] = 0
    x[:, 30:] = 0
    x[:, 30:, 0] = 1
    wanted = keras_answer(model, x)[0]
    right = quantized(model, x)
    assert relative_error(answer(right, tmp_path / "right.tflite", x), wanted) < 0.05

    single = fused(model)
    monkeypatch.setattr(calibration, "largest_cells", lambda _: {0: calibrated_cell(single, x)})
    wrong = quantized(model, x)
    assert relative_error(answer(wrong, tmp_path / "wrong.tflite", x), wanted) > 0.2


def test_the_largest_cell_is_that_of_any_step() -> None:
    model = one_layer({"f": 6.0})
    x = motion(3, 20)
    found = largest_cell(model, x)
    single = fused(model)
    ends = [calibrated_cell(single, x[:, :length]) for length in range(1, 21)]
    assert found == pytest.approx(max(ends), rel=1e-5)


@pytest.mark.parametrize("cell", ["small", "large"])
def test_steps_of_the_cell_that_the_kernel_knows(tmp_path: Path, cell: str) -> None:
    """Its tanh is made for steps of 2^-15 to 2^-9; a small or a large cell would ask for others."""
    small = cell == "small"
    model = one_layer({"i": -3.0}, candidate=0.5) if small else one_layer({"f": 8.0, "i": 4.0}, candidate=9.0)
    x = motion(24, 20) if small else np.abs(motion(24, 200))
    largest = largest_cell(model, x)
    assert 0.05 < largest < 0.5 if small else largest > 64
    integers = quantized(model, x)
    parameters = flatbuffer.scale_and_zero_point(integers, lstms(integers)[0].inputs[CELL_STATE])
    assert parameters == (2.0 ** (-15 if small else -9), 0)
    found = answer(integers, tmp_path / "model.tflite", x)
    assert relative_error(found, keras_answer(model, x)[0]) < 0.05


def test_a_kernel_of_zeros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bias is counted in steps of input times kernel; those of a kernel of zeros are too small for it."""
    model = one_layer({"f": 2.0})
    x = motion(24, 20)
    wanted = keras_answer(model, x)[0]
    right = quantized(model, x)
    assert relative_error(answer(right, tmp_path / "right.tflite", x), wanted) < 0.03
    monkeypatch.setattr(passes, "fill_kernels_of_zeros", lambda *_: None)
    wrong = quantized(model, x)
    assert relative_error(answer(wrong, tmp_path / "wrong.tflite", x), wanted) > 0.2


def test_hidden_states_have_zero_point_zero() -> None:
    content = quantized(two_layers("peephole"), motion(16, 9) + 0.5)
    for operator in lstms(content):
        for index in (operator.outputs[0], operator.inputs[OUTPUT_STATE], operator.intermediates[4]):
            parameters = flatbuffer.scale_and_zero_point(content, index)
            assert parameters is not None
            assert parameters[1] == 0


def test_an_output_with_a_scale_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A concatenation imposes its scale on what it joins; the kernel writes h in that of its state."""
    inputs = keras.Input((None, FEATURES))
    large = keras.layers.Dense(4)(inputs)
    joined = keras.layers.Concatenate()([LSTMPlus(4, return_sequences=True)(inputs), 3.0 * large])
    model = randomised(keras.Model(inputs, joined))
    x = motion(24, 9)
    wanted = keras_answer(model, x)[0][..., :4]
    right = quantized(model, x)
    found = answer(right, tmp_path / "right.tflite", x)[..., :4]
    step = flatbuffer.output_steps(right)[0]
    assert np.abs(found - wanted).max() < 2 * step
    monkeypatch.setattr(operators, "settle_output_scale", lambda *_, **__: None)
    wrong = quantized(model, x)
    assert relative_error(answer(wrong, tmp_path / "wrong.tflite", x)[..., :4], wanted) > 0.5


@pytest.mark.parametrize("form", ["select", "add"])
def test_masked_scores_leave_room_for_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The -1e9 of a step that does not count would be the scale of all scores of a softmax."""
    x = keras.Input((9, FEATURES))
    y = LSTMPlus(8, "peephole", return_sequences=True)(x)
    scores = 4.0 * keras.layers.Dense(1)(y)[..., 0]
    counts = keras.ops.abs(x[..., 0]) > 0.3
    if form == "select":
        scores = keras.ops.where(counts, scores, -1e9)
        weights = keras.layers.Softmax()(scores)
    else:
        weights = keras.layers.Softmax()(scores, mask=counts)
    model = randomised(keras.Model(x, weights))
    data = motion(48, 9)
    wanted = keras_answer(model, data)[0]
    right = answer(quantized(model, data), tmp_path / "right.tflite", data)
    assert relative_error(right, wanted) < 0.15  # a step of the mask itself is 0.3 of a standard deviation
    monkeypatch.setattr(passes, "soften_masked_scores", lambda *_: None)
    wrong = answer(quantized(model, data), tmp_path / "wrong.tflite", data)
    assert relative_error(wrong, wanted) > 0.4


# -- versions and notes ------------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", ["dynamic", "int8"])
def test_large_dense_layers_load_everywhere(tmp_path: Path, runtime: Runtime, numbers: str) -> None:
    """With a scale a row they would be version 12, which tflite-runtime 2.14 does not have."""
    inputs = keras.Input((None, FEATURES))
    y = keras.layers.Dense(64, name="wide")(LSTMPlus(48)(inputs))
    model = randomised(keras.Model(inputs, keras.layers.Dense(40)(y)))
    x = motion(16, 9)
    path = tmp_path / "model.tflite"
    convert(model, path, numbers, x)
    graph = parse(path.read_bytes(), "model").graphs[0]
    dense = [operator for operator in graph.operators if operator.name == "FULLY_CONNECTED"]
    assert [graph.tensors[operator.inputs[1]].dtype for operator in dense] == ["int8", "int8"]
    assert max(operator.version for operator in dense) < 12
    found = np.concatenate([outputs[0] for outputs in runtime.run(path, rounds(x))])
    assert relative_error(found, keras_answer(model, x)[0]) < 0.05


@pytest.mark.parametrize(("classes", "noted"), [(10, False), (100, True)])
def test_a_softmax_over_many_classes_is_noted(tmp_path: Path, classes: int, noted: bool) -> None:
    inputs = keras.Input((None, FEATURES))
    head = keras.layers.Dense(classes, activation="softmax")
    model = randomised(keras.Model(inputs, head(LSTMPlus(16)(inputs))))
    result = convert(model, tmp_path / "model.tflite", "int8", motion(32, 9))
    assert any("steps of 1/256" in note for note in result.notes) == noted
    assert ("steps of 1/256" in str(result)) == noted
