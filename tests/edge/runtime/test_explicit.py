"""Files that take and give their states: whole sequences, single steps, streams, batches of any size."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from edge.runtime.states import fed_back
from tests.helpers.device_files import CLASSES, FEATURES, STEPS, model_file, sequences
from tests.helpers.explicit_files import LABELS, changed, expected, explicit_file, oracle

X = sequences(4, seed=7)
NAMES = ["first_h", "first_c", "second_h", "second_c"]
RNG = np.random.default_rng(5)
START = {name: RNG.normal(size=(4, 8 if "first" in name else 4)).astype("float32") for name in NAMES}
ALL = ("step", "sequence", "unrolled", "batch", "batch_step", "batch_reset")


def close(found: Any, wanted: Any, atol: float = 1e-5) -> None:
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=atol)


def test_the_oracle_is_keras() -> None:
    close(oracle(X)[0], expected(X))


# -- predict ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_every_file_gives_what_keras_gives_for_the_whole_sequence(kind: str) -> None:
    model = edge.load(explicit_file(kind))
    for rows in (4, 1, 3):  # with a batch of three: one row too many, two too few, just right
        found = model.predict(X[:rows])
        assert [y.shape for y in found] == [(rows, STEPS, CLASSES), (rows, 2)]
        close(found, expected(X[:rows]))


@pytest.mark.parametrize("kind", ["step_int8", "sequence_int8"])
def test_integer_states(kind: str) -> None:
    x = sequences(32)
    for found, wanted in zip(edge.load(explicit_file(kind)).predict(x), expected(x), strict=True):
        assert 0 < np.sqrt(np.mean((found - wanted) ** 2)) < 0.05 * wanted.std()


@pytest.mark.parametrize("kind", ["step", "sequence", "unrolled", "batch", "batch_step"])
def test_states_go_in_and_come_out(kind: str) -> None:
    model = edge.load(explicit_file(kind))
    assert [state.name for state in model.states] == NAMES
    wanted, final = oracle(X, START)
    for given in (START, [START[name] for name in NAMES]):
        found, states = model.predict(X, initial_state=given, return_state=True)
        close(found, wanted)
        assert list(states) == NAMES
        close(states.values(), (final[name] for name in NAMES))
    partly = {"first_c": START["first_c"]}
    close(model.predict(X, partly), oracle(X, partly)[0])


def test_two_halves_are_the_whole() -> None:
    for kind, atol in (("step", 1e-6), ("sequence", 1e-6), ("step_int8", 0)):
        model = edge.load(explicit_file(kind))
        whole = model.predict(X)
        first, states = model.predict(X[:, :4], return_state=True)
        second = model.predict(X[:, 4:], initial_state=states)
        np.testing.assert_allclose(np.concatenate([first[0], second[0]], 1), whole[0], atol=atol)
        np.testing.assert_allclose(second[1], whole[1], atol=atol)
        assert np.abs(model.predict(X[:, 4:])[0] - second[0]).max() > 0.01  # or the states do nothing


@pytest.mark.skipif(not find_spec("tflite_runtime"), reason="tflite-runtime is not installed")
def test_tflite_runtime_gives_the_same(tmp_path: Path) -> None:
    script = (
        "import sys, edge, numpy as np\n"
        "_, folder, *paths = sys.argv\n"
        "given = dict(np.load(folder + '/given.npz'))\n"
        "x = given.pop('x')\n"
        "for n, path in enumerate(paths):\n"
        "    y, state = edge.load(path, runtime='tflite-runtime').predict(x, given, return_state=True)\n"
        "    np.savez(f'{folder}/{n}.npz', *y, *state.values())\n"
    )
    np.savez(tmp_path / "given.npz", x=X, **START)
    kinds = ("step", "sequence", "unrolled", "batch", "batch_step")
    paths = [str(explicit_file(kind)) for kind in kinds]
    subprocess.run([sys.executable, "-c", script, str(tmp_path), *paths], check=True, capture_output=True)
    wanted, final = oracle(X, START)
    for n in range(len(kinds)):
        close(np.load(tmp_path / f"{n}.npz").values(), [*wanted, *(final[name] for name in NAMES)])


def test_what_a_file_says_of_itself() -> None:
    model = edge.load(explicit_file("noted"))
    assert (model.state, model.lowering) == ("explicit", "step")
    assert [info.shape for info in model.inputs] == [(1, 1, FEATURES)]
    assert [info.shape for info in model.outputs] == [(1, 1, CLASSES), (1, 2)]
    assert [state.input.shape for state in model.states] == [(1, 8), (1, 8), (1, 4), (1, 4)]
    assert model.timed == (True, False)
    assert model.labels == LABELS
    np.testing.assert_array_equal(model.normalise(X), (X - 0.5) / 2)
    assert "step, takes its states and gives them back" in repr(model)
    plain = edge.load(explicit_file("sequence"))
    assert (plain.labels, plain.normalization, plain.lowering) == (None, None, "fused")
    with pytest.raises(ValueError, match="says nothing of a normalization"):
        plain.normalise(X)
    with pytest.raises(ValueError, match="is for 6 features, received shape"):
        model.normalise(X[..., :5])


def bad(kind: str, message: str, error: type[Exception] = ValueError, **options: Any) -> None:
    with pytest.raises(error, match=message) as caught:
        edge.load(explicit_file(kind)).predict(X, **options)
    assert "\n" not in str(caught.value)


def test_bad_states_are_one_clear_sentence() -> None:
    bad(
        "step", "has no state 'h'; its states are 'first_h', 'first_c'", initial_state={"h": START["first_h"]}
    )
    bad(
        "step",
        r"'first_h' has shape \[4, 8\] for 4 rows, received \[1, 8\]",
        initial_state={"first_h": np.zeros((1, 8))},
    )
    bad("step", "has 4 states .*received 1", initial_state=[np.zeros((4, 8))])
    bad("step", "dictionary or a list, received ndarray", TypeError, initial_state=np.zeros((4, 8)))
    bad("step", "NaN", initial_state={"first_h": np.full((4, 8), np.nan)})
    bad("batch_reset", "takes no initial state.*explicit", initial_state={"h": 1})
    bad("batch_reset", "gives no states.*explicit", return_state=True)


# -- streams ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "atol"), [("step", 1e-6), ("sequence", 1e-6), ("one_step", 1e-6), ("step_int8", 0)]
)
def test_a_stream_feeds_the_states_back(kind: str, atol: float) -> None:
    model = edge.load(explicit_file(kind))
    whole = edge.load(explicit_file("sequence" if kind == "one_step" else kind)).predict(X)
    stream = model.stream()
    for row, every, score in zip(X, *whole, strict=True):
        stream.reset()
        steps = [stream.step(step) for step in row]
        close((np.array([one for one, _ in steps]), steps[-1][1]), (every, score), atol)


def test_integer_states_stay_what_they_are_in_the_file() -> None:
    """Against the runtime alone, integers in and out."""
    model = edge.load(explicit_file("step_int8"))
    assert all(state.input[2:] == state.output[2:] for state in model.states)
    interpreter = model.runtime.interpreter(model_content=explicit_file("step_int8").read_bytes())
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    states = [np.full(end["shape"], end["quantization"][1], end["dtype"]) for end in inputs[1:]]
    scale, zero = inputs[0]["quantization"]
    stream = model.stream()
    for step in X[0]:
        stream.step(step)
        x = np.clip(np.round(step / scale) + zero, -128, 127).astype("int8")
        for end, value in zip(inputs, (x[None, None], *states), strict=True):
            interpreter.set_tensor(end["index"], value)
        interpreter.invoke()
        states = [interpreter.get_tensor(end["index"]) for end in outputs[2:]]
    for found, value, end in zip(stream.state.values(), states, outputs[2:], strict=True):
        scale, zero = end["quantization"]
        np.testing.assert_array_equal(found, ((value[0].astype("float64") - zero) * scale).astype("float32"))


def test_states_of_other_scales_go_through_real_numbers(tmp_path: Path) -> None:
    def coarser(model: Any) -> None:
        graph = model.subgraphs[0]
        for index in graph.inputs[1:]:
            graph.tensors[index].quantization.scale = graph.tensors[index].quantization.scale * 1.5

    model = changed("step_int8", coarser, tmp_path)
    value = np.arange(-20, 20, 5, dtype=np.int8)[None]
    state = model.states[0]
    real = value.astype("float64") * (state.output.scale or 0)
    wanted = np.round(real / (state.input.scale or 1)).astype("int8")
    np.testing.assert_array_equal(fed_back(state, value), wanted)
    assert (wanted != value).any()


def test_the_state_of_a_stream_can_be_read_and_set() -> None:
    stream = edge.load(explicit_file("step")).stream()
    assert all((value == 0).all() for value in stream.state.values())
    for step in X[0, :5]:
        stream.step(step)
    kept = stream.state
    assert {name: value.shape for name, value in kept.items()} == {n: START[n].shape[1:] for n in NAMES}
    close(kept.values(), (oracle(X[:1, :5])[1][name][0] for name in NAMES))
    after = [stream.step(step) for step in X[0, 5:]]
    stream.reset()
    stream.state = kept
    for one, other in zip(after, [stream.step(step) for step in X[0, 5:]], strict=True):
        close(one, other, 0)
    with pytest.raises(ValueError, match="has no state 'h'"):
        stream.state = {"h": np.zeros(8)}
    with pytest.raises(ValueError, match="runtime keeps the state.*explicit"):
        _ = edge.load(model_file("carry")).stream().state


def test_a_refused_step_leaves_the_states_alone() -> None:
    stream = edge.load(explicit_file("step")).stream()
    stream.step(X[0, 0])
    before = stream.state
    with pytest.raises(ValueError, match=r"shape \[6\], received \[5\]"):
        stream.step(X[0, 0, :5])
    close(stream.state.values(), before.values(), 0)


@pytest.mark.parametrize(("kind", "rows"), [("batch_step", 3), ("batch_carry", 2)])
def test_a_file_for_a_batch_runs_streams_side_by_side(kind: str, rows: int) -> None:
    stream = edge.load(explicit_file(kind)).stream()
    for _ in range(2):
        steps = [stream.step(X[:rows, t]) for t in range(STEPS)]
        close((np.stack([one for one, _ in steps], 1), steps[-1][1]), expected(X[:rows]))
        stream.reset()
    with pytest.raises(
        ValueError, match=rf"shape \[{rows}, 6\] \({rows} streams side by side\), received \[6\]"
    ):
        stream.step(X[0, 0])
