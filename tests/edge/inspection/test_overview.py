"""What `inspect` finds in files, ours and others'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge.inspection import inspect
from tests.helpers.device_files import edited, model_file


def test_inspect_ours() -> None:
    found = json.loads(json.dumps(inspect(model_file("reset"))))
    counts = {each["name"]: each["count"] for each in found["operators"]}
    assert counts["UNIDIRECTIONAL_SEQUENCE_LSTM"] == 1
    assert found["state"] == "reset"
    assert len(found["variables"]) == 2
    assert all(variable["set_by"] for variable in found["variables"])
    assert found["hints"] == []
    assert found["metadata"]["layers"][0]["variant"] == "peephole"
    assert found["inputs"][0]["shape"] == [1, -1, 6]
    # 8 cells: input, recurrent, bias and peephole weights, and the dense layer on top.
    floats = 4 * 8 * 6 + 4 * 8 * 8 + 4 * 8 + 3 * 8 + 8 * 5 + 5
    assert found["weights"]["float32"] >= 4 * floats
    assert found["weights"]["float32"] < 4 * floats * 1.1
    assert found["weights_bytes"] == sum(found["weights"].values())


def test_inspect_says_what_to_know() -> None:
    hints = {
        kind: " ".join(inspect(model_file(kind))["hints"]) for kind in ("carry", "stock", "stateful", "dense")
    }
    assert "reset_all_variables()" in hints["carry"]
    assert "WHILE is a loop" in hints["stock"]
    assert "edge.convert.convert" in hints["stock"]
    assert "resource variables" in hints["stateful"]
    assert hints["dense"] == ""


def test_inspect_names_custom_and_flex_operators(tmp_path: Path) -> None:
    def foreign_operators(model: Any) -> None:
        for code, name in zip(model.operatorCodes, ("FlexRoll", "MyOp"), strict=False):
            code.builtinCode = code.deprecatedBuiltinCode = 32
            code.customCode = name

    path = tmp_path / "foreign.tflite"
    path.write_bytes(edited("multi", foreign_operators))
    found = inspect(path)
    assert [each["name"] for each in found["operators"] if each["custom"]] == ["FlexRoll", "MyOp"]
    assert any(hint.startswith("FlexRoll:") for hint in found["hints"])
    assert any(hint.startswith("MyOp: custom") for hint in found["hints"])
