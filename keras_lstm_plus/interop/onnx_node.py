"""Reading an ONNX `LSTM` node: its attributes and weights, checked, for one direction."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.interop.common import as_array
from keras_lstm_plus.interop.onnx_activations import read_activations

_INPUTS = {"W": 1, "R": 2, "B": 3, "P": 7}  # the places of the weights among the node's inputs


class Node(NamedTuple):
    """One direction of a node.

    Attributes:
        where: how to call it in a message.
        reverse: whether it reads from the end.
        coupled: whether it has `input_forget`.
        activations: the names that Keras gives those of the gates, the candidate and the output.
        weights: `W [4 * units, input]`, `R [4 * units, units]` and, if it has them, `B [8 * units]` and
            `P [3 * units]`.
    """

    where: str
    reverse: bool
    coupled: bool
    activations: list[str]
    weights: dict[str, Array]


def import_onnx(function: str) -> ModuleType:
    """The package onnx, or an ImportError that says what it is for."""
    try:
        import onnx
    except ImportError as missing:
        raise ImportError(f"{function} needs the package onnx: pip install onnx.") from missing
    return onnx


def read_node(node: Any, tensors: Any, direction: str | None) -> Node:
    """What `from_onnx` was given."""
    onnx = import_onnx("from_onnx")
    if isinstance(node, onnx.ModelProto):
        node, tensors = _only_lstm(node), node
    if not isinstance(node, onnx.NodeProto):
        raise TypeError(
            f"from_onnx takes an onnx.NodeProto or an onnx.ModelProto, received {type(node).__name__}; "
            "onnx.load(path) gives the model of a file."
        )
    where = f"from_onnx: node {node.name or next(iter(node.output), '')!r}"
    if node.op_type != "LSTM":
        raise ValueError(f"{where} is of the operator {node.op_type}, not LSTM.")
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if "clip" in attributes:
        raise ValueError(
            f"{where} has clip={attributes['clip']:g}, which bounds what goes into the activations; LSTMPlus "
            "bounds the cell (cell_clip) and not that. Remove the attribute if the sums stay within it."
        )
    own = attributes.get("direction", b"forward").decode()
    direction = _direction(where, own, direction)
    half = 1 if (own, direction) == ("bidirectional", "reverse") else 0
    arrays = _weights(where, node, _by_name(onnx, tensors))
    _check_shapes(where, arrays, 2 if own == "bidirectional" else 1, attributes.get("hidden_size"))
    return Node(
        where,
        direction == "reverse",
        bool(attributes.get("input_forget", 0)),
        _activations(where, attributes, own, half),
        {name: array[half] for name, array in arrays.items()},
    )


def _only_lstm(model: Any) -> Any:
    nodes = [node for node in model.graph.node if node.op_type == "LSTM"]
    if len(nodes) != 1:
        names = ", ".join(node.name or node.output[0] for node in nodes)
        raise ValueError(
            f"from_onnx: the model has {len(nodes)} LSTM nodes{': ' if names else ''}{names}. Give the one "
            "you mean, of model.graph.node, and tensors=model."
        )
    return nodes[0]


def _by_name(onnx: ModuleType, tensors: Any) -> Mapping[str, Any]:
    """Constants of a model or a mapping, as arrays or `onnx.TensorProto`."""
    if not isinstance(tensors, onnx.ModelProto):
        return tensors or {}
    found = {tensor.name: tensor for tensor in tensors.graph.initializer}
    for node in tensors.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = node.attribute[0].t
    return found


def _weights(where: str, node: Any, tensors: Mapping[str, Any]) -> dict[str, Array]:
    onnx = import_onnx("from_onnx")
    arrays = {}
    for name, place in _INPUTS.items():
        given = node.input[place] if place < len(node.input) else ""
        if not given and name in "WR":
            raise ValueError(f"{where} has no input {name}, which every LSTM needs.")
        if not given:
            continue
        if given not in tensors:
            raise ValueError(
                f"{where} takes {name} from {given!r}, which is not among the tensors "
                f"({', '.join(list(tensors)[:8]) or 'none given'}). If another node computes it, fold the "
                "model's constants first."
            )
        value = tensors[given]
        arrays[name] = as_array(
            onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
        )
    return arrays


def _check_shapes(where: str, arrays: dict[str, Array], directions: int, hidden_size: int | None) -> None:
    inputs, last = (array.shape[-1] if array.ndim else 0 for array in (arrays["W"], arrays["R"]))
    units = hidden_size or last
    shapes = {
        "W": (directions, 4 * units, inputs),
        "R": (directions, 4 * units, units),
        "B": (directions, 8 * units),
        "P": (directions, 3 * units),
    }
    for name, array in arrays.items():
        if array.shape != shapes[name]:
            origin = "hidden_size" if hidden_size else "the last axis of R"
            raise ValueError(
                f"{where}: {name} has shape {array.shape}, but needs {shapes[name]}, for {directions} "
                f"direction{'s' * (directions - 1)} of {units} units (by {origin})."
            )


def _direction(where: str, own: str, asked: str | None) -> str:
    if asked not in (None, "forward", "reverse"):
        raise ValueError(f"from_onnx: direction must be forward or reverse, received {asked!r}.")
    if own == "bidirectional":
        if asked is None:
            raise ValueError(
                f"{where} is bidirectional: take direction='forward' and direction='reverse', one after the "
                "other, and join the two by bidirectional()."
            )
        return asked
    if asked not in (None, own):
        raise ValueError(f"{where} has the direction {own} alone, and {asked} was asked for.")
    return own


def _activations(where: str, attributes: dict[str, Any], own: str, half: int) -> list[str]:
    directions = 2 if own == "bidirectional" else 1
    default = [b"Sigmoid", b"Tanh", b"Tanh"] * directions
    names = [name.decode() for name in attributes.get("activations", default)]
    if len(names) != 3 * directions:
        raise ValueError(f"{where} has {len(names)} activations ({', '.join(names)}), not {3 * directions}.")
    alphas, betas = (attributes.get(f"activation_{name}", ()) for name in ("alpha", "beta"))
    try:
        return read_activations(names, alphas, betas, 3 * half)
    except ValueError as unknown:
        raise ValueError(f"{where} has {unknown}.") from None
