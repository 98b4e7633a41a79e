"""Files on TensorFlow Lite Micro, by the PyPI package, and the C++ example on a stand-in for it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import edge
from edge.benchmark import micro_process
from edge.benchmark.micro import benchmark_on_micro
from edge.benchmark.micro_process import MicroInterpreter, smallest_arena
from edge.convert import convert
from edge.devices.microcontroller.c_array import write_c_array
from edge.errors import ModelFileError
from edge.results.benchmark import read, validate
from keras_lstm_plus import LSTMPlus
from tests.helpers import tflm_stub
from tests.helpers.command_line import invoke
from tests.helpers.device_files import model_file
from tests.helpers.layers import randomise
from tests.helpers.places import ROOT

MICRO = ROOT / "edge/devices/microcontroller"
FEATURES, STEPS, UNITS = 3, 5, 4
DATA = np.random.default_rng(0).normal(size=(32, STEPS, FEATURES)).astype(np.float32)
SIZES = {None: "float", "int8": "int8", "int16x8": "int16"}
needs_micro = pytest.mark.skipif(
    "not __import__('importlib.util').util.find_spec('tflite_micro')", reason="there is no tflite-micro here"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each kind, from one model and, for the peephole, another."""
    folder = tmp_path_factory.mktemp("micro")
    made = {}
    for variant in ("standard", "peephole"):
        keras.utils.set_random_seed(0)
        lstm = LSTMPlus(UNITS, variant, return_sequences=True)
        x = keras.Input((None, FEATURES))
        model = keras.Model(x, keras.layers.Dense(2)(lstm(x)))
        randomise(lstm, FEATURES, scale=0.5)
        rows: dict[str, dict[str, Any]] = {
            "float": {"length": STEPS},
            "int8": {"length": STEPS, "quantize": "int8"},
            "int16": {"length": STEPS, "quantize": "int16x8"},
            "carry": {"length": 1, "state": "carry"},
            "step": {"lowering": "step"},
            "step_int8": {"lowering": "step", "quantize": "int8"},
            "step_int16": {"lowering": "step", "quantize": "int16x8"},
        }
        if variant == "peephole":
            rows = {"peephole": {"length": STEPS}, "peephole_step": {"lowering": "step"}}
        for name, options in rows.items():
            made[name] = folder / f"{name}.tflite"
            data = DATA if options.get("quantize") else None
            convert(model, made[name], target="microcontroller", representative_data=data, **options)
        if variant == "standard":
            made["dynamic"] = folder / "dynamic.tflite"
            convert(model, made["dynamic"], quantize="dynamic", length=STEPS)
        else:
            made["peephole_fused"] = folder / "peephole_fused.tflite"
            convert(model, made["peephole_fused"], length=STEPS)
    return made


@needs_micro
def test_what_convert_makes_for_it_runs_there(files: dict[str, Path]) -> None:
    names = ["float", "int8", "int16", "step", "step_int8", "step_int16", "peephole", "peephole_step"]
    seen: list[tuple[int, int, str]] = []
    result = benchmark_on_micro(
        [files[name] for name in names], length=STEPS, runs=5, progress=lambda *each: seen.append(each)
    )
    validate(result)
    assert result["platform"] == "microcontroller"
    assert any("not of a microcontroller" in words for words in result["warnings"])
    assert seen[1] == (1, 8, "running int8.tflite")
    for name, entry in zip(names, result["files"], strict=True):
        relative = entry["error_interpreter"]["relative"]
        assert relative < (0.03 if "int8" in name else 1e-3 if "int16" in name else 1e-5), name
        assert entry["length"] == (1 if "step" in name else STEPS), name
        assert entry["inference_ms"]["count"] == 5
        assert 500 < entry["arena_bytes"] < 40_000, name
    errors = {name: entry["error"] for name, entry in zip(names, result["files"], strict=True)}
    assert errors["step"]["relative"] < 1e-5  # against the whole sequence on the Interpreter
    assert all(1e-4 < errors[name]["relative"] < 0.5 for name in names if "int" in name)
    assert errors["peephole"]["relative"] > 0.01  # another model


