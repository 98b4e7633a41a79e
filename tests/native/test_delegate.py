"""The delegate in a graph: states, batches, stacked layers, threads, and what it leaves to the runtime."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import convert
from keras_lstm_plus import LSTMPlus
from tests.helpers import native_models
from tests.helpers.native_models import FEATURES, sequences
from tests.helpers.native_worker import NativeWorker
from tests.helpers.places import ROOT


def small() -> keras.Model:
    """Two layers on each other, with a projection and peepholes."""
    inputs = keras.Input((None, FEATURES), name="x")
    first = LSTMPlus(20, projection_units=6, return_sequences=True, name="first")(inputs)
    return keras.Model(inputs, LSTMPlus(33, variant="peephole", return_sequences=True, name="top")(first))


MODELS = {"small": small, "stacked": native_models.stacked}
model_of = cache(lambda name: MODELS[name]())


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """converted(model, quantize, state, batch): the file."""
    folder = tmp_path_factory.mktemp("native")

    @cache
    def make(name: str, quantize: str | None, state: str, batch: int = 1) -> Path:
        path = folder / f"{name}-{quantize}-{state}-{batch}.tflite"
        data = sequences(12, 9, batch=32)
        return convert(model_of(name), path, quantize, data, state=state, batch=batch).path

    return make


def same(plain: Any, ran: Any) -> None:
    for wanted, found in zip(plain.outputs, ran.outputs, strict=True):
        for a, b in zip(wanted, found, strict=True):
            assert a.shape == b.shape
            assert a.any()
            if a.dtype == np.int8:
                assert a.tobytes() == b.tobytes()
            else:
                assert np.abs(a - b).max() <= 2e-6
    assert all(layer["taken"] for layer in ran.report["layers"]), ran.report


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_a_file_that_carries_on_remembers_the_same(
    quantize: str | None, converted: Any, worker: NativeWorker, library: Path
) -> None:
    path = converted("small", quantize, "carry")
    rounds = [[sequences(steps, seed)] for seed, steps in enumerate((4, 50, 50, 1, 1))]
    plain, ran = worker.run(path, rounds), worker.run(path, rounds, library)
    same(plain, ran)
    fresh = worker.run(path, rounds[-1:], library).outputs[0][0]
    assert np.any(fresh != ran.outputs[-1][0])  # it did remember


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_states_that_are_inputs_and_outputs(
    quantize: str | None, converted: Any, worker: NativeWorker, library: Path
) -> None:
    path = converted("small", quantize, "explicit")
    rng = np.random.default_rng(3)
    states = [rng.uniform(0.1, 0.5, size=(1, size)).astype(np.float32) for size in sizes_of_states(path)]
    rounds = [[sequences(steps, steps), *states] for steps in (9, 1)]
    plain = worker.run(path, rounds)
    assert len(plain.outputs[0]) == 5
    same(plain, worker.run(path, rounds, library))


def sizes_of_states(path: Path) -> list[int]:
    from ai_edge_litert.interpreter import Interpreter

    details = Interpreter(model_path=str(path)).get_input_details()
    assert str(details[0]["name"]).endswith("x") or details[0]["shape"][-1] == FEATURES
    return [int(detail["shape"][-1]) for detail in details[1:]]


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_both_directions_below_another_layer(
    quantize: str | None, converted: Any, worker: NativeWorker, library: Path
) -> None:
    path = converted("stacked", quantize, "reset")
    rounds = [[sequences(steps, seed)] for seed, steps in enumerate((5, 5, 60, 1))]
    plain, ran = worker.run(path, rounds), worker.run(path, rounds, library)
    same(plain, ran)
    assert len(ran.report["layers"]) == 3


def test_a_batch_and_another_batch_than_the_file_was_made_for(
    converted: Any, worker: NativeWorker, library: Path
) -> None:
    path = converted("small", None, "reset", 4)
    rounds = [[sequences(9, seed, batch=4)] for seed in range(2)]
    same(worker.run(path, rounds), worker.run(path, rounds, library))
    for given in (None, library):  # the runtime says no to it, and so does the library
        with pytest.raises(RuntimeError, match=r"(?i)batch|!= "):
            worker.run(path, [[sequences(9, batch=5)]], given)
    assert worker.run(path, rounds, library).outputs  # and the process lives


@pytest.mark.parametrize("quantize", [None, "dynamic", "int8"])
def test_interpreters_in_threads(
    quantize: str | None, converted: Any, worker: NativeWorker, library: Path
) -> None:
    rounds = [[sequences(steps, seed)] for seed, steps in enumerate((40, 1, 7, 300) * 3)]
    ran = worker.run(converted("stacked", quantize, "reset"), rounds, library, threads=3)
    assert len(ran.outputs) == 12


def test_a_file_with_time_first(converted: Any, worker: NativeWorker, library: Path, tmp_path: Path) -> None:
    """No conversion writes it; other people's files have it."""
    path = tmp_path / "time_first.tflite"
    path.write_bytes(with_time_first(converted("small", None, "reset", 4).read_bytes()))
    rounds = [[sequences(4, seed, batch=steps)] for seed, steps in enumerate((4, 9, 1))]
    plain = worker.run(path, rounds)
    same(plain, worker.run(path, rounds, library))
    usual = worker.run(converted("small", None, "reset", 4), [[sequences(4, 0, batch=4)]]).outputs
    assert np.abs(usual[0][0] - plain.outputs[0][0]).max() > 1e-3  # it is another way round


