"""`LSTMPlusCell`: owns the weights of one LSTM; its step is `keras_lstm_plus.step`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.dropout import NoisyCell
from keras_lstm_plus.spec import LSTMSpec, is_positive_integer
from keras_lstm_plus.step import Activations, Step, Weights, input_product, lstm_step, next_states
from keras_lstm_plus.variants import get_spec

# Which argument initialises, regularises and constrains a weight; the first of each also names its default.
WEIGHT_GROUPS = {
    "kernel": "kernel",
    "recurrent_kernel": "recurrent",
    "bias": "bias",
    "peephole_kernel": "peephole",
    "gate_kernel": "recurrent",
    "layer_norm_scale": "layer_norm",
    "projection_kernel": "projection",
}
# Fields of the spec that are arguments of the layer too, for any variant.
SPEC_ARGUMENTS = ("projection_units", "cell_clip", "projection_clip", "zoneout_output", "zoneout_cell")
INITIALIZERS = {
    "kernel": "glorot_uniform",
    "recurrent": "orthogonal",
    "bias": "zeros",
    "peephole": "zeros",  # a peephole LSTM starts as the standard one
    "layer_norm": "ones",
    "projection": "glorot_uniform",
}


@keras.saving.register_keras_serializable("keras_lstm_plus")
class LSTMPlusCell(keras.layers.Layer, NoisyCell):
    """One step of an LSTM of any variant, for `keras.layers.RNN` and for `LSTMPlus`.

    The peephole variant, with s the sigmoid and a prime for the step before:

        i = s(W_i x + R_i h' + p_i*c' + b_i)
        f = s(W_f x + R_f h' + p_f*c' + b_f)
        g = tanh(W_g x + R_g h' + b_g)
        c = f*c' + i*g
        o = s(W_o x + R_o h' + p_o*c + b_o)
        h = o*tanh(c)

    The standard one has no p. `spec.equations()` prints those of any other.

    Args:
        units: number of cells, a positive integer.
        variant: a name (see `keras_lstm_plus.VARIANTS`) or an `LSTMSpec`.
        activation: takes the place of tanh in the variant; a Keras activation, None for linear.
        recurrent_activation: takes the place of the sigmoid of the gates.
        use_bias: whether gates and candidate have a bias.
        unit_forget_bias: start the bias of the forget gate at 1 (Jozefowicz et al. 2015).
        kernel_initializer, recurrent_initializer, bias_initializer, peephole_initializer, ...: how a weight
            starts; `..._regularizer` and `..._constraint` likewise. Groups: `kernel`, `recurrent`, `bias`,
            `peephole`, `layer_norm`, `projection`.
        dropout: share of the inputs dropped while training, 0 <= dropout < 1; one mask for all time steps.
        recurrent_dropout: the same for h'.
        weight_drop: share of `recurrent_kernel` dropped while training, one mask a batch (DropConnect;
            Merity, Keskar & Socher 2017).
        chrono: the longest memory expected, in steps. Starts the biases so that the units span memories up
            to that length: b_f = log(u), u uniform in [1, chrono - 1], b_i = -b_f (Tallec & Ollivier 2018),
            instead of `unit_forget_bias`.
        projection_units, cell_clip, projection_clip, zoneout_output, zoneout_cell: fields of the spec, for
            any variant.
        seed: of dropout, zoneout and weight drop.
        implementation: as of `keras.layers.LSTMCell`; 1 draws a mask of `dropout` for every gate, 2 one for
            all of them. With `recurrent_dropout` it is 1.

    Weights: `kernel [input, 4*units]`, `recurrent_kernel [units, 4*units]` and `bias [4*units]`, blocks in
    Keras's order i, f, c, o; `peephole_kernel [3, units]`, rows in the order i, f, o. A variant with fewer
    learned gates has fewer blocks: `spec.weight_shapes(inputs, units)`.

    Raises:
        ValueError: an unknown variant, units that are no positive integer, a dropout outside [0, 1).

    Source: Gers, Schraudolph & Schmidhuber 2002 for the peepholes; the citation of the spec for the others.

    Example:
        >>> import numpy as np
        >>> cell = LSTMPlusCell(4, variant="peephole")
        >>> h, (h, c) = cell(np.ones((2, 3), "float32"), cell.get_initial_state(batch_size=2))
        >>> tuple(h.shape), tuple(c.shape)
        ((2, 4), (2, 4))
    """

    def __init__(
        self,
        units: int,
        variant: str | LSTMSpec | dict[str, Any] = "standard",
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        unit_forget_bias: bool = True,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_drop: float = 0.0,
        chrono: int | None = None,
        seed: int | None = None,
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        if not is_positive_integer(units):
            raise ValueError(
                f"units is the number of LSTM cells and must be a positive integer, received {units!r}."
            )
        if chrono is not None and not (is_positive_integer(chrono) and chrono > 2):
            raise ValueError(
                f"chrono is the longest memory in steps, an integer from 3 on; received {chrono!r}."
            )
        fields = {name: kwargs.pop(name) for name in SPEC_ARGUMENTS if name in kwargs}
        groups = {name: kwargs.pop(name) for name in list(kwargs) if name in _GROUP_ARGUMENTS}
        super().__init__(**kwargs)
        self.units = int(units)
        self.variant = get_spec(variant).with_options(**fields)
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.spec, self.activations = _resolve(
            self.variant, self.activation, self.recurrent_activation, use_bias
        )
        self.use_bias = self.spec.use_bias
        self.unit_forget_bias = unit_forget_bias
        for name in _GROUP_ARGUMENTS:
            group, _, role = name.rpartition("_")
            default = INITIALIZERS[group] if role == "initializer" else None
            setattr(self, name, _GETTERS[role](groups.get(name, default)))
        self.chrono = chrono
        rates = {"dropout": dropout, "recurrent_dropout": recurrent_dropout, "weight_drop": weight_drop}
        self.set_noise(rates, seed, implementation)
        self.output_size = self.spec.output_units(self.units)
        self.state_size = [self.output_size, self.units]
        if self.spec.gate_recurrence:
            self.state_size.append(len(self.spec.learned_gates) * self.units)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        inputs = input_shape[-1]
        if inputs is None:
            raise ValueError(
                f"{self.name}: the number of input features must be known, received shape {input_shape}."
            )
        shapes = self.spec.weight_shapes(int(inputs), self.units)
        for name, group in WEIGHT_GROUPS.items():
            weight = None
            if name in shapes:
                start = getattr(self, f"{group}_initializer")
                weight = self.add_weight(
                    shape=shapes[name],
                    name=name,
                    initializer=self._initial_bias if name == "bias" else start,
                    regularizer=getattr(self, f"{group}_regularizer"),
                    constraint=getattr(self, f"{group}_constraint"),
                )
            setattr(self, name, weight)
        self.built = True

    def _initial_bias(self, shape: tuple[int, ...], dtype: Any = None, **_: Any) -> Tensor:
        if self.chrono is not None:
            return self._chrono_bias(dtype)
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        ones = keras.initializers.Ones()
        starts = {gate: ones if gate == "f" else self.bias_initializer for gate in self.spec.gates}
        return ops.concatenate([start((self.units,), dtype=dtype) for start in starts.values()])

    def _chrono_bias(self, dtype: Any) -> Tensor:
        assert self.chrono is not None
        spans = keras.random.uniform((self.units,), 1.0, self.chrono - 1.0, dtype=dtype, seed=self.seed)
        forget = ops.log(spans)
        starts = {"f": forget, "i": -forget}
        rest = self.bias_initializer((self.units,), dtype=dtype)
        return ops.concatenate([starts.get(gate, rest) for gate in self.spec.gates])

    def lstm_weights(self, training: bool = False) -> Weights:
        """The weights as one value, in the dtype that Keras's precision policy gives them here."""
        weights = Weights(*(_as_tensor(getattr(self, name)) for name in Weights._fields))
        if not (training and self.weight_drop):
            return weights
        return weights._replace(recurrent_kernel=weights.recurrent_kernel * self.weight_mask())

    def step(self, inputs: Tensor, states: Sequence[Tensor], training: bool = False) -> Step:
        """Everything one step computes: gates i, f, o, candidate g, cell c, output h."""
        input_masks = self.get_dropout_mask(inputs) if training and self.dropout else None
        masks = self.get_recurrent_dropout_mask(states[0]) if training and self.recurrent_dropout else None
        weights = self.lstm_weights(training)
        if input_masks is not None and not isinstance(input_masks, list):
            inputs, input_masks = inputs * input_masks, None
        product = input_product(weights.kernel, inputs, input_masks, len(self.spec.gates))
        return lstm_step(self.spec, weights, self.activations, product, states, masks)

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        step = self.step(inputs, states, training)
        if training and self.spec.zoneout and self.zone is None and keras.backend.backend() == "jax":
            raise NotImplementedError(
                f"{self.name}: a bare cell cannot draw zoneout masks inside a JAX loop; use LSTMPlus, which "
                "draws them before it."
            )
        zone = self.zone or (self.zoneout_masks(ops.shape(inputs)[:1]) if training else (None, None))
        new = next_states(self.spec, step, states, zone, training)
        return new[0], new

    def get_initial_state(self, batch_size: int | None = None) -> list[Tensor]:
        """Zeros for h `[batch, output]`, c `[batch, units]` and, with gate recurrence, the gates."""
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in self.state_size]

    def get_config(self) -> dict[str, Any]:
        serialize = {
            "initializer": keras.initializers.serialize,
            "regularizer": keras.regularizers.serialize,
            "constraint": keras.constraints.serialize,
        }
        config: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN_ARGUMENTS}
        config["variant"] = self.variant.to_dict()
        for name in ("activation", "recurrent_activation"):
            config[name] = keras.activations.serialize(getattr(self, name))
        for name in _GROUP_ARGUMENTS:
            config[name] = serialize[name.rpartition("_")[2]](getattr(self, name))
        return {**super().get_config(), **config}


