"""Nodes that no layer can be, and layers that no node can be, are refused with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.interop import from_onnx, to_onnx
from tests.helpers.onnx_nodes import draw_onnx, onnx_arrays
from tests.helpers.peers import FEATURES, UNITS

ONNX_REFUSALS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"clip": 2.0}, {}, "clip=2, which bounds what goes into the activations"),
    ({"direction": "bidirectional"}, {}, "is bidirectional: take direction='forward'"),
    ({}, {"direction": "reverse"}, "has the direction forward alone, and reverse was asked for"),
    ({}, {"direction": "both"}, "direction must be forward or reverse, received 'both'"),
    ({"activations": ["HardSigmoid", "Tanh", "Tanh"]}, {}, "HardSigmoid with alpha=0.2, beta=0.5"),
    (
        {"activations": ["Sigmoid", "LeakyRelu", "Tanh"]},
        {},
        "LeakyRelu with alpha=0.01, and Keras's leaky_relu",
    ),
    ({"activations": ["Sigmoid", "Tanh", "Affine"]}, {}, "Affine with alpha=None"),
    ({"activations": ["Sigmoid", "Tanh", "ThresholdedRelu"]}, {}, "ThresholdedRelu, which Keras has not"),
    (
        {"activations": ["Sigmoid", "Mish", "Tanh"]},
        {},
        "Mish, which Keras has not; it has Sigmoid, Tanh, .*, Affine, ScaledTanh.$",
    ),
    (
        {
            "activations": ["Sigmoid", "ScaledTanh", "Tanh"],
            "activation_alpha": [2.0],
            "activation_beta": [0.5],
        },
        {},
        "ScaledTanh with alpha=2.0, beta=0.5, and Keras's tanh is alpha=1, beta=1",
    ),
    ({"activations": ["Sigmoid", "Tanh"]}, {}, "2 activations .*, not 3"),
    ({"activations": ["Relu", "Tanh", "Tanh"], "input_forget": 1}, {}, "couples its gates .* by relu"),
]


@pytest.mark.parametrize(
    ("attributes", "arguments", "message"), ONNX_REFUSALS, ids=lambda value: str(value)[:40]
)
def test_a_node_that_cannot_be_is_refused(
    attributes: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"from_onnx.*{message}"):
        from_onnx(draw_onnx(**attributes), **arguments)


def test_broken_tensors_of_a_node_are_named() -> None:
    model = draw_onnx()
    node, tensors = model.graph.node[0], onnx_arrays(model)
    with pytest.raises(ValueError, match="takes R from 'R', which is not among the tensors .W, B, P"):
        from_onnx(node, {name: value for name, value in tensors.items() if name != "R"})
    with pytest.raises(ValueError, match=r"P has shape \(1, 20\), but needs \(1, 15\), for 1 direction of 5"):
        from_onnx(node, {**tensors, "P": np.zeros((1, 20))})
    with pytest.raises(ValueError, match=r"W has shape \(\), but needs"):
        from_onnx(node, {**tensors, "W": np.float32(1)})
    with pytest.raises(
        TypeError, match="onnx.NodeProto or an onnx.ModelProto, received str; onnx.load.path."
    ):
        from_onnx("model.onnx")
    with pytest.raises(TypeError, match="units, use_bias follow from the weights"):
        from_onnx(node, tensors, units=3, use_bias=True)
    node.op_type = "GRU"
    with pytest.raises(ValueError, match="of the operator GRU, not LSTM"):
        from_onnx(node, tensors)
    with pytest.raises(ValueError, match="has 0 LSTM nodes"):
        from_onnx(model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "layer_norm"}, "layer_norm=True"),
        ({"variant": "lstm_1997"}, "forget_gate='open'"),
        ({"variant": "nig"}, "input_gate='open'"),
        ({"cell_clip": 3.0, "projection_units": 2}, "projection_units=2, cell_clip=3.0"),
        ({"variant": "cifg", "recurrent_activation": "relu"}, "input_gate='coupled'"),
        (
            {"activation": "gelu"},
            "activations sigmoid, gelu, gelu, and an ONNX LSTM node knows sigmoid, .*tanh",
        ),
    ],
    ids=str,
)
def test_what_onnx_has_not_is_refused(options: dict[str, Any], message: str) -> None:
    pytest.importorskip("onnx", reason="the peer is ONNX")
    layer = LSTMPlus(UNITS, **options)
    layer.build((None, None, FEATURES))
    with pytest.raises(ValueError, match=f"to_onnx: layer .*{message}.*Keep LSTMPlus"):
        to_onnx(layer)


def test_a_scaled_tanh_that_scales_nothing_is_a_tanh() -> None:
    parts: dict[str, Any] = {"activation_alpha": [1.0], "activation_beta": [1.0]}
    layer = from_onnx(draw_onnx(activations=["Sigmoid", "ScaledTanh", "Tanh"], **parts))
    assert layer.spec.squashes == ("sigmoid", "tanh", "tanh")
    node = to_onnx(layer).graph.node[0]
    assert not [attribute for attribute in node.attribute if attribute.name == "activations"]
