"""`LSTMSpec`: which LSTM it is, as one frozen value.

Everything that changes the mathematics is a field; nothing else is. The layer, the converter, the oracle's
tests and the documentation all read this value, so that a new variant is a new value and not a new branch.
Standard library only: the device half and the tools may import it without Keras.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, NamedTuple

Gate = Literal["learned", "coupled", "open"]


class Fusion(NamedTuple):
    """Whether TensorFlow Lite's fused LSTM op can express a spec, and if not, why."""

    possible: bool
    reason: str


# What the op's one activation field can hold. It is applied to the candidate and to the cell alike.
OP_ACTIVATIONS = ("tanh", "relu", "relu6", "linear")


@dataclass(frozen=True)
class LSTMSpec:
    """One member of the LSTM family.

    Attributes:
        name: what people call it.
        citation: where it was published.
        input_gate: `"learned"`, `"coupled"` (i = 1 - f) or `"open"` (i = 1).
        forget_gate: `"learned"` or `"open"` (f = 1: the cell never forgets).
        output_gate: `"learned"` or `"open"` (o = 1).
        peephole: the learned gates also see the cell, through one weight a unit; the input and forget gates
            see the cell of the step before, the output gate the new one.
        gate_recurrence: the learned gates also see all gates of the step before (Greff's FGR).
        layer_norm: every gate and the candidate are normalised over the units before scale and bias.
        recurrence: `"full"` (every unit sees every output) or `"diagonal"` (each unit sees its own).
        candidate_activation: squashes g. Any Keras activation name.
        output_activation: squashes the cell on its way out.
        recurrent_activation: squashes the gates.
        use_bias: whether gates and candidate have a bias.
        projection_units: size of h where it differs from the number of cells: h = P (o * tanh(c)).
        cell_clip: bound on |c|, applied as soon as the new cell is known. None: no bound.
        projection_clip: bound on |h| after the projection. None: no bound.
        zoneout_output, zoneout_cell: share of h and of c that keeps its value from the step before while
            training; at inference the average of old and new that this amounts to (Krueger et al. 2016).

    Raises:
        ValueError: the fields contradict each other; the message names the two and the way out.

    Example:
        >>> spec = LSTMSpec("mine", peephole=True, input_gate="coupled")
        >>> print(spec.equations())
        f = sigmoid(W_f x + R_f h' + p_f*c' + b_f)
        i = 1 - f
        g = tanh(W_g x + R_g h' + b_g)
        c = f*c' + i*g
        o = sigmoid(W_o x + R_o h' + p_o*c + b_o)
        h = o*tanh(c)
    """

    name: str = "standard"
    citation: str = ""
    input_gate: Gate = "learned"
    forget_gate: Gate = "learned"
    output_gate: Gate = "learned"
    peephole: bool = False
    gate_recurrence: bool = False
    layer_norm: bool = False
    recurrence: Literal["full", "diagonal"] = "full"
    candidate_activation: str = "tanh"
    output_activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    use_bias: bool = True
    projection_units: int | None = None
    cell_clip: float | None = None
    projection_clip: float | None = None
    zoneout_output: float = 0.0
    zoneout_cell: float = 0.0

    def __post_init__(self) -> None:
        self._check_choices()
        self._check_numbers()
        self._check_combination()

    def _check_choices(self) -> None:
        allowed = {
            "input_gate": ("learned", "coupled", "open"),
            "forget_gate": ("learned", "open"),
            "output_gate": ("learned", "open"),
            "recurrence": ("full", "diagonal"),
        }
        for field, choices in allowed.items():
            if getattr(self, field) not in choices:
                raise ValueError(
                    f"LSTMSpec {self.name!r}: {field} must be one of {', '.join(choices)}, "
                    f"received {getattr(self, field)!r}."
                )
        for field in ("peephole", "gate_recurrence", "layer_norm", "use_bias"):
            if not isinstance(getattr(self, field), bool):
                raise ValueError(
                    f"LSTMSpec {self.name!r}: {field} must be True or False, "
                    f"received {getattr(self, field)!r}."
                )
        for field in ("name", "candidate_activation", "output_activation", "recurrent_activation"):
            if not isinstance(getattr(self, field), str) or not getattr(self, field):
                raise ValueError(
                    f"LSTMSpec {self.name!r}: {field} must be a name, received {getattr(self, field)!r}."
                )

    def _check_numbers(self) -> None:
        units = self.projection_units
        if units is not None and not is_positive_integer(units):
            raise ValueError(
                f"LSTMSpec {self.name!r}: projection_units must be a positive integer or None, "
                f"received {units!r}."
            )
        for field in ("cell_clip", "projection_clip"):
            bound = getattr(self, field)
            number = isinstance(bound, (int, float)) and not isinstance(bound, bool)
            if bound is not None and not (number and 0 < bound < float("inf")):
                raise ValueError(
                    f"LSTMSpec {self.name!r}: {field} must be a positive, finite bound on the absolute "
                    f"value, or None for no bound; received {bound!r}."
                )

        for field in ("zoneout_output", "zoneout_cell"):
            rate = getattr(self, field)
            if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < 1:
                raise ValueError(
                    f"LSTMSpec {self.name!r}: {field} is the share that keeps its value, 0 <= {field} < 1; "
                    f"received {rate!r}."
                )

    def _check_combination(self) -> None:
        if self.input_gate == "coupled" and self.forget_gate != "learned":
            raise ValueError(
                f"LSTMSpec {self.name!r}: a coupled input gate is 1 - f and needs a learned forget gate; "
                "use forget_gate='learned', or input_gate='learned'."
            )
        if (self.peephole or self.gate_recurrence) and not self.learned_gates:
            raise ValueError(
                f"LSTMSpec {self.name!r}: peephole and gate_recurrence feed the learned gates, and none "
                "is left; make a gate 'learned' or drop them."
            )
        if self.recurrence == "diagonal" and self.projection_units is not None:
            raise ValueError(
                f"LSTMSpec {self.name!r}: a diagonal recurrence joins each unit to its own output, and a "
                "projection changes their number; use recurrence='full', or no projection."
            )
        if self.projection_clip is not None and self.projection_units is None:
            raise ValueError(
                f"LSTMSpec {self.name!r}: projection_clip bounds a projection; give projection_units too, "
                "or use cell_clip."
            )

    # -- what follows from the fields ---------------------------------------------------------------

    @property
    def gates(self) -> tuple[str, ...]:
        """The blocks of `kernel`, in Keras's order: those of i, f, g, o that are learned (g always is)."""
        return tuple(gate for gate in "ifgo" if gate == "g" or gate in self.learned_gates)

    @property
    def learned_gates(self) -> tuple[str, ...]:
        """Those of i, f, o that have weights of their own."""
        choice = {"i": self.input_gate, "f": self.forget_gate, "o": self.output_gate}
        return tuple(gate for gate in "ifo" if choice[gate] == "learned")

    @property
    def squashes(self) -> tuple[str, str, str]:
        """The names of the three squashing functions: of the gates, of the candidate, of the cell."""
        return self.recurrent_activation, self.candidate_activation, self.output_activation

    @property
    def zoneout(self) -> bool:
        """Whether any zoneout is left to average at inference."""
        return bool(self.zoneout_output or self.zoneout_cell)

    def output_units(self, units: int) -> int:
        """Size of h for `units` cells."""
        return self.projection_units or units

    def weight_shapes(self, inputs: int, units: int) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight of a layer with `inputs` features and `units` cells.

        The blocks of `kernel`, `recurrent_kernel` and `bias` stand side by side in the order of `gates`;
        those of a diagonal recurrence and of `layer_norm_scale` one below the other, `[gates, units]`;
        the rows of `peephole_kernel` and the blocks of `gate_kernel` in the order of `learned_gates`.

        Example:
            >>> LSTMSpec(peephole=True).weight_shapes(inputs=3, units=5)["peephole_kernel"]
            (3, 5)
        """
        width = len(self.gates) * units
        learned = len(self.learned_gates)
        diagonal = self.recurrence == "diagonal"
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (inputs, width),
            "recurrent_kernel": (len(self.gates), units) if diagonal else (self.output_units(units), width),
        }
        if self.use_bias:
            shapes["bias"] = (width,)
        if self.peephole:
            shapes["peephole_kernel"] = (learned, units)
        if self.gate_recurrence:
            shapes["gate_kernel"] = (learned * units, learned * units)
        if self.layer_norm:
            shapes["layer_norm_scale"] = (len(self.gates), units)
        if self.projection_units is not None:
            shapes["projection_kernel"] = (units, self.projection_units)
        return shapes

    def count_parameters(self, inputs: int, units: int) -> int:
        """Number of trainable weights of a layer with `inputs` features and `units` cells."""
        total = 0
        for shape in self.weight_shapes(inputs, units).values():
            size = 1
            for axis in shape:
                size *= axis
            total += size
        return total

    def equations(self) -> str:
        """The step as text, one equation a line; a prime marks the step before, `*` is element-wise."""
        from keras_lstm_plus.equations import equations  # which reads specs

        return equations(self)

    def fusion(self) -> Fusion:
        """Whether TensorFlow Lite's `UNIDIRECTIONAL_SEQUENCE_LSTM` computes exactly this, and if not, why."""
        if self.gate_recurrence:
            return Fusion(False, "the op has no connections from gate to gate")
        if self.zoneout:
            return Fusion(False, "the op cannot average a step with the one before, as zoneout does")
        if self.recurrent_activation != "sigmoid":
            return Fusion(False, f"the op's gates are sigmoid, not {self.recurrent_activation}")
        if self.candidate_activation != self.output_activation:
            return Fusion(
                False,
                "the op has one activation for candidate and cell, not "
                f"{self.candidate_activation} and {self.output_activation}",
            )
        if self.candidate_activation not in OP_ACTIVATIONS:
            return Fusion(False, f"the op has {', '.join(OP_ACTIVATIONS)}, not {self.candidate_activation}")
        if "open" in (self.input_gate, self.forget_gate, self.output_gate):
            return Fusion(True, "the open gate as sigmoid(20), which is exactly 1 in float32")
        return Fusion(True, "every term has its operand")

    # -- as data ---------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """A plain dictionary of all fields, fit for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LSTMSpec:
        """The spec that `to_dict` gave; an unknown field is a ValueError that names it."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(
                f"LSTMSpec has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}. "
                "A file from a newer version? Then update keras-lstm-plus."
            )
        return cls(**values)

    def with_options(self, **changes: Any) -> LSTMSpec:
        """A copy with some fields changed, checked anew."""
        return replace(self, **changes)


def is_positive_integer(value: object) -> bool:
    """True for 1, 2, ... of any integer type (NumPy's too), False for booleans and floats."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return False
    return int(value.__index__()) > 0
