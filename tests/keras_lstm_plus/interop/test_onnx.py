"""Against ONNX Runtime and ONNX's reference, and back to them."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import numpy as np
import pytest

from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.aliases import Array
from keras_lstm_plus.interop import bidirectional, from_onnx, to_onnx
from tests.helpers.layers import randomise, relative
from tests.helpers.onnx_nodes import draw_onnx, onnx_arrays
from tests.helpers.peers import BATCH, C0, FEATURES, H0, LENGTHS, MASK, TIME, UNITS, WHOLE, X, same_weights


def onnx_runtime(model: Any, **inputs: Array) -> list[Array]:
    """Y `[time, directions, batch, units]`, Y_h and Y_c `[directions, batch, units]`, in float32."""
    runtime = pytest.importorskip("onnxruntime", reason="the peer is ONNX Runtime")
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds = {name: value.astype("float32") for name, value in inputs.items() if name != "lengths"}
    return session.run(None, feeds | {name: inputs[name] for name in inputs if name == "lengths"})


def check_like_onnx(layer: LSTMPlus, model: Any) -> None:
    """All outputs of a node of one direction, from states that are not zero."""
    y, y_h, y_c = onnx_runtime(model, X=X.swapaxes(0, 1), h0=H0[:1], c0=C0[:1])
    h, last_h, last_c = layer(X, initial_state=[H0[0], C0[0]])
    if layer.go_backwards:
        h = np.flip(h, axis=1)
    # Relative: without tanh, cells grow past one.
    assert relative(h, y[:, 0].swapaxes(0, 1)) < 1e-5
    assert relative(last_h, y_h[0]) < 1e-5
    assert relative(last_c, y_c[0]) < 1e-5


ACTIVATIONS = [
    {},
    {"activations": ["Sigmoid", "Relu", "Softsign"]},
    {"activations": ["Sigmoid", "Elu", "Softplus"]},
    {
        "activations": ["HardSigmoid", "LeakyRelu", "Affine"],
        "activation_alpha": [1 / 6, 0.2, 1.0],
        "activation_beta": [0.5, 0.0],
    },
]


@pytest.mark.parametrize("input_forget", [0, 1], ids=["learned", "input_forget"])
@pytest.mark.parametrize("peephole", [False, True], ids=["plain", "peephole"])
@pytest.mark.parametrize("direction", ["forward", "reverse"])
def test_a_node_is_what_onnx_runtime_computes(direction: str, peephole: bool, input_forget: int) -> None:
    model = draw_onnx(peephole, input_forget=input_forget, direction=direction)
    layer = from_onnx(model, **WHOLE)
    assert layer.spec.peephole is peephole
    assert layer.spec.input_gate == ("coupled" if input_forget else "learned")
    check_like_onnx(layer, model)


@pytest.mark.parametrize("activations", ACTIVATIONS[1:], ids=lambda value: value["activations"][1])
@pytest.mark.parametrize("input_forget", [0, 1], ids=["learned", "input_forget"])
def test_activations_are_those_of_onnx_runtime(activations: dict[str, Any], input_forget: int) -> None:
    model = draw_onnx(bias=False, input_forget=input_forget, **activations)
    layer = from_onnx(model, **WHOLE)
    assert not layer.use_bias
    check_like_onnx(layer, model)


@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
def test_both_directions_with_lengths_are_those_of_onnx_runtime(merge_mode: str) -> None:
    model = draw_onnx(lengths=True, direction="bidirectional")
    y, y_h, y_c = onnx_runtime(model, X=X.swapaxes(0, 1), h0=H0, c0=C0, lengths=LENGTHS)
    forward, backward = (from_onnx(model, direction=half, **WHOLE) for half in ("forward", "reverse"))
    both = bidirectional(forward, backward, merge_mode)
    h, *states = both(X, initial_state=[H0[0], C0[0], H0[1], C0[1]], mask=MASK)
    expected = y.transpose(2, 0, 1, 3)  # [batch, time, directions, units]
    expected = expected.sum(2) if merge_mode == "sum" else expected.reshape(BATCH, TIME, 2 * UNITS)
    assert not expected[~MASK].any()  # the peer's zeros after the end
    np.testing.assert_allclose(h, expected, atol=1e-5, rtol=0)
    for mine, theirs in zip(states, (y_h[0], y_c[0], y_h[1], y_c[1]), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5, rtol=0)


def test_each_direction_has_activations_of_its_own() -> None:
    model = draw_onnx(
        direction="bidirectional",
        activations=["HardSigmoid", "LeakyRelu", "Affine", "Sigmoid", "Elu", "Softsign"],
        activation_alpha=[1 / 6, 0.2, 1.0, 1.0],  # the last is that of Elu
        activation_beta=[0.5, 0.0],
    )
    y = onnx_runtime(model, X=X.swapaxes(0, 1), h0=H0, c0=C0)[0]
    for k, half in enumerate(("forward", "reverse")):
        h = from_onnx(model, direction=half, return_sequences=True)(X, initial_state=[H0[k], C0[k]])
        h = np.flip(h, axis=1) if k else h
        assert relative(h, y[:, k].swapaxes(0, 1)) < 1e-5, half


def test_float64_is_onnx_s_reference() -> None:
    model = draw_onnx(dtype="float64", direction="bidirectional")
    evaluator = importlib.import_module("onnx.reference").ReferenceEvaluator(model)
    y, _, y_c = evaluator.run(None, {"X": X.swapaxes(0, 1), "h0": H0, "c0": C0})
    halves = [from_onnx(model, direction=half, **WHOLE) for half in ("forward", "reverse")]
    h, *states = bidirectional(*halves)(X, initial_state=[H0[0], C0[0], H0[1], C0[1]])
    assert np.asarray(h).dtype == "float64"
    np.testing.assert_allclose(h, y.transpose(2, 0, 1, 3).reshape(BATCH, TIME, -1), atol=1e-10, rtol=0)
    np.testing.assert_allclose(states[1], y_c[0], atol=1e-10, rtol=0)
    np.testing.assert_allclose(states[3], y_c[1], atol=1e-10, rtol=0)


ONNX_LAYERS: list[dict[str, Any]] = [
    {},
    {"use_bias": False, "go_backwards": True},
    {"variant": "peephole"},
    {"variant": "cifg", "recurrent_activation": "hard_sigmoid"},
    {"variant": "peephole+cifg", "go_backwards": True},
    {"variant": "niaf"},
    {"variant": "peephole", "activation": "leaky_relu", "recurrent_activation": "hard_sigmoid"},
]


@pytest.mark.parametrize("options", ONNX_LAYERS, ids=str)
def test_to_onnx_and_back(options: dict[str, Any]) -> None:
    onnx = pytest.importorskip("onnx", reason="the peer is ONNX")
    layer = LSTMPlus(UNITS, **options, **WHOLE)
    randomise(layer, FEATURES)
    model = to_onnx(layer, initial_state=True)
    onnx.checker.check_model(model, full_check=True)
    for value, name in zip(model.graph.input, ("X", "h0", "c0"), strict=True):  # as check_like_onnx feeds it
        names = model.graph.node[0].input
        names[list(names).index(value.name)] = value.name = name
    check_like_onnx(layer, model)
    again = from_onnx(model, **WHOLE)
    assert again.spec.with_options(name="same", citation="") == layer.spec.with_options(
        name="same", citation=""
    )
    assert again.go_backwards == layer.go_backwards
    assert same_weights(again, layer)


def test_to_onnx_with_lengths_alone() -> None:
    layer = LSTMPlus(UNITS, "peephole", return_sequences=True, zero_output_for_mask=True)
    randomise(layer, FEATURES)
    runtime = pytest.importorskip("onnxruntime", reason="the peer is ONNX Runtime")
    session = runtime.InferenceSession(to_onnx(layer, sequence_lens=True).SerializeToString())
    y = session.run(["Y"], {"X": X.swapaxes(0, 1).astype("float32"), "sequence_lens": LENGTHS})[0]
    np.testing.assert_allclose(layer(X, mask=MASK), y[:, 0].swapaxes(0, 1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_to_onnx_keeps_every_digit(dtype: str) -> None:
    pytest.importorskip("onnx", reason="the peer is ONNX")
    layer = LSTMPlus(UNITS, "peephole+cifg", dtype=dtype)
    randomise(layer, FEATURES)
    again = from_onnx(to_onnx(layer), dtype=dtype)
    assert again.compute_dtype == dtype
    assert same_weights(again, layer)


def test_gates_of_a_node_that_change_places_break_parity() -> None:
    model = draw_onnx()
    tensors = onnx_arrays(model)
    y = onnx_runtime(model, X=X.swapaxes(0, 1), h0=H0[:1], c0=C0[:1])[0][:, 0].swapaxes(0, 1)
    states = [H0[0], C0[0]]
    node = model.graph.node[0]
    assert relative(from_onnx(node, tensors, return_sequences=True)(X, initial_state=states), y) < 1e-5
    for name, count in (("W", 4), ("R", 4), ("B", 8), ("P", 3)):
        for a, b in itertools.combinations(range(min(count, 4)), 2):
            blocks = np.split(tensors[name], count, axis=1)
            blocks[a], blocks[b] = blocks[b], blocks[a]
            wrong = {**tensors, name: np.concatenate(blocks, axis=1)}
            layer = from_onnx(node, wrong, return_sequences=True)
            assert relative(layer(X, initial_state=states), y) > 1e-3, (name, a, b)


def test_weights_of_a_model_may_be_constants_or_given_by_name() -> None:
    model = draw_onnx()
    expected = from_onnx(model)
    tensors = onnx_arrays(model)
    helper = importlib.import_module("onnx").helper
    for tensor in list(model.graph.initializer):
        model.graph.node.insert(0, helper.make_node("Constant", [], [tensor.name], value=tensor))
        model.graph.initializer.remove(tensor)
    assert same_weights(from_onnx(model), expected)
    assert same_weights(from_onnx(model.graph.node[-1], tensors), expected)
    model.graph.node.append(model.graph.node[-1])
    model.graph.node[-1].name = "second"
    with pytest.raises(ValueError, match="has 2 LSTM nodes: Y, second. Give the one you mean"):
        from_onnx(model)
    assert same_weights(from_onnx(model.graph.node[-1], model), expected)
