"""A spec as text: its equations, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_lstm_plus.spec import LSTMSpec


def equations(spec: LSTMSpec) -> str:
    """The step of `spec`; a prime marks the step before, `*` is element-wise.

    Example:
        >>> from keras_lstm_plus.spec import LSTMSpec
        >>> print(equations(LSTMSpec(projection_units=8, forget_gate="open")))
        i = sigmoid(W_i x + R_i h' + b_i)
        f = 1
        g = tanh(W_g x + R_g h' + b_g)
        c = f*c' + i*g
        o = sigmoid(W_o x + R_o h' + b_o)
        h = P (o*tanh(c))
    """
    coupled = spec.input_gate == "coupled"
    given = {"f": "f = 1", "i": "i = 1 - f" if coupled else "i = 1", "o": "o = 1"}

    def gate(letter: str) -> str:
        return _gate(spec, letter) if letter in spec.gates else given[letter]

    cell = _clip("f*c' + i*g", spec.cell_clip)
    hidden = "o*" + _apply(spec.output_activation, "c")
    if spec.projection_units is not None:
        hidden = _clip(f"P ({hidden})", spec.projection_clip)
    lines = [gate(letter) for letter in (("f", "i") if coupled else ("i", "f"))]
    lines += [gate("g"), f"c = {cell}", gate("o"), f"h = {hidden}"]
    for letter, rate in (("c", spec.zoneout_cell), ("h", spec.zoneout_output)):
        if rate:
            lines.append(f"next {letter}' = {rate:g}*{letter}' + {1 - rate:g}*{letter}")
    return "\n".join(lines)


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
    return f"{gate} = " + _apply(
        spec.candidate_activation if gate == "g" else spec.recurrent_activation, total
    )


def _apply(function: str, argument: str) -> str:
    return argument if function == "linear" else f"{function}({argument})"


def _clip(value: str, bound: float | None) -> str:
    return value if bound is None else f"clip({value}, -{bound:g}, {bound:g})"
