"""The recurrent layers of a Keras model, and each use of one as a value: what it computes, on what."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.aliases import Array
from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import flat_layers
from keras_lstm_plus.spec import LSTMSpec

_YOURS = "your "  # function, of that name
LSTM, RNN, OTHER = "lstm", "rnn", "other"  # what a fused operator exists for, and what none exists for


@dataclass(frozen=True)
class Site:
    """One use of a recurrent layer in a model.

    Attributes:
        index: its position in the order in which the model calls its recurrent layers.
        layer: the Keras layer.
        kind: `"lstm"`, `"rnn"` (a SimpleRNN) or `"other"`.
        spec: the variant of an LSTM.
        units: number of cells.
        state_sizes: width of each state: h and c of an LSTM; of the operator, where that is wider.
        batch, steps: of the sequences, None where they are free.
        masked: whether it is given a mask.
        given_state: whether the model gives it a state to start from.
        inside: whether it runs anew for each time step of the model, inside of a TimeDistributed: its own
            time axis is another, and its state is no state of the file.
        closing: whether the operator has one more input, which keeps its cells as they are: see `closed`.
    """

    index: int
    layer: Any
    kind: str
    spec: LSTMSpec | None
    units: int
    state_sizes: tuple[int, ...]
    batch: int | None
    steps: int | None
    masked: bool
    given_state: bool
    inside: bool = False
    closing: bool = False

    @property
    def placeholder(self) -> str:
        """The name of the operator that stands for it until `fuse` puts the real one there."""
        return f"lstm_plus_{self.index}"

    @property
    def variant(self) -> str:
        """What people call it."""
        return self.spec.name if self.spec else type(self.layer.cell).__name__.removesuffix("Cell").lower()

    @property
    def output_units(self) -> int:
        """Size of h, of an LSTM or a SimpleRNN."""
        return self.spec.output_units(self.units) if self.spec else self.state_sizes[0]

    @property
    def states_are_vectors(self) -> bool:
        """Whether each state is `[batch, size]`: those of a ConvLSTM are images."""
        return self.kind != OTHER or all(len(state.shape) == 2 for state in self._first_states())

    @property
    def starts_from_zeros(self) -> bool:
        """Whether the cell starts from zeros where nobody gives it a state."""
        return self.kind != OTHER or not any(np.any(state) for state in self._first_states())

    @property
    def shows_its_output(self) -> bool:
        """Whether the output of a step is its first state, so that it is still there at the next call."""
        return self.kind != OTHER or type(self.layer.cell) is keras.layers.GRUCell

    def _first_states(self) -> list[Array]:
        with tf.init_scope():  # out of the graph that is being recorded
            return [np.asarray(state) for state in first_states(self.layer, 1)]

    @property
    def activation(self) -> str:
        """The name of what squashes the state of a SimpleRNN."""
        return _name(self.layer.cell.activation)

    @property
    def own_sizes(self) -> tuple[int, ...]:
        """The widths of the states as the layer has them, whatever the operator was given."""
        return _state_sizes(self.layer)

    def weights(self) -> dict[str, Array]:
        """The weights as they are now, by name, float32: read when they are needed, and never kept."""
        with tf.init_scope():  # out of the graph that is being recorded
            values = {
                name: np.asarray(keras.ops.convert_to_numpy(variable), np.float32)
                for name, variable in self.variables().items()
            }
        values = self._filled(values)
        if self.closing:
            values["kernel"] = np.vstack([values["kernel"], self._closing_row(values["kernel"])])
        return values

    def variables(self) -> dict[str, Any]:
        """The variables behind `weights`, by name."""
        cell = self.layer.cell
        names: Sequence[str] = ()
        if self.spec:
            names = list(self.spec.weight_shapes(int(cell.kernel.shape[0]), self.units))
        elif self.kind == RNN:
            names = ("kernel", "recurrent_kernel", *(("bias",) if cell.use_bias else ()))
        return {name: getattr(cell, name) for name in names}

    def widened(self) -> Site:
        """The same with a projection that is as wide as there are cells, filled up with zeros.

        The integer kernel takes the size of the output for the number of cells where it applies peepholes:
        where the two are the same, it is right.
        """
        spec = self.spec
        if spec is None or not spec.peephole or spec.projection_units in (None, self.units):
            return self
        wide = spec.with_options(projection_units=self.units)
        return replace(self, spec=wide, state_sizes=(self.units, self.units))

    def closed(self) -> Site:
        """The same with one more input: 0 lets the cells be, and `closing_input` keeps c as it was.

        It shuts the input gate and opens the forget gate, wherever the two have weights. No weight of the
        new row is larger than those of its gate, so that 8 bits hold the others as well as before.
        """
        return replace(self, closing=True)

    @property
    def closing_input(self) -> float:
        """What outweighs all else that goes into the gates, but for the sequence, which is to be 0 then."""
        weights = replace(self, closing=False).weights()
        row = np.abs(self._closing_row(weights["kernel"]))
        others = sum(
            float(np.abs(weights[name]).sum(0).max())
            for name in ("recurrent_kernel", "bias")
            if name in weights
        )
        return (200.0 + others) / float(row[row > 0].min())

    def _closing_row(self, kernel: Array) -> Array:
        assert self.spec is not None
        row = np.zeros((1, kernel.shape[1]), np.float32)
        for gate, sign in (("i", -1.0), ("f", 1.0)):
            if gate in self.spec.gates:
                place = self.spec.gates.index(gate) * self.units
                block = slice(place, place + self.units)
                row[0, block] = sign * (float(np.abs(kernel[:, block]).max()) or 1.0)
        return row

    def _filled(self, weights: dict[str, Array]) -> dict[str, Array]:
        """Zeros behind a projection that is narrower than `widened` made it."""
        missing = self.output_units - self.own_sizes[0] if self.spec else 0
        if missing:
            weights["projection_kernel"] = np.pad(weights["projection_kernel"], ((0, 0), (0, missing)))
            weights["recurrent_kernel"] = np.pad(weights["recurrent_kernel"], ((0, missing), (0, 0)))
        return weights

    def state_names(self) -> list[str]:
        """What the states are called in a file that shows them."""
        letters = ("h", "c", *(f"state_{n}" for n in range(2, len(self.state_sizes))))
        return [f"{self.layer.name}_{letter}" for letter, _ in zip(letters, self.state_sizes, strict=False)]


def recurrent_layers(model: keras.Model) -> list[Any]:
    """The recurrent layers of a model, those inside of other layers and models included."""
    return [layer for layer in flat_layers(model) if isinstance(layer, keras.layers.RNN)]


def cell_step(cell: Any, x: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """One step of any cell, for inference, as `keras.layers.RNN` does it: the output and the new states."""
    packed: Any = list(states)
    if len(keras.tree.flatten(cell.state_size)) == len(packed):  # that of a ConvLSTM tells nothing
        packed = keras.tree.pack_sequence_as(cell.state_size, packed)
        packed = packed if keras.tree.is_nested(packed) else [packed]
    keywords = {"training": False} if "training" in inspect.signature(cell.call).parameters else {}
    output, new = cell(x, packed, **keywords)
    return output, keras.tree.flatten(new)


def spec_of(cell: Any) -> LSTMSpec | None:
    """The variant that a recurrent cell computes; None for one that is no LSTM."""
    spec = getattr(cell, "spec", None)
    if isinstance(spec, LSTMSpec):
        return spec
    if type(cell) is not keras.layers.LSTMCell:
        return None
    activation = _name(cell.activation)
    return LSTMSpec(
        candidate_activation=activation,
        output_activation=activation,
        recurrent_activation=_name(cell.recurrent_activation),
        use_bias=cell.use_bias,
    )


def first_states(layer: Any, batch: Any) -> list[Tensor]:
    """What the cell of a layer, or of a stack, starts from where nobody gives it a state, flat."""
    owner = layer if isinstance(layer, keras.layers.Layer) else layer.cell
    if not hasattr(owner, "get_initial_state"):  # a cell need not have one
        sizes = keras.tree.flatten(owner.state_size)
        return [keras.ops.zeros((batch, size), layer.compute_dtype) for size in sizes]
    return list(keras.tree.flatten(owner.get_initial_state(batch_size=batch)))


def read_site(
    index: int, layer: Any, sequences: Any, initial_state: Any, mask: Any, inside: bool = False
) -> Site:
    """The value of this use of `layer`: its variant as it is now."""
    spec = spec_of(layer.cell)
    kind = LSTM if spec else RNN if type(layer.cell) is keras.layers.SimpleRNNCell else OTHER
    return Site(
        index,
        layer,
        kind,
        spec,
        int(getattr(layer.cell, "units", 0)),
        _state_sizes(layer),
        sequences.shape[0],
        sequences.shape[1],
        mask is not None,
        initial_state is not None,
        inside,
    )


def _state_sizes(layer: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in keras.tree.flatten(layer.cell.state_size))


def _name(activation: Any) -> str:
    """What Keras calls an activation; a function of the user's is not taken for its namesake."""
    name = str(getattr(activation, "__name__", type(activation).__name__))
    homes = (keras.activations, keras.ops, tf.nn, tf.math)
    known = any(getattr(home, name, None) is activation for home in homes)
    return name if known or not hasattr(activation, "__name__") else f"{_YOURS}{name}"
