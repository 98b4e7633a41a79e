"""To and from the LSTM nodes of ONNX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.interop.common import layer_from_weights, refuse_beyond, weights_of
from keras_lstm_plus.interop.onnx_activations import known_to_onnx, write_activations
from keras_lstm_plus.interop.onnx_node import Node, import_onnx, read_node
from keras_lstm_plus.layer import LSTMPlus
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.variants import get_spec

_OPSET = 14  # the first with today's LSTM; later ones add types alone
_ORDER = "iofg"  # of the blocks; ONNX calls the candidate c
_ACTIVATIONS = ("recurrent_activation", "candidate_activation", "output_activation")
_DEFAULT = ("sigmoid", "tanh", "tanh")
# input_forget is f = 1 - i, our coupled gate i = 1 - f: the same with the weights of the one gate negated, as
# long as s(-z) = 1 - s(z).
_SYMMETRIC = ("sigmoid", "hard_sigmoid")
_WAY_OUT = "Keep LSTMPlus for it, or train a variant without it if ONNX is where it has to run."


def from_onnx(
    node: Any,
    tensors: Mapping[str, Any] | Any = None,
    direction: str | None = None,
    **layer_arguments: Any,
) -> LSTMPlus:
    """One direction of an ONNX `LSTM` node.

        =====  ===================================  ========================================================
        ONNX   shape                                LSTMPlus
        =====  ===================================  ========================================================
        `W`    `[directions, 4 * units, input]`     `kernel [input, gates * units]`
        `R`    `[directions, 4 * units, units]`     `recurrent_kernel [units, gates * units]`
        `B`    `[directions, 8 * units]`            `bias [gates * units]`, its halves summed; can be absent
        `P`    `[directions, 3 * units]`            `peephole_kernel [learned gates, units]`; can be absent
        =====  ===================================  ========================================================

    ONNX's gates are i, o, f, c and its peepholes i, o, f; ours i, f, g, o and i, f, o. `input_forget=1`
    becomes the coupled gate of `cifg`: ONNX Runtime computes f = 1 - i and ignores the weights of f, `cifg`
    has i = 1 - f, and sigmoid(-z) = 1 - sigmoid(z), so that the weights of our f are those of i, negated.

    Args:
        node: an `onnx.NodeProto` of the operator LSTM, or an `onnx.ModelProto` with just one of them.
        tensors: its weights by name, or the `onnx.ModelProto` that has them. Not needed with a model before.
        direction: `"forward"` or `"reverse"`: which half of a bidirectional node; another has one only. The
            reverse one has `go_backwards=True`; `bidirectional` joins the two.
        **layer_arguments: for `LSTMPlus`: `return_sequences`, `dtype`, `name`, ... `layout` has no
            counterpart (Keras's batch is always first). `initial_h` and `initial_c` are its `initial_state`,
            `sequence_lens` is the mask `np.arange(time) < lengths[:, None]`, with `zero_output_for_mask` for
            ONNX's zeros after the end. (Of a sequence of length 0 the last states are the initial ones, where
            ONNX Runtime has zeros.) The layer becomes float64 if the weights are, else what Keras has by
            default.

    Raises:
        ImportError: the package onnx is not installed.
        ValueError: it is no LSTM; weights are missing or have another shape; Keras has not its activation; it
            has `clip`, which bounds what goes into the activations and so is not `cell_clip`; `stateful`, for
            which the batch size would have to be known.
        TypeError: neither a node nor a model; an argument that the node decides.

    Source: the operator LSTM of the ONNX standard, and ONNX Runtime where that leaves it open.

    Example:
        >>> layer = LSTMPlus(5, "peephole+cifg")
        >>> layer.build((None, None, 3))
        >>> again = from_onnx(to_onnx(layer))
        >>> again.spec.name, all((a == b).all() for a, b in zip(again.get_weights(), layer.get_weights()))
        ('peephole+cifg', True)
    """
    found = read_node(node, tensors, direction)
    spec = _spec(found)
    arrays = dict(found.weights)
    if spec.use_bias:
        arrays["B"] = np.add(*np.split(arrays["B"], 2))
    gates = {
        name: _from_blocks(array, _ORDER[:3] if name == "P" else _ORDER, found.coupled)
        for name, array in arrays.items()
    }
    weights = {
        "kernel": np.concatenate([gates["W"][gate].T for gate in spec.gates], axis=1),
        "recurrent_kernel": np.concatenate([gates["R"][gate].T for gate in spec.gates], axis=1),
    }
    if spec.use_bias:
        weights["bias"] = np.concatenate([gates["B"][gate] for gate in spec.gates])
    if spec.peephole:
        weights["peephole_kernel"] = np.stack([gates["P"][gate] for gate in spec.learned_gates])
    if found.reverse:
        layer_arguments = {"go_backwards": True, **layer_arguments}
    return layer_from_weights("from_onnx", spec, weights, layer_arguments)


def to_onnx(layer: LSTMPlus, *, initial_state: bool = False, sequence_lens: bool = False) -> Any:
    """An `onnx.ModelProto` of one `LSTM` node; the table is at `from_onnx`.

    Inputs: `X [time, batch, input]` and, if asked for, `sequence_lens [batch]` (int32), `initial_h` and
    `initial_c [1, batch, units]`. Outputs: `Y [time, 1, batch, units]`, `Y_h` and `Y_c [1, batch, units]`.
    Time comes first because ONNX Runtime knows no other layout. With `go_backwards` the node's direction is
    reverse; `Y` is then in the order of `X`, and LSTMPlus's output in the order of reading.

    Args:
        layer: a built `LSTMPlus`, standard, peephole, cifg, or both of these. Written as float64 if it is
            that (ONNX's standard has it, ONNX Runtime's LSTM has not), else as float32.
        initial_state: whether the model takes `initial_h` and `initial_c`; else they are zero.
        sequence_lens: whether the model takes the lengths of the sequences; else all are full.

    Raises:
        ImportError: the package onnx is not installed.
        TypeError: it is another kind of layer.
        ValueError: it has no weights yet, or something that ONNX's LSTM has not; the message names it.

    Source: the operator LSTM of the ONNX standard, version 14.

    Example:
        >>> layer = LSTMPlus(5, "peephole")
        >>> layer.build((None, None, 3))
        >>> model = to_onnx(layer, initial_state=True)
        >>> [value.name for value in model.graph.input], [value.name for value in model.graph.output]
        (['X', 'initial_h', 'initial_c'], ['Y', 'Y_h', 'Y_c'])
    """
    onnx = import_onnx("to_onnx")
    weights = weights_of("to_onnx", layer)
    attributes = _attributes(layer)
    arrays = _arrays(layer.spec, weights)
    helper, units = onnx.helper, layer.units
    real = helper.np_dtype_to_tensor_dtype(arrays["W"].dtype)
    state = [1, "batch", units]
    inputs = {"X": (real, ["time", "batch", weights["kernel"].shape[0]])}
    if sequence_lens:
        inputs["sequence_lens"] = (onnx.TensorProto.INT32, ["batch"])
    if initial_state:
        inputs |= {"initial_h": (real, state), "initial_c": (real, state)}
    outputs = {"Y": (real, ["time", 1, "batch", units]), "Y_h": (real, state), "Y_c": (real, state)}
    places = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
    names = [name if name in inputs or name in arrays else "" for name in places]
    graph = helper.make_graph(
        [helper.make_node("LSTM", names, list(outputs), layer.name, **attributes)],
        layer.name,
        [helper.make_tensor_value_info(name, *value) for name, value in inputs.items()],
        [helper.make_tensor_value_info(name, *value) for name, value in outputs.items()],
        [onnx.numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    opset = [helper.make_opsetid("", _OPSET)]
    # Without the version of the format, onnx writes its newest, which older runtimes refuse.
    oldest = helper.find_min_ir_version_for(opset)
    return helper.make_model(graph, opset_imports=opset, ir_version=oldest, producer_name="keras_lstm_plus")


def _spec(node: Node) -> LSTMSpec:
    if node.coupled and node.activations[0] not in _SYMMETRIC:
        raise ValueError(
            f"{node.where} couples its gates (input_forget) and squashes them by {node.activations[0]}; its "
            f"f = 1 - i is our i = 1 - f for {' and '.join(_SYMMETRIC)} only."
        )
    names = [name for name, has in (("peephole", "P" in node.weights), ("cifg", node.coupled)) if has]
    activations = dict(zip(_ACTIVATIONS, node.activations, strict=True))
    return get_spec("+".join(names) or "standard").with_options(use_bias="B" in node.weights, **activations)


def _attributes(layer: LSTMPlus) -> dict[str, Any]:
    """Those of the node; refuses what has none."""
    spec = layer.spec
    allowed = ["peephole", "use_bias", *_ACTIVATIONS]
    if spec.input_gate == "coupled" and spec.recurrent_activation in _SYMMETRIC:
        allowed.append("input_gate")
    refuse_beyond("to_onnx", layer, "an ONNX LSTM node", allowed, _WAY_OUT)
    found: dict[str, Any] = {"hidden_size": layer.units}
    activations = tuple(getattr(spec, name) for name in _ACTIVATIONS)
    if activations != _DEFAULT:
        written = write_activations(activations)
        if written is None:
            raise ValueError(
                f"to_onnx: layer {layer.name!r} has the activations {', '.join(activations)}, and an ONNX "
                f"LSTM node knows {known_to_onnx()} only. {_WAY_OUT}"
            )
        parts = zip(("activations", "activation_alpha", "activation_beta"), written, strict=True)
        found |= {name: values for name, values in parts if values}
    if spec.input_gate == "coupled":
        found["input_forget"] = 1
    if layer.go_backwards:
        found["direction"] = "reverse"
    return found


def _arrays(spec: LSTMSpec, weights: dict[str, Array]) -> dict[str, Array]:
    """W, R, B and P with their axis of directions."""

    def blocks(name: str) -> dict[str, Array]:
        return dict(zip(spec.gates, np.split(weights[name], len(spec.gates), axis=-1), strict=True))

    coupled = spec.input_gate == "coupled"
    found = {
        "W": _to_blocks({gate: value.T for gate, value in blocks("kernel").items()}, _ORDER, coupled),
        "R": _to_blocks(
            {gate: value.T for gate, value in blocks("recurrent_kernel").items()}, _ORDER, coupled
        ),
    }
    if spec.use_bias:
        bias = _to_blocks(blocks("bias"), _ORDER, coupled)
        found["B"] = np.concatenate([bias, np.zeros_like(bias)])
    if spec.peephole:
        rows = dict(zip(spec.learned_gates, weights["peephole_kernel"], strict=True))
        found["P"] = _to_blocks(rows, _ORDER[:3], coupled)
    return {name: value[None] for name, value in found.items()}


def _from_blocks(array: Array, order: str, coupled: bool) -> dict[str, Array]:
    """The blocks along the first axis by gate, for our coupled gate if the node's are coupled."""
    gates = dict(zip(order, np.split(array, len(order)), strict=True))
    return {**gates, "f": -gates["i"]} if coupled else gates


def _to_blocks(gates: dict[str, Array], order: str, coupled: bool) -> Array:
    """The other way; with input_forget nobody reads the block of f."""
    if coupled:
        gates = {**gates, "i": -gates["f"], "f": np.zeros_like(gates["f"])}
    return np.concatenate([gates[gate] for gate in order])
