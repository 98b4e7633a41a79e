"""Seeing inside: what every gate did at every step."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_lstm_plus.aliases import Array, Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.private import flat_layers, replaced
from keras_lstm_plus.recurrence import Call, run_layer
from keras_lstm_plus.spec import LSTMSpec
from keras_lstm_plus.step import Step


class GateTrace(NamedTuple):
    """One layer's forward pass, each `[batch, time, units]` (h: `[batch, time, output]`), first input first.

    Attributes:
        layer: its name; a second call of the same layer has `#2` after it.
        spec: which LSTM it is.
        i, f, o: input, forget and output gate, 0 (shut) to 1 (open).
        g: the candidate, what would be written.
        c: the cell after the step, the memory.
        h: the hidden state after the step, what the next layer sees.
        mask: `[batch, time]`, False where the step was skipped: c and h stay as they were. None: nowhere.
    """

    layer: str
    spec: LSTMSpec
    i: Array
    f: Array
    g: Array
    o: Array
    c: Array
    h: Array
    mask: Array | None


def trace(layer_or_model: keras.layers.Layer, x: Any) -> dict[str, GateTrace]:
    """Run the model on `x` and give what every LSTM layer in it did, by the layer's name.

    The values are those of this very forward pass (inference: no dropout): while it runs, the layers take the
    step-by-step path that the gates are read from. `LSTMPlus` of any variant and `keras.layers.LSTM`, also
    within `Bidirectional` and nested models.

    Args:
        layer_or_model: an LSTM layer, or a model with some.
        x: its input, `[batch, time, features]`, tokens, or whatever the model takes.

    Raises:
        ValueError: there is no LSTM in it.

    Example:
        >>> from keras_lstm_plus import LSTMPlus
        >>> seen = trace(LSTMPlus(4, "peephole", name="memory"), np.ones((2, 7, 3), "float32"))
        >>> seen["memory"].f.shape
        (2, 7, 4)
    """
    layers = [layer for layer in flat_layers(layer_or_model) if is_lstm(layer)]
    if not layers:
        raise ValueError(
            f"{layer_or_model.name!r} has no LSTM layer to look into: trace() reads LSTMPlus and "
            "keras.layers.LSTM layers, also within Bidirectional and nested models."
        )
    found: dict[str, GateTrace] = {}
    with replaced(layers, "inner_loop", lambda layer: _recorder(layer, found)):
        layer_or_model(x, training=False)
    return found


def is_lstm(layer: Any) -> bool:
    """Whether `trace` can read this layer."""
    return isinstance(layer, keras.layers.LSTM) or isinstance(getattr(layer, "cell", None), LSTMPlusCell)


def _recorder(layer: Any, found: dict[str, GateTrace]) -> Any:
    def inner_loop(
        sequences: Tensor, initial_state: list[Tensor], mask: Tensor, training: bool = False
    ) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        cell = layer.cell if isinstance(layer.cell, LSTMPlusCell) else _twin(layer.cell)
        steps: list[Step] = []
        result = run_layer(layer, cell, Call(sequences, initial_state, mask, training), steps)
        number = sum(name.split("#")[0] == layer.name for name in found) + 1
        name = layer.name if number == 1 else f"{layer.name}#{number}"
        found[name] = _gather(name, cell.spec, steps, mask, layer.go_backwards)
        return result

    return inner_loop


def _twin(cell: Any) -> LSTMPlusCell:
    """Our cell with the weights of Keras's."""
    twin = LSTMPlusCell(
        cell.units,
        activation=cell.activation,
        recurrent_activation=cell.recurrent_activation,
        use_bias=cell.use_bias,
        dtype=cell.dtype_policy,
    )
    twin.build((None, cell.kernel.shape[0]))
    twin.set_weights([ops.convert_to_numpy(weight) for weight in cell.trainable_variables])
    return twin


def _gather(name: str, spec: LSTMSpec, steps: list[Step], mask: Tensor, backwards: bool) -> GateTrace:
    arrays = {
        field: np.stack([ops.convert_to_numpy(getattr(step, field)) for step in steps], axis=1)
        for field in Step._fields
    }
    if backwards:
        arrays = {field: value[:, ::-1] for field, value in arrays.items()}
    seen = None if mask is None else ops.convert_to_numpy(mask).astype(bool)
    return GateTrace(name, spec, mask=seen, **arrays)
