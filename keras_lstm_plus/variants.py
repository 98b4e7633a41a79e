"""The named members of the family: each a value, with the paper it comes from."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from keras_lstm_plus.spec import LSTMSpec

_GERS_2000 = "Gers, Schmidhuber & Cummins 2000, Learning to Forget: Continual Prediction with LSTM"
_GERS_2002 = "Gers, Schraudolph & Schmidhuber 2002, Learning Precise Timing with LSTM Recurrent Networks"

_PEEPHOLE = LSTMSpec("peephole", _GERS_2002, peephole=True)

VARIANTS: dict[str, LSTMSpec] = {
    spec.name: spec
    for spec in (
        LSTMSpec("standard", _GERS_2000),
        _PEEPHOLE,
    )
}


def get_spec(variant: str | LSTMSpec | dict[str, Any]) -> LSTMSpec:
    """The spec of that name, of that dictionary (`LSTMSpec.to_dict`), or the spec itself.

    Raises:
        ValueError: no variant has that name; the message suggests the nearest.
        TypeError: neither a name nor an `LSTMSpec`.

    Example:
        >>> get_spec("peephole").learned_gates
        ('i', 'f', 'o')
    """
    if isinstance(variant, LSTMSpec):
        return variant
    if isinstance(variant, dict):
        return LSTMSpec.from_dict(variant)
    if not isinstance(variant, str):
        raise TypeError(f"variant must be a name or an LSTMSpec, received {variant!r}.")
    if variant in VARIANTS:
        return VARIANTS[variant]
    near = get_close_matches(variant.lower(), VARIANTS, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"Unknown LSTM variant {variant!r}. {hint}Known: {', '.join(VARIANTS)}.")
