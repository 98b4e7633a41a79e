"""What is not public in TensorFlow and Keras and we rest on: where one of them changes, this says which.

`make test-oldest` runs it, and the grid of conversions, with the oldest versions that setup.py allows.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.privates import (
    a_graph_of_layers_is_known,
    a_lambda_is_made_again,
    an_axis_of_time_is_no_bias,
    calls_and_masks_are_found,
    cudnn_is_asked_as_keras_asks,
    functions_of_torch_are_noticed,
    keras_steps_are_known,
    layers_within_layers_are_found,
    masks_are_reset,
    saving_is_noticed,
    tangents_are_noticed,
    unwatched_tensors_are_noticed,
    what_was_compiled_is_told,
    xla_is_noticed,
)

# Our own modules are imported in the checks: one private name that is gone must not take the table with it.


class Private(NamedTuple):
    """One private name, what we need it for, and a call that shows that it still does that.

    The name is `module:what.it.is.called`; what comes after a parenthesis only the call can find.
    """

    name: str
    purpose: str
    check: Callable[[], None]


def integers_come_out() -> None:
    from edge.convert import tf_private
    from edge.convert.graph import flatbuffer

    integers = flatbuffer.load(tf_private.quantize_calibrated(calibrated()))
    types = {flatbuffer.tensor_dtype(integers, index) for index in flatbuffer.graph(integers).inputs}
    assert types == {np.dtype(np.int8)}


def ranges_are_noted() -> None:
    from edge.convert.graph import flatbuffer

    model = flatbuffer.load(calibrated())
    ends = flatbuffer.get_range(model, flatbuffer.graph(model).inputs[0])
    assert ends is not None
    np.testing.assert_allclose(ends, (samples().min(), samples().max()), rtol=1e-5)


def ranges_of_the_file_survive_the_older_quantizer() -> None:
    from edge.convert import tf_private
    from edge.convert.graph import flatbuffer

    model = flatbuffer.load(calibrated())
    flatbuffer.set_range(model, flatbuffer.graph(model).inputs[0], -8.0, 8.0)
    integers = flatbuffer.load(tf_private.quantize_calibrated(flatbuffer.pack(model), bits=16))
    found = flatbuffer.scale_and_zero_point(integers, flatbuffer.graph(integers).inputs[0])
    assert found is not None
    np.testing.assert_allclose(found[0], 8.0 / 32767, rtol=1e-4)


def a_matrix_has_one_scale() -> None:
    from edge.convert import tf_private
    from edge.convert.graph import flatbuffer

    wide = keras.Sequential([keras.Input((64,), batch_size=1), keras.layers.Dense(40, use_bias=False)])
    with tempfile.TemporaryDirectory() as folder:
        wide.export(folder, verbose=False)
        model = flatbuffer.load(tf_private.convert_saved_model(folder, "int8"))
    scales = [
        len(tensor.quantization.scale)
        for tensor in flatbuffer.graph(model).tensors
        if tensor.quantization is not None and tensor.quantization.scale is not None
    ]
    assert scales == [1]


def marked_functions_become_custom_operators() -> None:
    from edge.convert import tf_private
    from edge.convert.graph import flatbuffer, operators

    @tf.function(
        experimental_implements='name: "mine" attr { key: "tfl_fusable_op" value { b: true } }',
        autograph=False,
    )
    def mine(x: tf.Tensor) -> tf.Tensor:
        return x + 1.0

    module = tf.Module()
    module.serve = tf.function(lambda x: {"y": mine(x)}, input_signature=[tf.TensorSpec((1, 3))])
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.serve.get_concrete_function())
        model = flatbuffer.load(tf_private.convert_saved_model(folder))
    assert list(operators.count(model)) == ["mine"]


CALIBRATOR = "tensorflow.lite.python.optimize.calibrator:Calibrator"
TABLE = {
    "keras_lstm_plus/private.py": (
        Private(
            "keras.src.layers.rnn.dropout_rnn_cell:DropoutRNNCell",
            "keras.layers.RNN draws and clears the masks of cells of this class",
            masks_are_reset,
        ),
        Private(
            "keras:Layer._flatten_layers",
            "layers within layers and models",
            layers_within_layers_are_found,
        ),
        Private(
            "tensorflow.python.ops.control_flow_util:GraphOrParentsInXlaContext",
            "whether XLA compiles what is being traced",
            xla_is_noticed,
        ),
        Private(
            "tensorflow.python.eager.forwardprop_util:pack_tangents",
            "whether a forward accumulator follows a tensor",
            tangents_are_noticed,
        ),
        Private(
            "keras.src.models.functional:Functional",
            "whether a model can be made again with other layers",
            a_graph_of_layers_is_known,
        ),
        Private("keras.src:backend", "the kernel of a GPU", cudnn_is_asked_as_keras_asks),
        Private(
            "tensorflow.python.saved_model.save_context:in_save_context",
            "whether what is being traced is saved",
            saving_is_noticed,
        ),
        Private(
            "tensorflow.python.eager.record:should_record_backprop",
            "whether a tape follows a tensor",
            unwatched_tensors_are_noticed,
        ),
        Private(
            "tensorflow.python.eager.record:could_possibly_record",
            "whether there is a tape",
            unwatched_tensors_are_noticed,
        ),
        Private(
            "keras:Model._make_function(...)",
            "the names of the functions that fit, evaluate and predict run",
            keras_steps_are_known,
        ),
        Private("keras.src.backend:get_keras_mask", "the mask of a tensor", calls_and_masks_are_found),
        Private("torch:_C", "whether torch.func is at work", functions_of_torch_are_noticed),
        Private("torch:_C._functorch", "the same", functions_of_torch_are_noticed),
        Private("torch.autograd.forward_ad:_current_level", "forward mode", functions_of_torch_are_noticed),
        Private("keras:Model(...)._compile_config", "losses of the user's own", what_was_compiled_is_told),
        Private("keras:Input(...)._keras_history", "which call made a tensor", calls_and_masks_are_found),
        Private("keras:Layer(...)._inbound_nodes", "the calls of a layer", calls_and_masks_are_found),
        Private(
            "keras.src.saving.serialization_lib:SafeModeScope", "copies of lambdas", a_lambda_is_made_again
        ),
    ),
    "edge/convert/tf_private.py": (
        Private(
            "keras.src.backend:numpy",
            "an addition of what Keras would take for a bias",
            an_axis_of_time_is_no_bias,
        ),
        Private(
            "tensorflow.lite.python.convert:mlir_quantize",
            "integers from a calibrated file",
            integers_come_out,
        ),
        Private(
            "tensorflow.lite.python.lite:TFLiteSavedModelConverterV2",
            "a SavedModel that is loaded once",
            marked_functions_become_custom_operators,
        ),
        Private(CALIBRATOR, "the range of every tensor", ranges_are_noted),
        Private(CALIBRATOR, "16-bit activations", ranges_of_the_file_survive_the_older_quantizer),
        Private(
            "tensorflow:lite.TFLiteConverter()._experimental_disable_per_channel_quantization_for_dense_layers",
            "one scale a matrix, as tflite-runtime needs it",
            a_matrix_has_one_scale,
        ),
        Private(
            "tensorflow:function(experimental_implements=...)",
            "a custom operator in the place of a layer",
            marked_functions_become_custom_operators,
        ),
    ),
}
ROWS = [(file, row) for file, rows in TABLE.items() for row in rows]


@pytest.mark.parametrize(
    ("file", "row"), ROWS, ids=[f"{row.name.split('.')[-1]}-{row.check.__name__}" for _, row in ROWS]
)
def test_it_still_does(file: str, row: Private) -> None:
    versions = f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
    where = f"{row.name}, in {file} for: {row.purpose}; {versions}"
    module, _, path = row.name.partition(":")
    if module.startswith("torch"):
        pytest.importorskip("torch")  # for a backend that not everybody has
    try:
        found: Any = importlib.import_module(module)
        for name in path.split("(")[0].split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as gone:
        raise AssertionError(f"It is gone: {where}") from gone
    try:
        row.check()
    except Exception as other:
        raise AssertionError(f"It does something else: {where}") from other


def samples() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(8, 1, 6)).astype("float32")


@cache
def calibrated() -> bytes:
    """A float model without an LSTM, as TensorFlow converts it, with the ranges of `samples` in it."""
    from edge.convert import tf_private

    dense = keras.Sequential([keras.Input((6,), batch_size=1), keras.layers.Dense(40, activation="relu")])
    content = bytes(tf.lite.TFLiteConverter.from_keras_model(dense).convert())
    return tf_private.calibrate(content, [[sample] for sample in samples()])
