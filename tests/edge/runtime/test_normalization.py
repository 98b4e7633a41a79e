"""The normalization that a file notes: `predict`, streams, the page and the program of the Pi do the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.benchmark.interpreter_process import Process
from edge.convert import convert, verify
from edge.devices.raspberry_pi.classify import Classifier
from tests.helpers.device_files import FEATURES, keras_model, sequences
from tests.helpers.explicit_files import expected, explicit_file, two_ends
from tests.helpers.places import ROOT

rng = np.random.default_rng(5)
MEAN = rng.normal(size=FEATURES) * 100
STD = np.exp(rng.normal(size=FEATURES) * 2)
NORMALIZATION = {"mean": MEAN, "std": STD}
X = sequences(3)  # as the model was trained on
RAW = X * STD + MEAN  # as a sensor gives it


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("noted")
    data = {"representative_data": sequences(32)}
    kinds: dict[str, dict[str, Any]] = {
        "carry": {"state": "carry"},
        "int8": {"state": "carry", "quantize": "int8", **data},
    }
    for kind, options in kinds.items():
        convert(keras_model(), folder / f"{kind}.tflite", normalization=NORMALIZATION, **options)
    convert(two_ends(), folder / "step.tflite", lowering="step", normalization=NORMALIZATION)
    return {kind: folder / f"{kind}.tflite" for kind in (*kinds, "step")}


def test_predict_and_a_stream_take_what_the_sensor_gives(files: dict[str, Path]) -> None:
    wanted = keras_model().predict(X, verbose=0)
    model = edge.load(files["carry"])
    np.testing.assert_allclose(model.predict(RAW), wanted, atol=2e-5)
    np.testing.assert_allclose(model.predict(X, normalized=True), wanted, atol=1e-5)
    stream = model.stream()
    np.testing.assert_allclose([stream.step(x) for x in RAW[0]], wanted[0], atol=2e-5)
    stream.reset()
    np.testing.assert_allclose([stream.step(x, normalized=True) for x in X[0]], wanted[0], atol=1e-5)
    assert np.abs(model.predict(X) - wanted).max() > 0.1  # or it does nothing
    for found, each in zip(edge.load(files["step"]).predict(RAW), expected(X), strict=True):
        np.testing.assert_allclose(found, each, atol=2e-5)


def test_integers_are_made_of_normalized_numbers(files: dict[str, Path]) -> None:
    model = edge.load(files["int8"])
    whole, stream = model.predict(RAW[:1])[0], model.stream()
    np.testing.assert_array_equal([stream.step(x) for x in RAW[0]], whole)
    np.testing.assert_array_equal(model.predict(model.normalise(RAW), normalized=True)[0], whole)


def test_it_is_the_same_to_the_last_bit_in_the_page(files: dict[str, Path], tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js")
    shutil.copytree(ROOT / "edge" / "web" / "page", tmp_path / "page")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    program = (
        "import { normalised } from './page/model.js';\n"
        "const [samples, note] = JSON.parse(process.argv[2]);\n"
        "console.log(JSON.stringify(samples.map((x) => Array.from(normalised(x, note)))));\n"
    )
    (tmp_path / "program.js").write_text(program)
    note = {name: list(values) for name, values in NORMALIZATION.items()}

    def page(samples: np.ndarray, said: Any = note) -> subprocess.CompletedProcess[str]:
        request = json.dumps([samples.tolist(), said])
        return subprocess.run([node, "program.js", request], cwd=tmp_path, capture_output=True, text=True)

    done = page(RAW[0])
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(
        np.array(json.loads(done.stdout), np.float32), edge.load(files["carry"]).normalise(RAW[0])
    )
    np.testing.assert_array_equal(json.loads(page(RAW[0], None).stdout), RAW[0])
    assert "a normalization of 6 features, and is given 5" in page(RAW[0][:, :5]).stderr


def test_the_program_of_the_pi_does_it_once(files: dict[str, Path]) -> None:
    wanted = keras_model().predict(X, verbose=0)[0]
    steps = list(Classifier(files["carry"]).run(RAW[0]))
    np.testing.assert_allclose([step.output for step in steps], wanted, atol=2e-5)


def test_who_gives_what_keras_takes_says_so(files: dict[str, Path]) -> None:
    """`convert` has checked these files (or would have refused them); `verify` and the benchmark must not
    scale what is scaled."""
    result = verify(keras_model(), files["carry"], X, drift_steps=30)
    assert result.is_ok
    process = Process()
    process.load(str(files["carry"]), 1, None)
    np.testing.assert_allclose(process.predict([X])[0], keras_model().predict(X, verbose=0), atol=1e-5)


def test_without_a_note_nothing_is_scaled() -> None:
    model = edge.load(explicit_file("step"))
    for one, other in zip(model.predict(X), model.predict(X, normalized=True), strict=True):
        np.testing.assert_array_equal(one, other)


def of_two(features: int) -> tuple[keras.Model, list[np.ndarray]]:
    """A model of a sequence of 3 features and of a row of `features`, and data for it."""
    a, b = keras.Input((None, 3), name="a"), keras.Input((features,), name="b")
    joined = keras.layers.Concatenate()([keras.layers.LSTM(4)(a), b])
    model = keras.Model([a, b], keras.layers.Dense(2)(joined))
    return model, [rng.normal(size=(4, 5, 3)), rng.normal(size=(4, features))]


def test_a_normalization_that_fits_no_input_or_two_is_not_guessed(tmp_path: Path) -> None:
    model, values = of_two(3)
    for features, words in ((3, "more than one"), (5, "none")):
        path = tmp_path / f"{features}.tflite"
        note = {"mean": np.zeros(features), "std": np.ones(features)}
        convert(model, path, normalization=note)
        file = edge.load(path)
        with pytest.raises(
            ValueError, match=f"{features} features, and {words} of its inputs .*normalized=True"
        ):
            file.predict(values)
        found = file.predict(values, normalized=True)  # the way out
        np.testing.assert_allclose(found, model.predict(values, verbose=0), atol=1e-5)


def test_of_several_inputs_the_one_that_fits_is_scaled(tmp_path: Path) -> None:
    model, (a, b) = of_two(2)
    note = {"mean": [1.0, -2.0], "std": [0.5, 4.0]}
    convert(model, tmp_path / "two.tflite", normalization=note)
    raw = {"a": a, "b": b * note["std"] + note["mean"]}
    found = edge.load(tmp_path / "two.tflite").predict(raw)
    np.testing.assert_allclose(found, model.predict([a, b], verbose=0), atol=1e-5)


def test_a_number_that_leaves_float32_is_refused(tmp_path: Path) -> None:
    note = {"mean": np.zeros(FEATURES), "std": np.full(FEATURES, 1e-30)}
    convert(keras_model(), tmp_path / "tiny.tflite", normalization=note)
    with pytest.raises(
        ValueError, match=r"tiny.tflite: \(x - mean\) / std leaves float32; the smallest std .*1e-30"
    ):
        edge.load(tmp_path / "tiny.tflite").predict(np.full((1, 2, FEATURES), 1e10))
