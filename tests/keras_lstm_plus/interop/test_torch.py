"""Against `torch.nn.LSTM`, and back to it; the weights are drawn by PyTorch itself."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.aliases import Array
from keras_lstm_plus.interop import bidirectional, from_torch, to_torch
from tests.helpers.layers import randomise, relative
from tests.helpers.peers import BATCH, FEATURES, LENGTHS, MASK, UNITS, WHOLE, X, same_weights, state_dict_of


def draw_torch(dtype: str = "float64", **options: Any) -> Any:
    """A `torch.nn.LSTM` with random weights of every gate, batch first."""
    torch = pytest.importorskip("torch", reason="the peer is PyTorch")
    torch.manual_seed(4)
    lstm = torch.nn.LSTM(FEATURES, UNITS, batch_first=True, dtype=getattr(torch, dtype), **options)
    for weight in lstm.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return lstm


def stack_of(lstm: Any, **arguments: Any) -> list[Any]:
    """Our layers for those of a torch LSTM, joined where it reads both ways."""
    state_dict = lstm.state_dict()
    layers = []
    for k in range(lstm.num_layers):
        layer = from_torch(state_dict, layer=k, **WHOLE, **arguments)
        if lstm.bidirectional:
            layer = bidirectional(layer, from_torch(state_dict, layer=k, reverse=True, **WHOLE, **arguments))
        layers.append(layer)
    return layers


def as_torch_names(layers: list[Any]) -> dict[str, Array]:
    """All weights of a stack under torch's names."""
    found: dict[str, Array] = {}
    for k, layer in enumerate(layers):
        if isinstance(layer, keras.layers.Bidirectional):
            found |= to_torch(layer.forward_layer, k) | to_torch(layer.backward_layer, k, reverse=True)
        else:
            found |= to_torch(layer, k)
    return found


def initial_states(lstm: Any) -> tuple[Array, Array]:
    count = lstm.num_layers * (2 if lstm.bidirectional else 1)
    rng = np.random.default_rng(8)
    return rng.normal(size=(count, BATCH, lstm.proj_size or UNITS)), rng.normal(size=(count, BATCH, UNITS))


def run_stack(layers: list[Any], x: Any, h0: Any, c0: Any) -> tuple[Any, list[Any], list[Any]]:
    """Output, final h and final c of every layer and direction, in torch's order."""
    last_h, last_c = [], []
    at = 0
    for layer in layers:
        count = 2 if isinstance(layer, keras.layers.Bidirectional) else 1
        states = [state[k] for k in range(at, at + count) for state in (h0, c0)]
        x, *final = layer(x, initial_state=states)
        last_h += final[0::2]
        last_c += final[1::2]
        at += count
    return x, last_h, last_c


TORCH = [
    {},
    {"bias": False},
    {"proj_size": 3},
    {"bidirectional": True},
    {"num_layers": 2},
    {"num_layers": 2, "bidirectional": True, "proj_size": 2},
]