@needs_micro
def test_a_second_inference_has_its_inputs_again(tmp_path: Path) -> None:
    """They lie in the arena, where others take their place: as ids of words, those lead out of the table."""
    ids = np.random.default_rng(1).integers(0, 50, (32, STEPS)).astype(np.int32)
    x = keras.Input((STEPS,), dtype="int32")
    y = keras.layers.LSTM(16, return_sequences=True)(keras.layers.Embedding(50, 16)(x))
    model = keras.Model(x, keras.layers.Dense(50)(y))
    path = convert(model, tmp_path / "m.tflite", "int8", ids, target="microcontroller").path
    (entry,) = benchmark_on_micro([path], runs=5)["files"]
    assert entry["error_interpreter"]["relative"] < 0.03
    assert entry["inference_ms"]["count"] == 5


@needs_micro
def test_the_arena_is_the_smallest(files: dict[str, Path]) -> None:
    (entry,) = benchmark_on_micro([files["step_int8"]], runs=1)["files"]
    code = (
        "import sys; from edge.benchmark.micro_process import MicroInterpreter as M\n"
        "M(open(sys.argv[1], 'rb').read(), arena=int(sys.argv[2])).invoke(); print('runs')"
    )
    for size, runs in ((entry["arena_bytes"], True), (entry["arena_bytes"] - 16, False)):
        command = [sys.executable, "-c", code, str(files["step_int8"]), str(size)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.stdout == "runs\n") == runs, (size, done.stderr)


@pytest.mark.parametrize("least", [1, 16, 17, 3000, 3001, 100_000])
def test_smallest_arena(least: int) -> None:
    found = smallest_arena(lambda size: size >= least, 3000)
    assert least <= found < least + 16
    with pytest.raises(RuntimeError, match="no arena is large enough"):
        smallest_arena(lambda size: False, 3000)


@needs_micro
def test_state_and_reset(files: dict[str, Path]) -> None:
    content = files["carry"].read_bytes()
    model = edge.load(files["carry"])
    model.runtime = micro_process.Runtime("tflite-micro", "", MicroInterpreter)
    stream = model.stream()
    wanted = edge.load(files["float"]).predict(DATA[:1])[0]
    for _ in range(2):
        np.testing.assert_allclose([stream.step(x) for x in DATA[0]], wanted, atol=1e-6)
        stream.reset()
    with pytest.raises(ValueError, match="shapes are fixed there, and input 0 has"):
        MicroInterpreter(content).resize_tensor_input(0, (1, 7, FEATURES))


@needs_micro
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "dynamic",
            "gives NaN on TensorFlow Lite Micro, without an error: 8-bit weights",
        ),
        (
            "peephole_fused",
            "tflite-micro .* does not take it: .*UNIDIRECTIONAL_SEQUENCE_LSTM .*failed to prepare",
        ),
    ],
)
def test_what_it_refuses(files: dict[str, Path], kind: str, words: str) -> None:
    with pytest.raises(ModelFileError, match=words) as caught:
        benchmark_on_micro([files[kind]])
    message = str(caught.value)
    assert message.startswith(f"{kind}.tflite")
    assert "python -m edge convert --target microcontroller" in message
    assert "\n" not in message


@needs_micro
def test_what_is_refused_before(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="leaves an axis open, and a microcontroller needs fixed ones"):
        benchmark_on_micro([model_file("reset")])
    with pytest.raises(ModelFileError, match="There is no file"):
        benchmark_on_micro([tmp_path / "none.tflite"])
    with pytest.raises(ValueError, match="takes sequences of 5 steps and cannot run on 9"):
        benchmark_on_micro([files["float"]], length=9)
    with pytest.raises(ModelFileError, match="still busy on TensorFlow Lite Micro after 0.05 s"):
        benchmark_on_micro([files["float"]], limit=0.05)
    for wrong in ({"runs": 0}, {"limit": -1.0}):
        with pytest.raises(ValueError, match="must be a positive"):
            benchmark_on_micro([files["float"]], **wrong)


