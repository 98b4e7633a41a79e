"""The spec: what it allows, what it refuses, and what it says of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keras_lstm_plus import LSTMSpec, get_spec


def test_it_is_frozen_and_survives_json() -> None:
    mine = LSTMSpec("mine", peephole=True, input_gate="coupled", projection_units=3, cell_clip=2.0)
    assert LSTMSpec.from_dict(json.loads(json.dumps(mine.to_dict()))) == mine
    with pytest.raises(AttributeError):
        mine.peephole = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"input_gate": "shut"}, ["input_gate", "'shut'", "coupled"]),
        ({"recurrence": "sparse"}, ["recurrence", "'sparse'"]),
        ({"peephole": 1}, ["peephole", "True or False"]),
        ({"input_gate": "coupled", "forget_gate": "open"}, ["1 - f", "learned"]),
        ({"peephole": True, "input_gate": "open", "forget_gate": "open", "output_gate": "open"}, ["none"]),
        ({"recurrence": "diagonal", "projection_units": 3}, ["diagonal", "projection"]),
        ({"projection_clip": 1.0}, ["projection_units"]),
        ({"projection_units": 0}, ["positive integer", "0"]),
        ({"projection_units": True}, ["positive integer", "True"]),
        ({"cell_clip": -1.0}, ["cell_clip", "-1.0"]),
        ({"cell_clip": float("nan")}, ["cell_clip", "nan"]),
        ({"candidate_activation": ""}, ["candidate_activation"]),
    ],
)
def test_a_contradiction_is_refused_with_its_reason(fields: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError, match="LSTMSpec 'bad'") as error:
        LSTMSpec("bad", **fields)
    assert all(word in str(error.value) for word in words)


def test_from_dict_names_the_field_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="has no field horizon"):
        LSTMSpec.from_dict({"horizon": 3})


@pytest.mark.parametrize(("typo", "meant"), [("peep_hole", "peephole"), ("Standart", "standard")])
def test_an_unknown_variant_suggests_the_nearest(typo: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"{typo}.*Did you mean '{meant}'"):
        get_spec(typo)


def test_a_variant_of_no_kind() -> None:
    with pytest.raises(TypeError, match="received 3"):
        get_spec(3)  # type: ignore[arg-type]


def test_equations_follow_the_fields() -> None:
    text = LSTMSpec(
        layer_norm=True, recurrence="diagonal", forget_gate="open", use_bias=False, output_activation="linear"
    ).equations()
    assert text.splitlines() == [
        "i = sigmoid(n_i*norm(W_i x + r_i*h'))",
        "f = 1",
        "g = tanh(n_g*norm(W_g x + r_g*h'))",
        "c = f*c' + i*g",
        "o = sigmoid(n_o*norm(W_o x + r_o*h'))",
        "h = o*c",
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"gate_recurrence": True}, "gate to gate"),
        ({"recurrent_activation": "hard_sigmoid"}, "hard_sigmoid"),
        ({"candidate_activation": "linear"}, "linear and tanh"),
        ({"candidate_activation": "gelu", "output_activation": "gelu"}, "gelu"),
    ],
)
def test_what_the_op_cannot_express_has_a_reason(fields: dict[str, Any], reason: str) -> None:
    fusion = LSTMSpec(**fields).fusion()
    assert not fusion.possible
    assert reason in fusion.reason


def test_a_fused_spec_says_so() -> None:
    assert LSTMSpec(peephole=True, layer_norm=True, projection_units=4).fusion().possible
