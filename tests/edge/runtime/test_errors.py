"""Whatever a runtime raises, wherever: one sentence with the file, what it did, and what to do."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from edge.errors import as_count
from edge.runtime.engine import LocalEngine, plain_words
from edge.runtime.interpreter import find_runtime
from edge.tflite import describe
from tests.helpers.device_files import FEATURES, edited, model_file, sequences
from tests.helpers.places import ROOT

X = sequences(2)


def engine(kind: str) -> LocalEngine:
    return LocalEngine(describe(model_file(kind)), None, find_runtime("ai-edge-litert"))


FAULTS: dict[str, tuple[Callable[[Any], Any], str]] = {  # each makes the runtime itself raise something
    "no memory yet": (lambda it: it.invoke(), "stopped while running it"),
    "no results yet": (lambda it: it.read([0]), "does not give its results"),
    "no such tensor": (lambda it: it.read([10**6]), "does not give its results"),
    "no number of a tensor": (lambda it: it.read([2**40]), "does not give its results"),
    "values of another type": (
        lambda it: it.write([0], [X.astype("f8")]),
        "does not take the values for tensor 0",
    ),
    "values of another shape": (
        lambda it: (it.allocate(((1, 3, FEATURES),)), it.write([0], [X])),
        "does not take the values for tensor 0",
    ),
    "a shape that is none": (
        lambda it: it.allocate(((1, -5, FEATURES),)),
        r"cannot run it on inputs of shape",
    ),
    "a shape of text": (lambda it: it.allocate((("a", 1, 1),)), r"cannot run it on inputs of shape"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_of_a_runtime_is_translated(fault: str) -> None:
    call, what = FAULTS[fault]
    with pytest.raises(
        edge.ModelFileError, match=rf"^reset.tflite: ai-edge-litert [\d.]+ {what}.*: .+\. "
    ) as caught:
        call(engine("reset"))
    words = str(caught.value)
    assert "\n" not in words
    assert ".cc:" not in words
    assert "python -m edge inspect" in words


def test_a_reset_of_a_file_without_memory_is_translated() -> None:
    with pytest.raises(edge.ModelFileError, match=r"carry.tflite: .* cannot reset its state: "):
        engine("carry").reset()


def test_words_of_a_runtime() -> None:
    said = "tflite/kernels/gather.cc:97 gather index out of boundsNode number 25 (GATHER) failed to invoke."
    assert plain_words(RuntimeError(said)) == "gather index out of bounds, at operator 25, GATHER"
    twice = "/tensorflow/lite/core/subgraph.cc:1059 tensor.data.raw != nullptr was not true." * 3
    assert plain_words(RuntimeError(twice)) == "tensor.data.raw != nullptr was not true"
    assert plain_words(MemoryError()) == "no memory"
    assert plain_words(RuntimeError("")) == "RuntimeError"
    assert plain_words(RuntimeError("one\n\n  two.")) == "one two"


def test_an_output_without_a_step_is_a_sentence(tmp_path: Path) -> None:
    def empty(model: Any) -> None:  # the output is a tensor of no elements
        graph = model.subgraphs[0]
        model.buffers.append(type(model.buffers[0])())
        nothing = copy.copy(graph.tensors[graph.outputs[0]])
        nothing.shape, nothing.shapeSignature, nothing.buffer, nothing.name = [0], None, 0, b"nothing"
        graph.tensors.append(nothing)
        graph.outputs = [len(graph.tensors) - 1]

    path = tmp_path / "empty.tflite"
    path.write_bytes(edited("carry", empty))
    stream = edge.load(path).stream()
    with pytest.raises(
        edge.ModelFileError, match=r"^empty.tflite gave outputs of shape \[0\], in which there is no"
    ):
        stream.step(X[0][0])


# -- counts ------------------------------------------------------------------------------------------------


def test_a_count_is_a_positive_integer_of_any_type() -> None:
    for good in (2, np.int64(2), np.uint8(2), np.int32(2)):
        assert as_count(good) == 2
    for bad in (0, -1, True, np.True_, 2.0, np.float64(2), "2", None, [2]):
        assert as_count(bad) is None


def test_threads_are_counted_and_bounded() -> None:
    path = model_file("dense")
    wanted = edge.load(path).predict(X[:, 0])
    few: tuple[Any, ...] = (np.int64(2), np.uint8(1), 64)
    many: tuple[Any, ...] = (10**6, np.int64(2**40), 2**70)
    for threads in few:
        np.testing.assert_allclose(edge.load(path, num_threads=threads).predict(X[:, 0]), wanted, atol=1e-6)
    for threads in many:
        with pytest.raises(
            ValueError, match=rf"num_threads is at most \d+ here, received {threads}: .*cores"
        ) as caught:
            edge.load(path, num_threads=threads)
        assert "\n" not in str(caught.value)


def test_counts_elsewhere_take_them_too(tmp_path: Path) -> None:
    from edge.benchmark.subjects import several
    from edge.convert.request import check_count

    check_count("length", np.int64(5), "the number of steps")
    assert several("runs", [np.int64(5), 5, np.int32(7)]) == [5, 7]
    with pytest.raises(ValueError, match="positive integer"):
        check_count("length", np.float64(5), "the number of steps")


def test_one_place_calls_the_runtime() -> None:
    calls = (
        "resize_tensor_input",
        "allocate_tensors",
        "reset_all_variables",
        "set_tensor",
        "get_tensor",
        ".invoke(",
    )
    for path in (ROOT / "edge" / "runtime").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "engine.py":
            assert not [call for call in calls[:-1] if call in text], path
