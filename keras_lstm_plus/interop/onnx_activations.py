"""The activations of ONNX's recurrent operators, and which Keras activation each one is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Function(NamedTuple):
    """One activation of ONNX.

    Attributes:
        keras: the Keras activation that it is, None if it is none.
        own: the parameters alpha and beta that it takes, as far as it takes any, with which it is that.
        default: their values where a node has none; None: ONNX names no default.
    """

    keras: str | None
    own: tuple[float, ...] = ()
    default: tuple[float | None, ...] = ()


FUNCTIONS = {
    "Sigmoid": Function("sigmoid"),
    "Tanh": Function("tanh"),
    "Relu": Function("relu"),
    "Softsign": Function("softsign"),
    "Softplus": Function("softplus"),
    "Elu": Function("elu", (1.0,), (1.0,)),
    "LeakyRelu": Function("leaky_relu", (0.2,), (0.01,)),
    "HardSigmoid": Function("hard_sigmoid", (1 / 6, 0.5), (0.2, 0.5)),
    # ONNX Runtime takes 0 for an alpha of Affine that is not there, and so computes nothing.
    "Affine": Function("linear", (1.0, 0.0), (None, None)),
    "ScaledTanh": Function("tanh", (1.0, 1.0), (None, None)),
    "ThresholdedRelu": Function(None, (1.0,), (1.0,)),
}
_BY_LOWER_CASE = {name.lower(): name for name in FUNCTIONS}
# Of two that are the same in Keras the first: a plain Tanh, not a scaled one.
_BY_KERAS = {function.keras: name for name, function in reversed(FUNCTIONS.items()) if function.keras}


def read_activations(
    names: Sequence[str], alphas: Sequence[float], betas: Sequence[float], start: int
) -> list[str]:
    """Keras's names of the three activations from `start` on: of the gates, the candidate, the output.

    `alphas` and `betas` are used up from the left by those of `names` that take one.

    Raises:
        ValueError: one of the three is no activation of Keras.
    """
    rest = (iter(alphas), iter(betas))
    found = []
    for position, given in enumerate(names):
        name = _BY_LOWER_CASE.get(given.lower(), given)
        function = FUNCTIONS.get(name, Function(None))
        values = _take(rest, function)
        if not start <= position < start + 3:
            continue
        close = [a is not None and abs(a - b) < 1e-6 for a, b in zip(values, function.own, strict=True)]
        if function.keras is None or not all(close):
            raise ValueError(_refusal(given, function, values))
        found.append(function.keras)
    return found


def write_activations(names: Sequence[str]) -> tuple[list[str], list[float], list[float]] | None:
    """ONNX's names of these Keras activations, with all alphas and betas; None if it lacks one of them."""
    if not set(names) <= set(_BY_KERAS):
        return None
    given = [_BY_KERAS[name] for name in names]
    own = [FUNCTIONS[name].own for name in given]
    return given, [values[0] for values in own if values], [values[1] for values in own if len(values) > 1]


def known_to_onnx() -> str:
    """The Keras activations that ONNX has, as a list to read."""
    return ", ".join(reversed(_BY_KERAS))


def _take(rest: tuple[Iterator[float], Iterator[float]], function: Function) -> list[float | None]:
    return [next(left, default) for left, default in zip(rest, function.default, strict=False)]


def _refusal(given: str, function: Function, values: Sequence[float | None]) -> str:
    if function.keras is None:
        known = ", ".join(name for name, other in FUNCTIONS.items() if other.keras)
        return f"the activation {given}, which Keras has not; it has {known}"
    pairs = [f"{name}={value}" for name, value in zip(("alpha", "beta"), values, strict=False)]
    needed = [f"{name}={value:.6g}" for name, value in zip(("alpha", "beta"), function.own, strict=False)]
    return (
        f"the activation {given} with {', '.join(pairs)}, and Keras's {function.keras} is {', '.join(needed)}"
    )
