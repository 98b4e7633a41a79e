"""The C array: compiled by the system's compilers, it is the file again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge
from edge.convert.graph import flatbuffer
from edge.devices.microcontroller.c_array import identifier, resolver_call, write_c_array
from tests.helpers.device_files import model_file
from tests.helpers.explicit_files import LABELS, explicit_file

COMPILERS = {"c": "cc", "c++": "c++"}
STANDARDS = {"c": "c11", "c++": "c++11"}


def compiled(language: str, folder: Path, name: str, main: str, *sources: str) -> bytes:
    """What a program prints that includes the header, compiled with all warnings as errors."""
    if shutil.which(COMPILERS[language]) is None:
        pytest.skip(f"there is no {COMPILERS[language]} here")
    program = folder / "main.c"
    program.write_text(
        f'#include "{name}.h"\n#include <stdint.h>\n#include <stdio.h>\nint main(void) {{\n{main}\n}}\n'
    )
    flags = [f"-std={STANDARDS[language]}", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O0"]
    out = folder / "program"
    files = ["-x", language, str(program), *(str(folder / each) for each in sources or (f"{name}.cc",))]
    command = [COMPILERS[language], *flags, "-o", str(out), *files]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return subprocess.run([str(out)], capture_output=True, check=True).stdout


@pytest.mark.parametrize("language", ["c", "c++"])
def test_the_array_is_the_file(language: str, tmp_path: Path) -> None:
    source, header = write_c_array(explicit_file("step_int8"), tmp_path)
    assert [source.name, header.name] == ["step_int8.cc", "step_int8.h"]
    main = """    if ((uintptr_t)step_int8_data % 16) return 1;
    fwrite(step_int8_data, 1, step_int8_data_length, stdout);
    return 0;"""
    assert compiled(language, tmp_path, "step_int8", main) == explicit_file("step_int8").read_bytes()


def test_the_array_asks_for_its_alignment(tmp_path: Path) -> None:
    """GCC aligns a large array by itself, so the text is looked at; a microcontroller's compiler need not."""
    write_c_array(explicit_file("step_int8"), tmp_path)
    assert "\nalignas(16) const unsigned char step_int8_data[]" in (tmp_path / "step_int8.cc").read_text()


def test_the_macros_are_what_the_runtime_says(tmp_path: Path) -> None:
    write_c_array(explicit_file("step_int8"), tmp_path, "m")
    model = edge.load(explicit_file("step_int8"))
    names = ["M_INPUTS", "M_OUTPUTS", "M_STATES", "M_TIME_STEPS", "M_OPERATORS"]
    ends: list[tuple[str, edge.TensorInfo]] = [("INPUT_0", model.inputs[0]), ("OUTPUT_1", model.outputs[1])]
    for n, state in enumerate(model.states):
        ends += [(f"STATE_{n}_INPUT", state.input), (f"STATE_{n}_OUTPUT", state.output)]
        names += [f"M_STATE_{n}_INPUT", f"M_STATE_{n}_OUTPUT"]
    for label, _ in ends:
        names += [f"M_{label}_SIZE", f"M_{label}_ZERO_POINT"]
    lines = [f'    printf("%d\\n", (int){name});' for name in names]
    lines += [f'    printf("%.9g\\n", (double)M_{label}_SCALE);' for label, _ in ends]
    found = compiled("c++", tmp_path, "m", "\n".join(lines)).decode().split()
    operators = {op.name for op in model.file.graphs[0].operators}
    wanted: list[Any] = [1, 2, 4, 1, len(operators), 1, 2, 2, 3, 3, 4, 4, 5]
    for _, info in ends:
        wanted += [int(np.prod(info.shape)), info.zero_point]
    wanted += [f"{info.scale:.9g}" for _, info in ends]
    assert found == [str(each) for each in wanted]


