"""`inspect`: what it recognises, what it says of targets, and its estimate of memory."""

from __future__ import annotations

import io
import json
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from edge.inspection import inspect
from edge.inspection.hints import hints
from edge.inspection.recurrent import recurrent_operators
from edge.inspection.verdicts import verdict
from edge.micro_operators import Kernel
from edge.report.inspection import inspect_report
from edge.targets import TARGETS, Target
from edge.tflite import Graph, ModelFile, Operator, Tensor, describe, parse
from edge.tflite.variables import state_of
from edge.web.models import served_model
from tests.helpers.device_files import FEATURES, FOLDER, edited, model_file
from tests.helpers.explicit_files import explicit_file

layers = keras.layers


@cache
def foreign(kind: str) -> Path:
    """A file by TensorFlow's converter alone: `loop_...` or `unrolled_...`."""
    form, _, cell = kind.partition("_")
    x = keras.Input(batch_shape=(1, 6, FEATURES))
    unroll = {"unroll": form == "unrolled"}
    if cell == "two":
        gru = layers.GRU(5, return_sequences=True, **unroll)(x)
        y = layers.Bidirectional(layers.LSTM(7, **unroll))(gru)
    elif cell == "mlp":  # many sigmoids and tanh, and none of them recurrent
        y = layers.Flatten()(x)
        for n, activation in enumerate(["sigmoid", "tanh", "sigmoid", "tanh", "sigmoid"]):
            y = layers.Dense(8, activation=activation, name=f"mlp_{n}")(y)
    else:
        y = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}[cell](8, **unroll)(x)
    path = FOLDER / f"foreign_{kind}.tflite"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(keras.Model(x, y)).convert())
    return path


# -- recurrent layers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("loop_lstm", [("LSTM", "loop", 8, 1)]),
        ("loop_gru", [("GRU", "loop", 8, 1)]),
        ("loop_rnn", [("RNN", "loop", 8, 1)]),
        ("loop_two", [("GRU", "loop", 5, 1), ("LSTM", "loop", 7, 1), ("LSTM", "loop", 7, 1)]),
        ("unrolled_lstm", [("LSTM", "unrolled", 8, 6)]),
        ("unrolled_gru", [("GRU", "unrolled", 8, 6)]),
        ("unrolled_rnn", [("RNN", "unrolled", 8, 6)]),
        ("loop_mlp", []),
    ],
)
def test_recurrent_layers_of_others_are_recognised(kind: str, found: list[Any]) -> None:
    assert [layer[:4] for layer in recurrent_operators(describe(foreign(kind)).file)] == found


def test_loops_and_written_out_layers_are_explained() -> None:
    (hint,) = inspect(foreign("loop_two"))["hints"]
    assert "WHILE is a loop" in hint
    assert "a GRU of 5 units; 2 times an LSTM of 7 units" in hint
    (hint,) = inspect(foreign("unrolled_lstm"))["hints"]
    assert "An LSTM of 8 units is written out, 6 steps" in hint
    slow = inspect(foreign("loop_lstm"), "litert")["targets"]["litert"]
    assert slow["verdict"] == "slow"
    assert slow["reasons"][0]["what"] == "an LSTM of 8 units runs as a loop, one turn for each step"
    gru = inspect(foreign("loop_gru"), "litert")["targets"]["litert"]["reasons"][0]
    assert "writes a GRU out" in gru["way_out"]


def test_our_own_are_fused() -> None:
    found = {
        kind: recurrent_operators(describe(model_file(kind)).file) for kind in ("reset", "dynamic", "int8")
    }
    assert {kind: (*one[:3], *one[4:6]) for kind, (one,) in found.items()} == {
        kind: ("LSTM", "fused", 8, ("peephole",), numbers)
        for kind, numbers in (("reset", None), ("dynamic", "dynamic"), ("int8", "int8"))
    }
    assert found["int8"][0].state_zero_point == 0
    assert recurrent_operators(describe(model_file("dense")).file) == ()


# -- targets -----------------------------------------------------------------------------------------------

ANY: dict[str, Any] = dict.fromkeys(
    ("fused", "unrolled", "step"), (None, "float16", "dynamic", "int8", "int16x8")
)


def judged(content: bytes | Path, **row: Any) -> tuple[str, str]:
    """Verdict and first reason on a target that lacks something."""
    file = parse(content, "x") if isinstance(content, bytes) else describe(content).file
    target = Target(row.pop("name", "some"), "some runtime", **{"quantize": ANY, **row})
    found = verdict(file, target, recurrent_operators(file), row.get("state", state_of(file.graphs[0])))
    if not found.reasons:
        return found.word, ""
    first = found.reasons[0]
    assert found.word == "ok" or first.way_out
    return found.word, f"{first.what}: {first.way_out}"


@pytest.mark.parametrize("kind", ["reset", "carry", "dynamic", "int8", "dense", "dense_int8", "tokens"])
def test_what_a_target_takes_is_ok(kind: str) -> None:
    assert judged(model_file(kind)) == ("ok", "")


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "reset",
        {"lowerings": ("unrolled", "step")},
        "takes no variable tensors.*lowering='unrolled' or lowering='step'",
    ),
    ("reset", {"fused_variants": "plain"}, "its fused operator has no peephole: lowering='unrolled'"),
    (
        "dynamic",
        {"quantize": {"fused": (None, "int8"), "unrolled": (None,)}},
        "may return NaN.*None or 'int8'",
    ),
    ("int8", {"quantize": {"fused": (None,), "unrolled": (None,)}}, "does not take int8 numbers"),
    ("dense_int8", {"quantize": {"unrolled": (None,)}}, "FULLY_CONNECTED does not take quantize='int8'"),
    ("reset", {"free_length": False}, "the length is free.*length="),
    ("int8", {"integer_ends": False}, "no 8- or 16-bit integers in and out: .*input_type='float32'"),
    ("dense", {"operators": {"RELU": Kernel(None)}}, "it has no FULLY_CONNECTED"),
    ("dense", {"versions": {"FULLY_CONNECTED": 0}}, "FULLY_CONNECTED is of version 1, it has 0"),
]


