"""`EdgeModel`: right answers for what it takes, one sentence for what it does not."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edge
from tests.helpers.device_files import CLASSES, FEATURES, STEPS, edited, keras_model, model_file, sequences

X = sequences(3)


def expected(x: Any, kind: str = "sequences") -> Any:
    return keras_model(kind).predict(x, verbose=0)


# -- predict ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reset", "carry"])
def test_any_batch_and_length_is_what_keras_computes(kind: str) -> None:
    model = edge.load(model_file(kind))
    for batch, steps in ((3, 7), (1, 1), (2, 30), (3, 7)):
        x = sequences(batch, steps, seed=steps)
        y = model.predict(x)
        assert y.dtype == np.float32
        np.testing.assert_allclose(y, expected(x), atol=1e-5)


@pytest.mark.parametrize("kind", ["reset", "carry", "int8", "int8_carry", "stateful"])
def test_no_row_sees_another(kind: str) -> None:
    x = X[:, :1] if kind == "stateful" else X
    model = edge.load(model_file(kind))
    together = model.predict(x)
    alone = [edge.load(model_file(kind)).predict(row[None])[0] for row in x]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(model.predict(x[::-1])[::-1], together)
    assert np.abs(together[0] - together[1]).max() > 0.01  # or nothing was compared


def test_a_free_batch_runs_at_once_and_is_what_keras_computes() -> None:
    model = edge.load(model_file("dense"))
    for batch in (1, 5, 2):
        x = sequences(batch)[:, 0]
        np.testing.assert_allclose(model.predict(x), expected(x, "dense"), atol=1e-6)


def test_several_inputs_and_outputs_in_the_order_of_the_file() -> None:
    model = edge.load(model_file("multi"))
    values = {
        3: np.random.default_rng(0).normal(size=(4, 7, 3)),
        2: np.random.default_rng(1).normal(size=(4, 2)),
    }
    found = model.predict([values[info.shape[-1]] for info in model.inputs])
    wanted = {y.shape[-1]: y for y in expected([values[3], values[2]], "multi")}
    assert [y.shape[-1] for y in found] == [info.shape[-1] for info in model.outputs]
    for y in found:
        np.testing.assert_allclose(y, wanted[y.shape[-1]], atol=1e-6)


def test_tokens_are_integers() -> None:
    model = edge.load(model_file("tokens"))
    tokens = [[1, 2, 3], [4, 5, 19]]
    np.testing.assert_allclose(model.predict(tokens), expected(np.array(tokens), "tokens"), atol=1e-6)
    np.testing.assert_array_equal(model.predict(np.array(tokens, np.uint8)), model.predict(tokens))


def test_integers_and_booleans_are_real_numbers_for_a_real_input() -> None:
    model = edge.load(model_file("reset"))
    x = np.ones((1, 4, FEATURES))
    for dtype in (np.int16, np.float16, np.float64, bool):
        np.testing.assert_array_equal(model.predict(x.astype(dtype)), model.predict(x))
    np.testing.assert_array_equal(model.predict(x.tolist()), model.predict(x))


# -- quantization ------------------------------------------------------------------------------------------


def test_quantized_input_is_rounded_and_clipped_and_output_scaled_back() -> None:
    model = edge.load(model_file("dense_int8"))
    (entry,), (end,) = model.inputs, model.outputs
    assert entry.scale is not None
    assert entry.zero_point is not None
    x = sequences(40, 1, seed=5)[:, 0] * 2
    x[0], x[1] = 1e6, -1e6
    steps = [[round(float(v) / entry.scale) + entry.zero_point for v in row] for row in x]
    clipped = [[min(max(v, -128), 127) for v in row] for row in steps]
    assert steps[2:] != clipped[2:]  # some ordinary values lie outside, too
    assert clipped != [[int(v / entry.scale) + entry.zero_point for v in row] for row in x.tolist()]
    interpreter = model.runtime.interpreter(model_content=model_file("dense_int8").read_bytes())
    interpreter.allocate_tensors()
    rows = []
    for row in clipped:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.array([row], np.int8))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    assert end.scale is not None
    wanted = [[(int(v) - (end.zero_point or 0)) * end.scale for v in row] for row in rows]
    np.testing.assert_allclose(model.predict(x), wanted, rtol=1e-6)


def test_int8_is_close_to_keras() -> None:
    y, wanted = edge.load(model_file("int8")).predict(X), expected(X)
    assert 0 < np.sqrt(np.mean((y - wanted) ** 2)) < 0.03 * wanted.std()


# -- what a model says of itself ---------------------------------------------------------------------------


def test_inputs_outputs_metadata() -> None:
    model = edge.load(str(model_file("int8")))
    (x,), (y,) = model.inputs, model.outputs
    assert x.shape == (1, -1, FEATURES)
    assert x.dtype == y.dtype == np.int8
    assert 0 < (x.scale or 0) < 0.1
    assert y.shape[-1] == CLASSES
    assert model.metadata is not None
    assert model.metadata["quantize"] == "int8"
    assert "int8.tflite" in repr(model)
    assert "[1, any, 6]" in repr(model)
    real = edge.load(model_file("reset")).inputs[0]
    assert (real.dtype, real.scale, real.zero_point) == (np.float32, None, None)


# -- bad input ---------------------------------------------------------------------------------------------

BAD = [
    (
        X[..., :5],
        ValueError,
        "reset.tflite takes .*[1, any, 6] of real numbers.*received shape [3, 10, 5].*must be 6",
    ),
    (X[0], ValueError, "received shape [10, 6]: [batch, time, features], 3 axes"),
    (X[None], ValueError, "3 axes are needed, not 4"),
    (X[:0], ValueError, "axis 0 is empty"),
    (X[:, :0], ValueError, "axis 1 is empty"),
    ("exercise", TypeError, "real numbers: received <U8 values"),
    (X + 1j, TypeError, "received complex64 values"),
    ({"x": X}, ValueError, "received a dictionary with 'x'"),
    (X.astype(object), TypeError, "received Python objects"),
    ([[[1.0], [2.0, 3.0]]], ValueError, "rows of different lengths"),
    (np.where(X > 2, np.nan, X), ValueError, "NaN or infinity"),
    (np.full((1, 2, 6), 1e300), ValueError, "beyond float32, at index (0, 0, 0)"),
]


@pytest.mark.parametrize(("x", "kind", "message"), BAD, ids=[message[-20:] for *_, message in BAD])
def test_bad_input_is_one_clear_sentence(x: Any, kind: type[Exception], message: str) -> None:
    pattern = message.replace("[", r"\[").replace("]", r"\]").replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(kind, match=pattern) as caught:
        edge.load(model_file("reset")).predict(x)
    assert "\n" not in str(caught.value)


def test_bad_tokens_lengths_and_lists() -> None:
    tokens = edge.load(model_file("tokens"))
    with pytest.raises(TypeError, match="int32: received float64 values"):
        tokens.predict([[1.0, 2.0]])
    with pytest.raises(ValueError, match="from 1 to 4294967296, too large"):
        tokens.predict([[1, 2**32]])
    with pytest.raises(ValueError, match=r"received shape \[1, 11, 6\]: axis 1 must be 10, not 11"):
        edge.load(model_file("stock")).predict(sequences(1, STEPS + 1))
    multi = edge.load(model_file("multi"))
    values = [np.zeros((2, *(max(n, 4) if n < 0 else n for n in info.shape[1:]))) for info in multi.inputs]
    with pytest.raises(TypeError, match="takes a list of 2 inputs .*received ndarray"):
        multi.predict(values[0])
    with pytest.raises(ValueError, match="takes 2 inputs .*received 1"):
        multi.predict(values[:1])
    with pytest.raises(ValueError, match="same batch size, received 2 and 1"):
        multi.predict([values[0], values[1][:1]])


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_bad_number_of_threads(threads: Any) -> None:
    with pytest.raises(ValueError, match="num_threads must be a positive integer or None, received"):
        edge.load(model_file("reset"), num_threads=threads)


def test_threads_do_not_change_the_answer() -> None:
    one, two = (edge.load(model_file("dense"), num_threads=n).predict(X[:, 0]) for n in (1, 2))
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_a_refused_file_names_runtime_and_reason(tmp_path: Path) -> None:
    def foreign_operator(model: Any) -> None:
        code = model.operatorCodes[-1]
        code.builtinCode = code.deprecatedBuiltinCode = 32
        code.customCode = "FlexRoll"

    path = tmp_path / "flex.tflite"
    path.write_bytes(edited("dense", foreign_operator))
    with pytest.raises(edge.ModelFileError, match="flex.tflite: ai-edge-litert .*FlexRoll.*SELECT_TF_OPS"):
        edge.load(path)


def test_a_refused_length_does_not_spoil_the_next(tmp_path: Path) -> None:
    def free_the_time_axis(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.tensors[graph.inputs[0]].shapeSignature = np.array([1, -1, FEATURES], np.int32)

    path = tmp_path / "wrong.tflite"
    path.write_bytes(edited("stock", free_the_time_axis))  # the graph takes no other length, whatever it says
    model = edge.EdgeModel(path)
    right = model.predict(X)
    with pytest.raises(
        edge.ModelFileError, match=r"wrong.tflite: .*cannot run it on inputs of shape \[1, 4, 0\]"
    ):
        model.session.prepare(((1, 4, 0),))
    np.testing.assert_array_equal(model.predict(X), right)


def test_damaged_metadata(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    content = model_file("reset").read_bytes()
    path.write_bytes(content.replace(b'{"format"', b'["format"'))
    assert path.read_bytes() != content
    with pytest.raises(edge.ModelFileError, match="metadata 'keras_lstm_plus' is no JSON object"):
        edge.load(path)


# -- threads and runtimes ----------------------------------------------------------------------------------


def test_several_threads_get_their_own_answers() -> None:
    model = edge.load(model_file("carry"))
    inputs = [sequences(2, 3 + n % 5, seed=n) for n in range(60)]
    wanted = [edge.load(model_file("reset")).predict(x) for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(model.predict, inputs))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_an_unknown_runtime() -> None:
    with pytest.raises(
        ValueError, match="must be one of ai-edge-litert, tflite-runtime or None, received 'tf'"
    ):
        edge.load(model_file("reset"), runtime="tf")


def test_tflite_runtime_is_refused_beside_tensorflow() -> None:
    assert "tensorflow" in sys.modules  # edge_files sees to it
    with pytest.raises(ImportError, match="crashes in a process that has imported tensorflow"):
        edge.load(model_file("reset"), runtime="tflite-runtime")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="tflite-runtime ends at Python 3.11")
def test_tflite_runtime_gives_the_same(tmp_path: Path) -> None:
    if not find_spec("tflite_runtime"):
        pytest.skip("tflite-runtime is not installed")
    np.save(tmp_path / "x.npy", X)
    script = (
        "import sys, numpy as np, edge\n"
        "folder, *paths = sys.argv[1:]\n"
        "x = np.load(folder + '/x.npy')\n"
        "for n, path in enumerate(paths):\n"
        "    model = edge.load(path, runtime='tflite-runtime')\n"
        "    assert model.runtime.name == 'tflite-runtime'\n"
        "    np.save(f'{folder}/{n}.npy', model.predict(x))\n"
    )
    kinds = ["reset", "carry", "dynamic", "int8"]
    paths = [str(model_file(kind)) for kind in kinds]
    subprocess.run([sys.executable, "-c", script, str(tmp_path), *paths], check=True, capture_output=True)
    for n, kind in enumerate(kinds):
        wanted = edge.load(model_file(kind)).predict(X)
        tolerance = 1e-5 if kind in ("reset", "carry") else 0.03 * wanted.std()
        np.testing.assert_allclose(np.load(tmp_path / f"{n}.npy"), wanted, atol=tolerance)