@pytest.mark.parametrize("options", TORCH, ids=str)
def test_values_and_gradients_are_those_of_torch(options: dict[str, Any]) -> None:
    lstm = draw_torch(**options)
    torch = sys.modules["torch"]
    h0, c0 = initial_states(lstm)
    sources = [torch.tensor(value, requires_grad=True) for value in (X, h0, c0)]
    y, (h_n, c_n) = lstm(sources[0], (sources[1], sources[2]))
    (torch.sin(y).sum() + torch.sin(h_n).sum() + torch.cos(c_n).sum()).backward()

    layers = stack_of(lstm)
    points = [tf.constant(value) for value in (X, h0, c0)]
    variables = [weight.value for layer in layers for weight in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(points)
        out, last_h, last_c = run_stack(layers, *points)
        loss = tf.reduce_sum(tf.sin(out)) + tf.reduce_sum(tf.sin(last_h)) + tf.reduce_sum(tf.cos(last_c))
    np.testing.assert_allclose(out, y.detach(), atol=1e-10, rtol=0)
    np.testing.assert_allclose(last_h, h_n.detach(), atol=1e-10, rtol=0)
    np.testing.assert_allclose(last_c, c_n.detach(), atol=1e-10, rtol=0)

    gradients = tape.gradient(loss, points + variables)
    for mine, theirs in zip(gradients, sources, strict=False):
        np.testing.assert_allclose(mine, theirs.grad, atol=1e-10, rtol=0)
    # The gradient of a weight has its layout, and so its place in torch.
    for layer in layers:
        layer.set_weights([np.asarray(gradients.pop(3)) for _ in layer.trainable_weights])
    by_name = as_torch_names(layers)
    for name, weight in lstm.named_parameters():
        mine = by_name[name.replace("bias_hh", "bias_ih")]  # both have the gradient of our one
        np.testing.assert_allclose(mine, weight.grad, atol=1e-10, rtol=0, err_msg=name)


def test_float32_is_that_of_torch() -> None:
    lstm = draw_torch("float32", proj_size=3, bidirectional=True)
    torch = sys.modules["torch"]
    h0, c0 = (value.astype("float32") for value in initial_states(lstm))
    with torch.no_grad():
        y, (_, c_n) = lstm(torch.tensor(X, dtype=torch.float32), (torch.tensor(h0), torch.tensor(c0)))
    out, _, last_c = run_stack(stack_of(lstm), X.astype("float32"), h0, c0)
    assert np.asarray(out).dtype == "float32"
    np.testing.assert_allclose(out, y, atol=1e-5, rtol=0)
    np.testing.assert_allclose(last_c, c_n, atol=1e-5, rtol=0)


def test_a_mask_is_a_packed_sequence_of_torch() -> None:
    lstm = draw_torch(bidirectional=True)
    torch = sys.modules["torch"]
    tools = torch.nn.utils.rnn
    packed = tools.pack_padded_sequence(torch.tensor(X), torch.tensor(LENGTHS), True, enforce_sorted=False)
    y, (h_n, c_n) = lstm(packed)
    y, _ = tools.pad_packed_sequence(y, batch_first=True)
    out, *states = stack_of(lstm)[0](X, mask=MASK)
    np.testing.assert_allclose(out, y.detach(), atol=1e-10, rtol=0)
    np.testing.assert_allclose(states[0::2], h_n.detach(), atol=1e-10, rtol=0)
    np.testing.assert_allclose(states[1::2], c_n.detach(), atol=1e-10, rtol=0)


def test_gates_of_a_state_dict_that_change_places_break_parity() -> None:
    lstm = draw_torch(proj_size=3)
    expected = lstm(sys.modules["torch"].tensor(X))[0].detach().numpy()
    state_dict = {name: value.numpy() for name, value in lstm.state_dict().items()}
    assert relative(from_torch(state_dict, return_sequences=True)(X), expected) < 1e-10
    for name, value in state_dict.items():
        count = 3 if name == "weight_hr_l0" else 4
        for a, b in itertools.combinations(range(count), 2):
            blocks = np.split(value, count)
            blocks[a], blocks[b] = blocks[b], blocks[a]
            layer = from_torch({**state_dict, name: np.concatenate(blocks)}, return_sequences=True)
            assert relative(layer(X), expected) > 1e-3, (name, a, b)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("options", [{}, {"use_bias": False}, {"projection_units": 2}], ids=str)
def test_to_torch_and_back(options: dict[str, Any], dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="the peer is PyTorch")
    layer = LSTMPlus(UNITS, dtype=dtype, return_sequences=True, **options)
    randomise(layer, FEATURES)
    again = from_torch(to_torch(layer, 2, reverse=True), 2, reverse=True, dtype=dtype, go_backwards=False)
    assert same_weights(again, layer)

    kind = getattr(torch, dtype)
    bias, size = layer.use_bias, layer.spec.projection_units or 0
    lstm = torch.nn.LSTM(FEATURES, UNITS, bias=bias, proj_size=size, batch_first=True, dtype=kind)
    lstm.load_state_dict({name: torch.tensor(value) for name, value in to_torch(layer).items()})
    assert same_weights(from_torch(lstm.state_dict(), dtype=dtype), layer)
    if dtype != "float16":
        with torch.no_grad():
            y = lstm(torch.tensor(X, dtype=kind))[0]
        np.testing.assert_allclose(layer(X), y, atol=1e-10 if dtype == "float64" else 1e-5, rtol=0)


def test_bfloat16_of_torch_becomes_float32() -> None:
    lstm = draw_torch("bfloat16")
    layer = from_torch(lstm.state_dict())
    assert layer.compute_dtype == "float32"
    np.testing.assert_array_equal(layer.cell.kernel.numpy().T, lstm.weight_ih_l0.detach().float())


@pytest.mark.parametrize(
    ("state_dict", "arguments", "message"),
    [
        ({}, {}, "no weight_ih_l0, weight_hh_l0 in the state dict, which has no LSTM layers but nothing"),
        (state_dict_of(bias_hh_l0=None), {}, "no bias_hh_l0 in the state dict, which has layers 0"),
        (state_dict_of(), {"reverse": True}, "no weight_ih_l0_reverse, weight_hh_l0_reverse .* layers 0"),
        (
            state_dict_of(weight_ih_l1=np.ones(1), weight_ih_l0_reverse=np.ones(1)),
            {"layer": 4},
            "no weight_ih_l4, weight_hh_l4 .* has layers 0, 1, 0 reverse",
        ),
        (
            {f"encoder.rnn.{k}": v for k, v in state_dict_of().items()},
            {},
            "give the state dict of encoder.rnn",
        ),
        ({"fc.weight": np.ones(3)}, {}, "no LSTM layers but fc.weight"),
        (
            {k: np.ones((15, *v.shape[1:])) for k, v in state_dict_of().items()},  # a GRU
            {},
            r"weight_ih_l0 has shape \(15, 4\), but needs \(12, 4\): an LSTM has 4 gates",
        ),
        (state_dict_of(weight_hh_l0=np.ones((20, 6))), {}, r"weight_hh_l0 has shape \(20, 6\), .* \(20, 5\)"),
        (state_dict_of(weight_hr_l0=np.ones((3, 5))), {}, r"weight_hh_l0 has shape \(20, 5\), .* \(20, 3\)"),
        (state_dict_of(bias_ih_l0=np.ones(5)), {}, r"bias_ih_l0 has shape \(5,\), but needs \(20,\)"),
        (state_dict_of(weight_ih_l0=np.array(1.0)), {}, r"weight_ih_l0 has shape \(\)"),
    ],
)
def test_a_broken_state_dict_is_named(
    state_dict: dict[str, Array], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"from_torch: .*{message}"):
        from_torch(state_dict, **arguments)


def test_arguments_that_the_weights_decide_are_refused() -> None:
    with pytest.raises(TypeError, match="from_torch: variant, activation follow from the weights"):
        from_torch(state_dict_of(), variant="peephole", activation="relu")
    with pytest.raises(ValueError, match="from_torch: a stateful layer is built for one batch size"):
        from_torch(state_dict_of(), stateful=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "peephole+cifg"}, "input_gate='coupled', peephole=True, which torch.nn.LSTM cannot"),
        ({"activation": "relu"}, "candidate_activation='relu', output_activation='relu'"),
        ({"projection_units": 2, "projection_clip": 1.0}, "projection_clip=1.0"),
        ({"projection_units": UNITS}, "projects 5 units onto 5; torch.nn.LSTM takes a proj_size below"),
    ],
    ids=str,
)
def test_what_torch_has_not_is_refused(options: dict[str, Any], message: str) -> None:
    layer = LSTMPlus(UNITS, **options)
    layer.build((None, None, FEATURES))
    with pytest.raises(ValueError, match=f"to_torch: layer .*{message}.*Keep LSTMPlus"):
        to_torch(layer)


def test_a_module_goes_in_as_it_is() -> None:
    torch = pytest.importorskip("torch", reason="the peer is PyTorch")
    lstm = torch.nn.LSTM(FEATURES, UNITS, num_layers=2, bidirectional=True)
    for k, reverse in ((0, False), (1, True)):
        layer = from_torch(lstm, layer=k, reverse=reverse)
        assert same_weights(layer, from_torch(lstm.state_dict(), layer=k, reverse=reverse))
    with pytest.raises(ValueError, match="them as rnn.weight_ih_l0, ...: give the state dict of rnn itself"):
        from_torch(torch.nn.ModuleDict({"rnn": lstm}))
    with pytest.raises(ValueError, match="an LSTM has 4 gates"):
        from_torch(torch.nn.GRU(3, 5))
    with pytest.raises(TypeError, match="takes a torch.nn.LSTM or its state dict, received str; torch.load"):
        from_torch("weights.pt")