def with_time_first(content: bytes) -> bytes:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    changed = 0
    for operator in model.subgraphs[0].operators:
        if hasattr(operator.builtinOptions, "timeMajor"):
            operator.builtinOptions.timeMajor = True
            changed += 1
    assert changed == 2
    for tensor in model.subgraphs[0].tensors:  # the length may change, which now comes first
        if tensor.shapeSignature is not None and len(tensor.shapeSignature) == 3:
            tensor.shapeSignature = [-1, tensor.shape[0], tensor.shape[2]]
            tensor.shape = [1, tensor.shape[0], tensor.shape[2]]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_million_steps_do_not_drift(converted: Any, worker: NativeWorker, library: Path) -> None:
    path = converted("small", None, "carry")
    rounds = [[sequences(20_000, seed % 3)] for seed in range(50)]
    plain, ran = worker.run(path, rounds[:2]), worker.run(path, rounds, library)
    same(plain, ran._replace(outputs=ran.outputs[:2]))
    # The same input again and again: what came out of it before comes out of it at the end.
    assert np.abs(ran.outputs[-1][0] - ran.outputs[4][0])[:, 100:].max() <= 2e-6
    assert np.abs(ran.outputs[-1][0]).max() <= 1


CODE = """
import ctypes, sys, resource
library = ctypes.CDLL(sys.argv[1])
create, destroy = library.tflite_plugin_create_delegate, library.tflite_plugin_destroy_delegate
create.restype = ctypes.c_void_p
destroy.argtypes = [ctypes.c_void_p]
said = []
hear = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda text: said.append(text.decode()))
print(create(None, None, 0, hear), "".join(said))
print(create(None, None, 0, None))
"""


def test_an_instruction_set_that_is_not_there_is_refused_in_a_sentence(library: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(library)],
        env={"EDGE_NATIVE_ISA": "sparc"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("None EDGE_NATIVE_ISA is sparc, which this machine does not have. Use one of ")
    assert second == "None"


def test_what_it_says_of_itself(library: Path, isas: list[str]) -> None:
    functions = ctypes.CDLL(str(library))
    for name in ("edge_native_version", "edge_native_isa", "edge_native_isa_error"):
        getattr(functions, name).restype = ctypes.c_char_p
    assert functions.edge_native_version().decode()
    assert functions.edge_native_isa().decode() == isas[0]
    assert functions.edge_native_isa_error() == b""
    assert isas[-1] == "portable"
    functions.edge_native_report.restype = ctypes.c_void_p
    functions.edge_native_report.argtypes = [ctypes.c_void_p]
    foreign = ctypes.create_string_buffer(256)
    assert functions.edge_native_report(foreign) is None
    assert functions.edge_native_report(None) is None


LEAK = """
import json, resource, sys
from tests.helpers.native_worker import reported
from tests.helpers.runtimes import run_rounds
import ai_edge_litert.interpreter as module
import numpy as np
path, library = sys.argv[1:]
resolver = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
content = open(path, "rb").read()
def once():
    delegate = module.load_delegate(library)
    interpreter = module.Interpreter(model_content=content, experimental_delegates=[delegate],
                                     experimental_op_resolver_type=resolver)
    run_rounds(interpreter, [[np.ones((1, 3, 5), np.float32)]])
    reported(library, delegate)
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
for n in range(100): once()
before = resident()
for n in range(int(900)): once()
print(json.dumps((resident() - before) / 2**20))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory is read from /proc")
def test_a_thousand_loads_leave_nothing_behind(converted: Any, library: Path) -> None:
    path = converted("stacked", None, "reset")
    done = subprocess.run(
        [sys.executable, "-c", LEAK, str(path), str(library)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) < 2  # MiB; the weights are 0.1 of it each time