def test_labels_and_normalization(tmp_path: Path) -> None:
    nasty = ['a "quote", back\\slash', "*/ end /*", "Knie\u2192Beuge ö", "??/new\nline", ""]

    def rename(model: Any) -> None:
        buffer = model.buffers[model.metadata[-1].buffer]
        note = json.loads(bytes(buffer.data))
        note["labels"] = nasty
        buffer.data = np.frombuffer(json.dumps(note).encode(), np.uint8)

    model = flatbuffer.load(explicit_file("noted").read_bytes())
    rename(model)
    path = tmp_path / "1 weird*/name.tflite".replace("/", "_")
    path.write_bytes(flatbuffer.pack(model))
    write_c_array(path, tmp_path)
    name = "model_1_weird_name"
    main = f"""    for (int i = 0; i < {name.upper()}_LABELS; i++) {{
        fputs({name}_labels[i], stdout);
        fputc(0, stdout);
    }}
    for (int i = 0; i < {name.upper()}_FEATURES; i++) printf("%g %g ", {name}_mean[i], {name}_std[i]);
    return 0;"""
    for language in COMPILERS:
        *found, numbers = compiled(language, tmp_path, name, main).decode("utf-8", "replace").split("\0")
        assert found == nasty
        assert numbers == "0.5 2 " * 6
    write_c_array(explicit_file("noted"), tmp_path)
    assert all(f'"{label}",' in (tmp_path / "noted.cc").read_text() for label in LABELS)


def test_a_free_time_axis_has_no_size(tmp_path: Path) -> None:
    write_c_array(model_file("reset"), tmp_path)
    header = (tmp_path / "reset.h").read_text()
    assert "RESET_INPUT_0_SIZE" not in header
    assert "a microcontroller needs a fixed one: convert with length=" in header
    assert "AddUnidirectionalSequenceLSTM();" in header
    assert (
        compiled("c", tmp_path, "reset", '    printf("%u", reset_data_length); return 0;')
        == str(model_file("reset").stat().st_size).encode()
    )


def test_operators_are_named_as_in_tflite_micro() -> None:
    names = {
        "FULLY_CONNECTED": "AddFullyConnected()",
        "CONV_2D": "AddConv2D()",
        "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D()",
        "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM()",
        "BATCH_MATMUL": "AddBatchMatMul()",
        "GATHER_ND": "AddGatherNd()",
        "RELU6": "AddRelu6()",
        "PADV2": "AddPadV2()",
        "CUMSUM": "AddCumSum()",
        "SPLIT_V": "AddSplitV()",
        "L2_NORMALIZATION": "AddL2Normalization()",
    }
    assert {name: resolver_call(name) for name in names} == names


def test_the_same_file_gives_the_same_text(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        write_c_array(explicit_file("step_int8"), folder)
    for name in ("step_int8.cc", "step_int8.h"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


@given(st.text(max_size=20))
def test_any_name_becomes_an_identifier(text: str) -> None:
    name = identifier(text)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name)
    assert identifier(name) == name


def test_what_is_refused(tmp_path: Path) -> None:
    path = explicit_file("step")
    with pytest.raises(
        ValueError, match="name must be an identifier of C, as 'my_model' is, received 'my-model'"
    ):
        write_c_array(path, tmp_path, "my-model")
    with pytest.raises(OSError, match="There is no folder"):
        write_c_array(path, tmp_path / "none")
    with pytest.raises(edge.ModelFileError, match="no file"):
        write_c_array(tmp_path / "none.tflite", tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "step.h").mkdir()
    with pytest.raises(OSError, match="step.h is a folder"):
        write_c_array(path, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["step.h"]


@pytest.mark.parametrize("moment", ["write", "replace"])
def test_a_fault_leaves_what_was_there(moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("step.cc", "step.h"):
        (tmp_path / name).write_text("before")
    function = "fsync" if moment == "write" else "replace"
    whole, calls = getattr(os, function), []

    def second_fails(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        whole(*arguments)

    monkeypatch.setattr(os, function, second_fails)
    with pytest.raises(OSError, match="No space left"):
        write_c_array(explicit_file("step"), tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["step.cc", "step.h"]
    assert {each.read_text() for each in tmp_path.iterdir()} == {"before"}
