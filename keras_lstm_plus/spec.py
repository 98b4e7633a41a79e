"""`LSTMSpec`: which LSTM it is, as one frozen value.

Everything that changes the mathematics is a field; nothing else is. The layer, the converter, the oracle's
tests and the documentation all read this value, so that a new variant is a new value and not a new branch.
Standard library only: the device half and the tools may import it without Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from math import prod
from typing import Any, Literal, NamedTuple

Gate = Literal["learned", "coupled", "open"]


class Fusion(NamedTuple):
    """Whether TensorFlow Lite's fused LSTM op can express a spec, and if not, why."""

    possible: bool
    reason: str


# What the op's one activation field can hold. It is applied to the candidate and to the cell alike. It can
# hold "none" too, but then the kernels compute nothing there: no linear candidate.
OP_ACTIVATIONS = ("tanh", "relu", "relu6")


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
        for names, holds, sentence in _RULES:
            for name in names:
                value = getattr(self, name)
                if not holds(self, value):
                    said = sentence.format(field=name, value=value)
                    raise ValueError(f"LSTMSpec {self.name!r}: {said}")

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
        gates, learned = len(self.gates), len(self.learned_gates)
        width, diagonal = gates * units, self.recurrence == "diagonal"
        shapes: dict[str, tuple[int, ...] | None] = {
            "kernel": (inputs, width),
            "recurrent_kernel": (gates, units) if diagonal else (self.output_units(units), width),
            "bias": (width,) if self.use_bias else None,
            "peephole_kernel": (learned, units) if self.peephole else None,
            "gate_kernel": (learned * units, learned * units) if self.gate_recurrence else None,
            "layer_norm_scale": (gates, units) if self.layer_norm else None,
            "projection_kernel": (units, self.projection_units) if self.projection_units else None,
        }
        return {name: shape for name, shape in shapes.items() if shape is not None}

    def count_parameters(self, inputs: int, units: int) -> int:
        """Number of trainable weights of a layer with `inputs` features and `units` cells."""
        return sum(prod(shape) for shape in self.weight_shapes(inputs, units).values())

    def equations(self) -> str:
        """The step as text, one equation a line; a prime marks the step before, `*` is element-wise."""
        coupled = self.input_gate == "coupled"
        given = {"f": "f = 1", "i": "i = 1 - f" if coupled else "i = 1", "o": "o = 1"}

        def gate(letter: str) -> str:
            return _gate(self, letter) if letter in self.gates else given[letter]

        cell = _clip("f*c' + i*g", self.cell_clip)
        hidden = "o*" + _apply(self.output_activation, "c")
        if self.projection_units is not None:
            hidden = _clip(f"P ({hidden})", self.projection_clip)
        lines = [gate(letter) for letter in (("f", "i") if coupled else ("i", "f"))]
        lines += [gate("g"), f"c = {cell}", gate("o"), f"h = {hidden}"]
        for letter, rate in (("c", self.zoneout_cell), ("h", self.zoneout_output)):
            if rate:
                lines.append(f"next {letter}' = {rate:g}*{letter}' + {1 - rate:g}*{letter}")
        return "\n".join(lines)

    def fusion(self) -> Fusion:
        """Whether TensorFlow Lite's `UNIDIRECTIONAL_SEQUENCE_LSTM` computes exactly this, and if not, why."""
        sigma, g, phi = self.squashes
        obstacles = (
            (self.gate_recurrence, "the op has no connections from gate to gate"),
            (self.zoneout, "the op cannot average a step with the one before, as zoneout does"),
            (sigma != "sigmoid", f"the op's gates are sigmoid, not {sigma}"),
            (g != phi, f"the op has one activation for candidate and cell, not {g} and {phi}"),
            (g not in OP_ACTIVATIONS, f"the op has {', '.join(OP_ACTIVATIONS)}, not {g}"),
        )
        for found, reason in obstacles:
            if found:
                return Fusion(False, reason)
        if "open" in (self.input_gate, self.forget_gate, self.output_gate):
            return Fusion(True, "the open gate as sigmoid(20), which is exactly 1 in float32")
        return Fusion(True, "every term has its operand")

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