@pytest.mark.parametrize(("kind", "row", "reason"), REFUSED, ids=[str(row[1:2]) for row in REFUSED])
def test_what_a_target_lacks_is_the_reason(kind: str, row: dict[str, Any], reason: str) -> None:
    found, words = judged(model_file(kind), **row)
    assert found == "refused"
    assert re.search(reason, words), words


def test_a_free_batch_is_one_row_everywhere() -> None:
    assert judged(model_file("dense"), free_length=False) == ("ok", "")


@pytest.mark.parametrize("target", ["web-tfjs", "web-litert"])
def test_a_free_length_in_a_browser_is_what_the_page_makes_of_it(target: str) -> None:
    """`inspect` says of a file what the page does, which runs it: `tests/edge/benchmark/test_browser.py`."""
    found = inspect(model_file("reset"), target)["targets"][target]
    (reason,) = found["reasons"]
    assert (found["verdict"], reason["weight"]) == ("ok", "note")
    assert "the page of serve writes a length into the file" in reason["what"]
    assert "length=" in reason["way_out"]
    served = served_model(model_file("reset"))
    assert served.verdicts[target].word == "ok"
    row = TARGETS[target]
    assert (row.free_length, row.page_sets_length) == (False, True)


def test_where_the_page_finds_no_place_for_a_length_it_says_so() -> None:
    with pytest.MonkeyPatch.context() as patch:  # as where a constant shares the shape of the input
        patch.setattr("edge.web.models._free", lambda graph, index, places: [])
        verdicts = served_model(model_file("reset")).verdicts
    assert {found.word for found in verdicts.values()} == {"refused"}
    assert "the length is free" in verdicts["web-tfjs"].reasons[0].what


def test_a_state_that_nothing_resets_is_a_note() -> None:
    found, words = judged(model_file("carry"), can_reset=False)
    assert found == "ok"
    assert "nothing there resets it" in words
    assert judged(model_file("reset"), can_reset=False) == ("ok", "")


def test_a_hidden_state_with_a_zero_point_is_wrong_where_it_must_be_zero() -> None:
    def shift(model: Any) -> None:
        graph = model.subgraphs[0]
        (lstm,) = [op for op in graph.operators if len(op.inputs) >= 20]
        graph.tensors[lstm.inputs[18]].quantization.zeroPoint = np.array([3])

    content = edited("int8", shift)
    found, words = judged(content, symmetric_state=True)
    assert found == "refused"
    assert "zero point 3" in words
    assert judged(content)[0] == "ok"
    assert judged(model_file("int8"), symmetric_state=True)[0] == "ok"


def test_flex_and_custom_operators_and_float16_constants() -> None:
    def rename(name: str) -> bytes:
        def edit(model: Any) -> None:
            code = model.operatorCodes[-1]
            code.builtinCode = code.deprecatedBuiltinCode = 32
            code.customCode = name

        return edited("dense", edit)

    assert judged(rename("FlexRoll"))[0] == "refused"
    assert "without SELECT_TF_OPS" in judged(rename("FlexRoll"))[1]
    assert judged(rename("MyOp"))[1] == "MyOp is a custom operator: register it in the program"

    def halve(model: Any) -> None:
        graph = model.subgraphs[0]
        constants = [t for t in graph.tensors if model.buffers[t.buffer].data is not None and t.type == 0]
        constants[0].type = 1
        data = np.asarray(model.buffers[constants[0].buffer].data, np.uint8)
        model.buffers[constants[0].buffer].data = data[: len(data) // 2]

    row = {"quantize": {"unrolled": (None, "int8"), "fused": (None,)}}
    assert "float16 constants" in judged(edited("dense", halve), **row)[1]
    assert judged(edited("dense", halve))[0] == "ok"


def test_inspect_takes_a_target() -> None:
    assert list(inspect(model_file("reset"))["targets"]) == list(TARGETS)
    assert list(inspect(model_file("reset"), "litert")["targets"]) == ["litert"]
    with pytest.raises(ValueError, match="Unknown target 'liter'. Did you mean 'litert'"):
        inspect(model_file("reset"), "liter")


def test_explicit_files_show_their_states_and_print() -> None:
    found = json.loads(json.dumps(inspect(explicit_file("step_int8"))))
    assert found["state"] == "explicit"
    assert [end["name"] for end in found["inputs"]] == ["x"]
    assert [pair["input"]["name"] for pair in found["states"]] == [
        "first_h",
        "first_c",
        "second_h",
        "second_c",
    ]
    assert found["hints"] == []
    text = io.StringIO()
    Console(file=text, width=100).print(inspect_report(found))
    for words in ("first_h", "takes its states and gives them back", "litert", "beside the weights"):
        assert words in text.getvalue()


def test_a_softmax_of_many_classes_in_integers() -> None:
    def words(classes: int, dtype: str) -> list[str]:
        end = Tensor("t", (1, classes), dtype, 0, 0, (), (), False)
        graph = Graph("main", (end, end), (Operator("SOFTMAX", 1, False, (0,), (1,)),), (0,), (1,))
        return hints(ModelFile("x.tflite", 0, "", (graph,), {}, 0), (), "none", True)

    assert "steps of 1/256" in words(51, "int8")[0]
    assert words(50, "int8") == words(51, "float32") == words(200, "int16") == []
