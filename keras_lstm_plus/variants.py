"""The named members of the family: each a value, with the paper it comes from."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from keras_lstm_plus.spec import LSTMSpec

_HOCHREITER = "Hochreiter & Schmidhuber 1997, Long Short-Term Memory"
_GERS_2000 = "Gers, Schmidhuber & Cummins 2000, Learning to Forget: Continual Prediction with LSTM"
_GERS_2002 = "Gers, Schraudolph & Schmidhuber 2002, Learning Precise Timing with LSTM Recurrent Networks"
_GREFF = "Greff et al. 2015, LSTM: A Search Space Odyssey (arXiv:1503.04069)"
_BA = "Ba, Kiros & Hinton 2016, Layer Normalization (arXiv:1607.06450), in the form of TensorFlow Lite's op"
_INDRNN = "after Li et al. 2018, Independently Recurrent Neural Network (arXiv:1803.04831)"

VARIANTS: dict[str, LSTMSpec] = {
    spec.name: spec
    for spec in (
        LSTMSpec("standard", _GERS_2000),
        LSTMSpec("peephole", _GERS_2002, peephole=True),
        # With peepholes, as Greff had it: "peephole+cifg". Without, as keyboards have it (Hard et al. 2018).
        LSTMSpec("cifg", _GREFF, input_gate="coupled"),
        LSTMSpec("lstm_1997", _HOCHREITER, forget_gate="open"),
        LSTMSpec("nig", _GREFF, peephole=True, input_gate="open"),
        LSTMSpec("nfg", _GREFF, peephole=True, forget_gate="open"),
        LSTMSpec("nog", _GREFF, peephole=True, output_gate="open"),
        LSTMSpec("niaf", _GREFF, peephole=True, candidate_activation="linear"),
        LSTMSpec("noaf", _GREFF, peephole=True, output_activation="linear"),
        LSTMSpec("np", _GREFF),
        LSTMSpec("fgr", _GREFF, peephole=True, gate_recurrence=True),
        LSTMSpec("layer_norm", _BA, layer_norm=True),
        LSTMSpec("indy", _INDRNN, recurrence="diagonal"),
    )
}


def get_spec(variant: str | LSTMSpec | dict[str, Any]) -> LSTMSpec:
    """The spec of that name, of that dictionary (`LSTMSpec.to_dict`), or the spec itself.

    Names can be joined by `+`: the result has what each of them adds to the standard LSTM.

    Raises:
        ValueError: no variant has that name (the message suggests the nearest), or two contradict each other.
        TypeError: neither a name nor an `LSTMSpec`.

    Example:
        >>> get_spec("peephole").learned_gates
        ('i', 'f', 'o')
        >>> spec = get_spec("peephole+cifg+layer_norm")
        >>> spec.learned_gates, spec.layer_norm
        (('f', 'o'), True)
    """
    if isinstance(variant, LSTMSpec):
        return variant
    if isinstance(variant, dict):
        return LSTMSpec.from_dict(variant)
    if not isinstance(variant, str):
        raise TypeError(f"variant must be a name or an LSTMSpec, received {variant!r}.")
    parts = [_named(name.strip()) for name in variant.split("+")]
    return parts[0] if len(parts) == 1 else _join(parts)


def _named(name: str) -> LSTMSpec:
    if name in VARIANTS:
        return VARIANTS[name]
    near = get_close_matches(name.lower(), VARIANTS, n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"Unknown LSTM variant {name!r}. {hint}Known: {', '.join(VARIANTS)}.")


def _join(parts: list[LSTMSpec]) -> LSTMSpec:
    changes: dict[str, Any] = {}
    owner: dict[str, str] = {}
    for part in parts:
        for field in fields(LSTMSpec)[2:]:  # past name and citation
            value = getattr(part, field.name)
            if value == field.default:
                continue
            if changes.setdefault(field.name, value) != value:
                raise ValueError(
                    f"LSTM variants {owner[field.name]!r} and {part.name!r} contradict each other: "
                    f"{field.name} cannot be {changes[field.name]!r} and {value!r}; leave one of them out."
                )
            owner[field.name] = part.name
    name = "+".join(part.name for part in parts)
    return LSTMSpec(name, "; ".join(dict.fromkeys(part.citation for part in parts)), **changes)
