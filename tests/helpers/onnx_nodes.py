"""LSTM nodes of ONNX, for the tests against it.

The peer's weights are drawn in its own layout, with its own tools: a wrong order cannot be wrong twice.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from edge.aliases import Array
from tests.helpers.peers import FEATURES, UNITS


def draw_onnx(
    peephole: bool = True, bias: bool = True, dtype: str = "float32", lengths: bool = False, **attributes: Any
) -> Any:
    """A model of one LSTM node with random weights, made by onnx alone."""
    onnx = pytest.importorskip("onnx", reason="the peer is ONNX")
    helper, rng = onnx.helper, np.random.default_rng(5)
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    shapes = {"W": (4 * UNITS, FEATURES), "R": (4 * UNITS, UNITS), "B": (8 * UNITS,), "P": (3 * UNITS,)}
    if not peephole:
        del shapes["P"]
    if not bias:
        del shapes["B"]
    arrays = {
        name: rng.normal(scale=0.7, size=(directions, *shape)).astype(dtype) for name, shape in shapes.items()
    }
    real = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    inputs = {"X": (real, None), "h0": (real, None), "c0": (real, None)}
    if lengths:
        inputs["lengths"] = (onnx.TensorProto.INT32, None)
    places = ["X", "W", "R", "B" if bias else "", "lengths" if lengths else "", "h0", "c0"]
    node = helper.make_node(
        "LSTM", [*places, "P"] if peephole else places, ["Y", "Y_h", "Y_c"], hidden_size=UNITS, **attributes
    )
    graph = helper.make_graph(
        [node],
        "peer",
        [helper.make_tensor_value_info(name, *value) for name, value in inputs.items()],
        [helper.make_tensor_value_info(name, real, None) for name in node.output],
        [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=7)


def onnx_arrays(model: Any) -> dict[str, Array]:
    numpy_helper = importlib.import_module("onnx.numpy_helper")
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
