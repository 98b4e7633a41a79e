"""Which versions of an operator the older runtime has: the table against that runtime."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

from edge.convert.graph import flatbuffer
from edge.inspection.operators import operator_reasons
from edge.targets import TARGETS
from edge.tflite import parse
from edge.tflite.opcodes import CUSTOM, OPERATORS
from tests.helpers.operator_cases import case_of
from tests.helpers.single_operators import one_operator

NEWEST = 20  # no operator has so many versions
MISSING = ("Didn't find op", "builtin_code out of range")

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tflite_runtime") is None, reason="tflite-runtime is not installed"
)


def versions(runtime: str) -> dict[str, set[int]]:
    """The versions of each operator that a runtime has. It looks for them before anything else of a graph."""
    interpreter = importlib.import_module(f"{runtime}.interpreter").Interpreter
    case = case_of("ADD", "float32", 2)
    assert case is not None
    content = one_operator("ADD", case)
    found: dict[str, set[int]] = {}
    for number, name in enumerate(OPERATORS):
        if number == CUSTOM:
            continue
        found[name] = set()
        for version in range(1, NEWEST):
            model = flatbuffer.load(content)
            code, operator = model.operatorCodes[0], model.subgraphs[0].operators[0]
            code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), version
            operator.builtinOptions, operator.builtinOptionsType = None, 0
            try:
                interpreter(model_content=flatbuffer.pack(model))
            except Exception as error:
                if any(words in str(error) for words in MISSING):
                    continue
            found[name].add(version)
    return found


def test_the_table_of_versions_is_that_of_the_runtime() -> None:
    old, new = versions("tflite_runtime"), versions("ai_edge_litert")
    assert {name for name, known in new.items() if known} >= {"ADD", "STABLEHLO_COMPOSITE", "LSTM"}
    older = {
        name: max(old[name], default=0)
        for name, known in new.items()
        if max(old[name], default=0) < max(known, default=0)
    }
    for target in ("tflite-runtime", "raspberry-pi-armv7", "web-tfjs"):
        assert TARGETS[target].versions == older


def test_a_newer_version_is_a_reason() -> None:
    case = case_of("CAST", "float32", 2)
    assert case is not None
    model = flatbuffer.load(one_operator("CAST", case))
    for version, words in ((5, []), (6, ["CAST is of version 6, it has 5"])):
        model.operatorCodes[0].version = version
        file = parse(flatbuffer.pack(model), "x.tflite")
        assert [each.what for each in operator_reasons(file, TARGETS["tflite-runtime"])] == words
        assert not list(operator_reasons(file, TARGETS["litert"]))
    model.operatorCodes[0].builtinCode = OPERATORS.index("DILATE")
    file = parse(flatbuffer.pack(model), "x.tflite")
    assert [each.what for each in operator_reasons(file, TARGETS["tflite-runtime"])] == ["it has no DILATE"]
