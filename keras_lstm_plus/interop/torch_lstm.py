"""To and from the state dict of `torch.nn.LSTM`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.interop.common import as_array, layer_from_weights, refuse_beyond, weights_of
from keras_lstm_plus.layer import LSTMPlus
from keras_lstm_plus.variants import get_spec

_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")


def from_torch(state_dict: Any, layer: int = 0, reverse: bool = False, **layer_arguments: Any) -> LSTMPlus:
    """One layer and direction of a `torch.nn.LSTM`, from its state dict.

        ==================  ======================  ===================  ==================================
        PyTorch             shape                   LSTMPlus             shape
        ==================  ======================  ===================  ==================================
        `weight_ih_l0`      `[4 * units, input]`    `kernel`             `[input, 4 * units]`
        `weight_hh_l0`      `[4 * units, output]`   `recurrent_kernel`   `[output, 4 * units]`
        `bias_ih_l0`        `[4 * units]`           `bias`               `[4 * units]`, the sum of the two
        `bias_hh_l0`        `[4 * units]`
        `weight_hr_l0`      `[output, units]`       `projection_kernel`  `[units, output]`, with `proj_size`
        ==================  ======================  ===================  ==================================

    Both have the gates in the order i, f, g, o. PyTorch itself is not needed, only what it saved.

    Args:
        state_dict: of the `nn.LSTM` itself, names to tensors or arrays; or the `nn.LSTM`. The layer becomes
            float64 if they are, else what Keras has by default.
        layer: which of the stacked layers.
        reverse: the direction from the end of a bidirectional one; gives `go_backwards=True`, and
            `bidirectional` joins it with the other.
        **layer_arguments: for `LSTMPlus`: `return_sequences`, `dtype`, `name`, ... `batch_first` has no
            counterpart (Keras's batch is always first); packed sequences are a mask.

    Raises:
        ValueError: weights are missing or have another shape, which the message names; `stateful`, for which
            the batch size would have to be known.
        TypeError: neither a module nor a state dict; an argument that the weights decide.

    Source: the equations of `torch.nn.LSTM`; the projection of Sak et al. 2014.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> shapes = {"weight_ih_l0": (20, 3), "weight_hh_l0": (20, 5), "bias_ih_l0": 20, "bias_hh_l0": 20}
        >>> state_dict = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        >>> lstm = from_torch(state_dict, return_sequences=True)
        >>> lstm.units, tuple(lstm(np.ones((2, 7, 3))).shape)
        (5, (2, 7, 5))
    """
    if callable(getattr(state_dict, "state_dict", None)):
        state_dict = state_dict.state_dict()
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"from_torch takes a torch.nn.LSTM or its state dict, received {type(state_dict).__name__}; "
            "torch.load(path) gives what is in a file."
        )
    found = _read(state_dict, f"_l{layer}" + ("_reverse" if reverse else ""))
    spec = get_spec("standard").with_options(use_bias="bias_ih" in found)
    weights = {"kernel": found["weight_ih"].T, "recurrent_kernel": found["weight_hh"].T}
    if spec.use_bias:
        weights["bias"] = found["bias_ih"] + found["bias_hh"]
    if "weight_hr" in found:
        spec = spec.with_options(projection_units=found["weight_hr"].shape[0])
        weights["projection_kernel"] = found["weight_hr"].T
    if reverse:
        layer_arguments = {"go_backwards": True, **layer_arguments}
    return layer_from_weights("from_torch", spec, weights, layer_arguments)


def to_torch(layer: LSTMPlus, index: int = 0, reverse: bool = False) -> dict[str, Array]:
    """The weights under the names of `torch.nn.LSTM`, for `load_state_dict`; the table is at `from_torch`.

    Our one bias becomes `bias_ih`, and `bias_hh` zeros. Without a bias there are none: `bias=False`. The
    names of several layers or directions are put together by `{**one, **other}`.

    Args:
        layer: a built `LSTMPlus` of the standard variant, with or without projection.
        index: which of the stacked layers it is to be.
        reverse: whether it is to be the direction from the end.

    Returns:
        Arrays, float64 if the layer is, else float32.

    Raises:
        TypeError: it is another kind of layer.
        ValueError: it has no weights yet, or something that PyTorch's LSTM has not; the message names it.

    Source: the equations of `torch.nn.LSTM`.

    Example:
        >>> layer = LSTMPlus(5, projection_units=2)
        >>> layer.build((None, None, 3))
        >>> {name: value.shape for name, value in to_torch(layer).items()}
        {'weight_ih_l0': (20, 3), 'weight_hh_l0': (20, 2), 'bias_ih_l0': (20,), 'bias_hh_l0': (20,),
         'weight_hr_l0': (2, 5)}

        >>> import torch
        >>> tensors = {name: torch.tensor(value) for name, value in to_torch(layer).items()}
        >>> torch.nn.LSTM(3, 5, proj_size=2).load_state_dict(tensors)
        <All keys matched successfully>
    """
    weights = weights_of("to_torch", layer)
    way_out = "Keep LSTMPlus for it, or train variant='standard' if PyTorch is where it has to run."
    refuse_beyond("to_torch", layer, "torch.nn.LSTM", ("use_bias", "projection_units"), way_out)
    size = layer.spec.projection_units
    if size is not None and size >= layer.units:
        raise ValueError(
            f"to_torch: layer {layer.name!r} projects {layer.units} units onto {size}; torch.nn.LSTM takes a "
            f"proj_size below its hidden_size only. {way_out}"
        )
    found = {"weight_ih": weights["kernel"].T, "weight_hh": weights["recurrent_kernel"].T}
    if "bias" in weights:
        found["bias_ih"] = weights["bias"]
        found["bias_hh"] = np.zeros_like(weights["bias"])
    if size is not None:
        found["weight_hr"] = weights["projection_kernel"].T
    suffix = f"_l{index}" + ("_reverse" if reverse else "")
    return {f"{part}{suffix}": np.ascontiguousarray(value) for part, value in found.items()}


def _read(state_dict: Mapping[str, Any], suffix: str) -> dict[str, Array]:
    """The arrays of one layer and direction by their part of the name, of shapes that fit together."""
    found = {part: as_array(state_dict[part + suffix]) for part in _PARTS if part + suffix in state_dict}
    needed = ["weight_ih", "weight_hh"]
    if "bias_ih" in found or "bias_hh" in found:
        needed += ["bias_ih", "bias_hh"]
    missing = [part + suffix for part in needed if part not in found]
    if missing:
        raise ValueError(
            f"from_torch: no {', '.join(missing)} in the state dict, which has {_has(state_dict)}."
        )
    rows, inputs = (*found["weight_ih"].shape, 0, 0)[:2]
    units = rows // 4
    output = found["weight_hr"].shape[0] if "weight_hr" in found else units
    shapes = {
        "weight_ih": (4 * units, inputs),
        "weight_hh": (4 * units, output),
        "weight_hr": (output, units),
    }
    for part, array in found.items():
        shape = shapes.get(part, (4 * units,))
        if array.shape != shape:
            raise ValueError(
                f"from_torch: {part}{suffix} has shape {array.shape}, but needs {shape}: an LSTM has 4 gates "
                f"of the same {units} units, and weight_ih{suffix} has {rows} rows for them."
            )
    return found


def _has(state_dict: Mapping[str, Any]) -> str:
    """Which layers there are, or what else."""
    names = [re.fullmatch(r"(.*)weight_ih_l(\d+)(_reverse)?", name) for name in state_dict]
    layers = [match for match in names if match]
    if not layers:
        return f"no LSTM layers but {', '.join(list(state_dict)[:6]) or 'nothing at all'}"
    prefix = layers[0][1]
    if prefix:
        return f"them as {prefix}weight_ih_l0, ...: give the state dict of {prefix.rstrip('.')} itself"
    return "layers " + ", ".join(match[2] + (" reverse" if match[3] else "") for match in layers)