_GETTERS = {
    "initializer": keras.initializers.get,
    "regularizer": keras.regularizers.get,
    "constraint": keras.constraints.get,
}
_GROUP_ARGUMENTS = tuple(f"{group}_{role}" for group in INITIALIZERS for role in _GETTERS)
_PLAIN_ARGUMENTS = (
    "units",
    "use_bias",
    "unit_forget_bias",
    "dropout",
    "recurrent_dropout",
    "weight_drop",
    "chrono",
    "seed",
    "implementation",
)
CELL_ARGUMENTS = ("variant", "activation", "recurrent_activation", *_PLAIN_ARGUMENTS, *_GROUP_ARGUMENTS)


def _as_tensor(variable: Any) -> Tensor | None:
    return None if variable is None else ops.convert_to_tensor(variable)


def _name_of(activation: Any) -> str:
    """What Keras calls it; a function of the user's is not taken for its namesake, which has short cuts."""
    name = getattr(activation, "__name__", None)
    if name is None:
        return type(activation).__name__
    known = any(getattr(home, name, None) is activation for home in (keras.activations, ops))
    return name if known else f"your {name}"


def _resolve(
    variant: LSTMSpec, activation: Any, recurrent_activation: Any, use_bias: bool
) -> tuple[LSTMSpec, Activations]:
    """The spec with the layer's activations in it, and the functions themselves."""

    def pick(name: str, default: str, replacement: Any) -> tuple[str, Any]:
        if name == default:
            return _name_of(replacement), replacement
        return name, keras.activations.get(name)

    gate = pick(variant.recurrent_activation, "sigmoid", recurrent_activation)
    candidate = pick(variant.candidate_activation, "tanh", activation)
    output = pick(variant.output_activation, "tanh", activation)
    spec = variant.with_options(
        recurrent_activation=gate[0],
        candidate_activation=candidate[0],
        output_activation=output[0],
        use_bias=variant.use_bias and use_bias,
    )
    return spec, Activations(gate[1], candidate[1], output[1])