def _one_of(*choices: str) -> tuple[Callable[[LSTMSpec, Any], bool], str]:
    sentence = f"{{field}} must be one of {', '.join(choices)}, received {{value!r}}."
    return lambda _, value: value in choices, sentence


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# Fields, whether a spec may have that value in one of them, what is said if not.
_RULES: tuple[tuple[tuple[str, ...], Callable[[LSTMSpec, Any], bool], str], ...] = (
    (("input_gate",), *_one_of("learned", "coupled", "open")),
    (("forget_gate", "output_gate"), *_one_of("learned", "open")),
    (("recurrence",), *_one_of("full", "diagonal")),
    (
        ("peephole", "gate_recurrence", "layer_norm", "use_bias"),
        lambda _, value: isinstance(value, bool),
        "{field} must be True or False, received {value!r}.",
    ),
    (
        ("name", "candidate_activation", "output_activation", "recurrent_activation"),
        lambda _, value: isinstance(value, str) and value != "",
        "{field} must be a name, received {value!r}.",
    ),
    (
        ("projection_units",),
        lambda _, value: value is None or is_positive_integer(value),
        "{field} must be a positive integer or None, received {value!r}.",
    ),
    (
        ("cell_clip", "projection_clip"),
        lambda _, value: value is None or (_is_number(value) and 0 < value < float("inf")),
        "{field} must be a positive, finite bound on the absolute value, or None for no bound; "
        "received {value!r}.",
    ),
    (
        ("zoneout_output", "zoneout_cell"),
        lambda _, value: _is_number(value) and 0 <= value < 1,
        "{field} is the share that keeps its value, 0 <= {field} < 1; received {value!r}.",
    ),
    (
        ("input_gate",),
        lambda spec, value: value != "coupled" or spec.forget_gate == "learned",
        "a coupled input gate is 1 - f and needs a learned forget gate; use forget_gate='learned', or "
        "input_gate='learned'.",
    ),
    (
        ("peephole", "gate_recurrence"),
        lambda spec, value: not value or bool(spec.learned_gates),
        "peephole and gate_recurrence feed the learned gates, and none is left; make a gate 'learned' or "
        "drop them.",
    ),
    (
        ("recurrence",),
        lambda spec, value: value != "diagonal" or spec.projection_units is None,
        "a diagonal recurrence joins each unit to its own output, and a projection changes their number; "
        "use recurrence='full', or no projection.",
    ),
    (
        ("projection_clip",),
        lambda spec, value: value is None or spec.projection_units is not None,
        "projection_clip bounds a projection; give projection_units too, or use cell_clip.",
    ),
)


def _gate(spec: LSTMSpec, gate: str) -> str:
    product = f"r_{gate}*h'" if spec.recurrence == "diagonal" else f"R_{gate} h'"
    terms = [f"W_{gate} x", product]
    if gate != "g" and spec.gate_recurrence:
        terms += [f"G_{other}{gate} {other}'" for other in spec.learned_gates]
    if gate != "g" and spec.peephole:
        terms.append(f"p_{gate}*" + ("c" if gate == "o" else "c'"))
    total = " + ".join(terms)
    if spec.layer_norm:
        total = f"n_{gate}*norm({total})"
    if spec.use_bias:
        total += f" + b_{gate}"
    squash = spec.candidate_activation if gate == "g" else spec.recurrent_activation
    return f"{gate} = {_apply(squash, total)}"


def _apply(function: str, argument: str) -> str:
    return argument if function == "linear" else f"{function}({argument})"


def _clip(value: str, bound: float | None) -> str:
    return value if bound is None else f"clip({value}, -{bound:g}, {bound:g})"
