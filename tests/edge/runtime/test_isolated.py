"""A file that nobody trusts, in a process of its own: the same answers, and its end is a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from edge.runtime.isolation import IsolatedEngine
from edge.runtime.messages import MessageError, receive, send
from tests.helpers.device_files import edited, model_file, sequences
from tests.helpers.explicit_files import NORMALIZATION, explicit_file
from tests.helpers.places import ROOT

X = sequences(3)
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def process_of(model: Any) -> subprocess.Popen[bytes]:
    session = model.session if isinstance(model, edge.EdgeModel) else model._session
    engine = session._engine
    assert isinstance(engine, IsolatedEngine)
    return engine._process


def test_the_answers_are_the_same() -> None:
    for path in (model_file("int8_carry"), explicit_file("noted"), model_file("multi")):
        plain = edge.load(path)
        with edge.load(path, isolated=True) as model:
            assert (model.inputs, model.outputs, model.runtime[:2]) == (
                plain.inputs,
                plain.outputs,
                plain.runtime[:2],
            )
            if len(model.inputs) > 1:
                rng = np.random.default_rng(0)
                x: Any = [
                    rng.normal(size=(2, *(7 if n < 0 else n for n in i.shape[1:]))) for i in model.inputs
                ]
            else:
                x = X
            for found, wanted in zip(model.predict(x), plain.predict(x), strict=True):
                np.testing.assert_array_equal(found, wanted)
            if model.state in ("carry", "explicit"):
                stream, other = model.stream(), plain.stream()
                for step in X[0]:
                    np.testing.assert_equal(stream.step(step), other.step(step))
            running = process_of(model)
        assert running.wait(5) is not None  # closed with the model


@posix
def test_a_crash_is_one_sentence_and_the_next_call_runs() -> None:
    with edge.load(model_file("carry"), isolated=True) as model:
        wanted = model.predict(X)
        stream = model.stream()
        first = stream.step(X[0][0])
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL):
            process_of(model).send_signal(number)
            process_of(model).wait(5)
            with pytest.raises(edge.ModelFileError, match=f"^carry.tflite: .*signal {number.name}") as caught:
                model.predict(X)
            assert "\n" not in str(caught.value)
            np.testing.assert_array_equal(model.predict(X), wanted)  # in a new process
        np.testing.assert_equal(stream.step(X[0][0]).shape, first.shape)  # it has a process of its own
        process_of(stream).kill()
        process_of(stream).wait(5)
        with pytest.raises(edge.ModelFileError, match="ended while running it"):
            stream.step(X[0][1])
        with pytest.raises(ValueError, match="state of this stream was lost.*reset"):
            stream.step(X[0][1])
        stream.reset()
        np.testing.assert_array_equal(stream.step(X[0][0]), first)


@posix
def test_a_hang_is_ended_at_the_deadline() -> None:
    with edge.load(model_file("reset"), isolated=True, timeout=1.5) as model:
        process_of(model).send_signal(signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(
            edge.ModelFileError, match=r"still .* after 1.5 s .* give it more time \(timeout=\)\.$"
        ):
            model.predict(X)
        assert time.monotonic() - start < 10


def test_a_refusal_of_the_runtime_is_the_sentence_it_is_without(tmp_path: Path) -> None:
    def foreign_operator(model: Any) -> None:
        code = model.operatorCodes[-1]
        code.builtinCode = code.deprecatedBuiltinCode = 32
        code.customCode = "FlexRoll"

    path = tmp_path / "flex.tflite"
    path.write_bytes(edited("dense", foreign_operator))
    said = []
    for isolated in (False, True):
        with pytest.raises(edge.ModelFileError) as caught:
            edge.load(path, isolated=isolated)
        said.append(str(caught.value))
    assert said[0] == said[1]
    with pytest.raises(
        ValueError, match="must be one of ai-edge-litert, tflite-runtime or None, received 'tf'"
    ):
        edge.load(model_file("reset"), runtime="tf", isolated=True)


@pytest.mark.parametrize("timeout", [0, -1, True, "5", float("nan")])
def test_a_timeout_is_a_time(timeout: Any) -> None:
    with pytest.raises(ValueError, match="timeout is in seconds"):
        edge.load(model_file("reset"), isolated=True, timeout=timeout)
    with pytest.raises(ValueError, match="isolated=True"):
        edge.load(model_file("reset"), timeout=5.0)


def test_it_needs_no_main_guard_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "edge.py").write_text(
        "raise SystemExit('the wrong edge')"
    )  # as a user may have called a script
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import numpy as np, edge\n"
        "model = edge.load(sys.argv[1], isolated=True)\n"
        "print(model.predict(np.zeros((2, 4, 6))).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(model_file("reset"))], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "(2, 4, 5)", done.stderr


@posix
def test_nothing_is_left_running_when_a_model_is_forgotten() -> None:
    model = edge.load(model_file("reset"), isolated=True)
    process = process_of(model)
    del model
    assert process.wait(5) is not None


class Pipe:
    """Both ends of a pipe as files."""

    def __init__(self) -> None:
        source, target = os.pipe()
        self.source, self.target = os.fdopen(source, "rb"), os.fdopen(target, "wb")

    def close(self) -> None:
        self.source.close()
        self.target.close()


def test_messages_are_arrays_and_no_objects() -> None:
    pipe = Pipe()
    arrays = [
        np.arange(6, dtype=kind).reshape(2, 3)[:, ::-1] for kind in ("i1", "u1", "i2", "f4", "f8", "i8")
    ]
    arrays += [np.array(3.5, "f4"), np.zeros((2, 0), "f2"), np.array([True, False])]
    send(pipe.target, {"call": "x"}, arrays)
    said, found = receive(pipe.source)
    assert said == {"call": "x"}
    for one, other in zip(found, arrays, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(one, other)
    heads = (
        b"{}", b"[]", b"nothing", b'{"arrays": [["O8", [1]]]}', b'{"arrays": [["f4", [-1]]]}',
        b'{"arrays": [["f4", [99999999999999]]]}', b'{"arrays": [["f4", [1.5]]]}', b'{"arrays": 3}',
    )  # fmt: skip
    for head in heads:
        pipe.target.write(len(head).to_bytes(4, "little") + head)
        pipe.target.flush()
        with pytest.raises(MessageError):
            receive(pipe.source)
    pipe.target.write((2**31).to_bytes(4, "little"))
    pipe.target.flush()
    with pytest.raises(MessageError):
        receive(pipe.source)
    pipe.close()


def test_a_normalization_is_applied_there_too() -> None:
    raw = X * NORMALIZATION["std"][0] + NORMALIZATION["mean"][0]
    with edge.load(explicit_file("noted"), isolated=True) as model:
        for found, wanted in zip(model.predict(raw), model.predict(X, normalized=True), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-5)