@needs_micro
def test_a_file_that_ends_the_process(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif sys.argv[0] == '-c': os.write(2, b'Aborting.\\n'); os.abort()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(
        ModelFileError, match="float.tflite ended the process .*SIGABRT.*last words: Aborting"
    ):
        benchmark_on_micro([files["float"]])


@needs_micro
def test_the_command(files: dict[str, Path], tmp_path: Path) -> None:
    command = ["benchmark", str(files["int8"]), "--tflm", "--runs", "3"]
    done = invoke([*command, "--json", str(tmp_path / "m.json")])
    assert done.exit_code == 0, done.stderr
    (entry,) = read(tmp_path / "m.json").files
    assert entry.runtime.name == "tflite-micro"
    assert "arena" in done.stdout
    done = invoke([*command, "--threads", "2"])
    assert (done.exit_code, done.stderr) == (1, "Error: --threads is not for --tflm.\n")
    done = invoke(["benchmark", str(files["dynamic"]), "--tflm"])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: dynamic.tflite gives NaN")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.benchmark.micro.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install --pre tflite-micro"):
        benchmark_on_micro([model_file("reset")])


@pytest.mark.parametrize("kind", ["carry", "step", "step_int8", "step_int16"])
def test_the_example_in_c(files: dict[str, Path], kind: str, tmp_path: Path) -> None:
    if shutil.which("c++") is None:
        pytest.skip("there is no C++ compiler here")
    write_c_array(files[kind], tmp_path, "model")
    header = (tmp_path / "model.h").read_text()
    calls = re.findall(r"^ \*   (Add\w+\(\));$", header, re.MULTILINE)
    build(tmp_path, kind, calls)
    lines = np.array([[1, 2, -1.5], [0.5, -3, 1], [2, 2, 2]], np.float32)
    given = "\n".join(" ".join(map(str, line)) for line in lines)
    done = subprocess.run(
        [str(tmp_path / "program")], input=f"{given}\n\n{given}\n", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = np.array([line.split() for line in done.stdout.splitlines()], np.float64)
    count = 2 * UNITS if kind.startswith("step") else 1
    wanted, state = [], 0.0
    for mean in lines.mean(axis=1):
        state = state / 2 + mean
        wanted.append([count * state, count * state + 1])
    tolerance = 0.0 if "int" not in kind else 0.4  # half a step of 1/4, and of 1/16 for each of the states
    np.testing.assert_allclose(found, wanted * 2, atol=1e-4 + tolerance)
    np.testing.assert_array_equal(found[:3], found[3:])  # reset


def build(folder: Path, kind: str, calls: list[str]) -> None:
    """The example for a file, with all warnings as errors."""
    include = folder / "include"
    methods = "\n".join(f"  TfLiteStatus {call} {{ return Count(); }}" for call in calls)
    stand_in = {
        "c/common.h": tflm_stub.COMMON,
        "schema/schema_generated.h": tflm_stub.SCHEMA,
        "micro/micro_mutable_op_resolver.h": tflm_stub.RESOLVER.replace("OPERATORS", methods),
        "micro/micro_interpreter.h": tflm_stub.INTERPRETER,
    }
    for name, text in stand_in.items():
        path = include / "tensorflow/lite" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    text = (MICRO / "main.cc").read_text()
    begin, end = text.index("  // -- operators --\n"), text.index("  // -- end of operators --")
    text = text[:begin] + "".join(f"  ADD({call});\n" for call in calls) + text[end:]
    (folder / "main.cc").write_text(text)
    number, kind_of, real = {
        "int8": ("int8_t", "kTfLiteInt8", "false"),
        "int16": ("int16_t", "kTfLiteInt16", "false"),
    }.get(kind.removeprefix("step_"), ("float", "kTfLiteFloat32", "true"))
    sizes = ", ".join(f"MODEL_STATE_{n}_INPUT_SIZE" for n in range(2)) if kind.startswith("step") else "0"
    defines = {"NUMBER": number, "TYPE": kind_of, "IS_REAL": real, "STATE_SIZES": sizes}
    command = [
        "c++",
        "-std=c++17",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O0",
        f"-I{folder}",
        f"-I{include}",
        f"-I{MICRO}",
    ]
    command += [f"-D{name}={value}" for name, value in defines.items()]
    sources = [folder / "main.cc", folder / "model.cc", MICRO / "board_stdio.cc"]
    done = subprocess.run(
        [*command, *map(str, sources), "-o", str(folder / "program")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
