"""The private functions of TensorFlow that conversion rests on: where one of them changes, this says which.

`make test-oldest` runs it, and the grid of conversions, with the oldest versions that setup.py allows.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from edge.convert import tf_private
from edge.convert.graph import flatbuffer, operators
from tests.helpers.keras_models import FEATURES, motion
from tests.helpers.places import ROOT

HERE = f"in TensorFlow {tf.__version__}"


def dense() -> bytes:
    """A float model without an LSTM, as TensorFlow converts it."""
    model = keras.Sequential(
        [keras.Input((FEATURES,), batch_size=1), keras.layers.Dense(40, activation="relu")]
    )
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    return bytes(converter.convert())


def samples() -> list[list[np.ndarray]]:
    return [[row] for row in motion(8, 1)]


def test_only_one_file_imports_them() -> None:
    pattern = re.compile(r"tensorflow\.lite\.python|tensorflow\.compiler|_pywrap")
    users = [path.name for path in (ROOT / "edge").rglob("*.py") if pattern.search(path.read_text("utf-8"))]
    assert users == ["private.py"]


def test_mlir_quantize() -> None:
    parameters = inspect.signature(tf_private.mlir_quantize).parameters
    needed = {"fully_quantize", "input_data_type", "output_data_type", "disable_per_channel_for_dense_layers"}
    assert needed <= set(parameters), f"mlir_quantize has other arguments {HERE}"
    integers = flatbuffer.load(tf_private.quantize_calibrated(tf_private.calibrate(dense(), samples())))
    types = {flatbuffer.tensor_dtype(integers, index) for index in flatbuffer.graph(integers).inputs}
    assert types == {np.dtype(np.int8)}, f"mlir_quantize leaves real numbers {HERE}"


def test_calibrator() -> None:
    inner = tf_private.Calibrator(dense())._calibrator
    for name in ("Prepare", "FeedTensor", "Calibrate", "QuantizeModel"):
        assert hasattr(inner, name), f"the calibrator has no {name} {HERE}"
    model = flatbuffer.load(tf_private.calibrate(dense(), samples()))
    ends = flatbuffer.get_range(model, flatbuffer.graph(model).inputs[0])
    assert ends is not None, f"calibration notes no range {HERE}"
    values = np.concatenate(samples())
    np.testing.assert_allclose(ends, (values.min(), values.max()), rtol=1e-5)


def test_ranges_of_the_file_survive_the_older_quantizer() -> None:
    model = flatbuffer.load(tf_private.calibrate(dense(), samples()))
    index = flatbuffer.graph(model).inputs[0]
    flatbuffer.set_range(model, index, -8.0, 8.0)
    integers = flatbuffer.load(tf_private.quantize_calibrated(flatbuffer.pack(model), bits=16))
    found = flatbuffer.scale_and_zero_point(integers, flatbuffer.graph(integers).inputs[0])
    assert found is not None, f"the older quantizer leaves real numbers {HERE}"
    np.testing.assert_allclose(found[0], 8.0 / 32767, rtol=1e-4)


def test_marked_functions_become_custom_operators(tmp_path: Path) -> None:
    mark = 'name: "mine" attr { key: "tfl_fusable_op" value { b: true } }'

    @tf.function(experimental_implements=mark, autograph=False)
    def mine(x: tf.Tensor) -> tf.Tensor:
        return x + 1.0

    module = tf.Module()
    module.serve = tf.function(lambda x: {"y": mine(x)}, input_signature=[tf.TensorSpec((1, 3))])
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve.get_concrete_function())
    model = flatbuffer.load(tf_private.convert_saved_model(str(tmp_path)))
    assert list(operators.count(model)) == ["mine"], f"experimental_implements is not kept {HERE}"
