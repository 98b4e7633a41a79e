"""What cannot be converted is refused in a sentence, and leaves no file behind."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edge.convert import ConversionError, convert, making
from edge.convert.keras_model.call_sites import recurrent_layers
from edge.convert.verification.judgement import judge
from edge.results.conversion import OutputError
from keras_lstm_plus import LSTMPlus
from keras_lstm_plus.spec import LSTMSpec
from tests.helpers.keras_models import FEATURES, motion, randomised, recurrent

layers = keras.layers


def sequential(*parts: Any) -> keras.Model:
    return keras.Sequential([keras.Input((None, FEATURES)), *parts], name="mine")


@pytest.fixture(scope="module")
def plain() -> keras.Model:
    return randomised(sequential(recurrent("stock", 5, name="memory")))


# -- arguments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"quantize": "int8"}, ValueError, "takes the range of every number from representative_data.*none"),
        ({"quantize": "int 8"}, ValueError, "quantize must be .*received 'int 8'. Did you mean 'int8'"),
        ({"quantize": "dinamic"}, ValueError, "Did you mean 'dynamic'"),
        (
            {"quantize": 8},
            ValueError,
            "quantize must be None, 'float16', 'dynamic', 'int8', 'int16x8'; received 8",
        ),
        (
            {"state": "reste"},
            ValueError,
            "state must be None, 'reset', 'carry', 'explicit'; received 'reste'. Did you mean 'reset'",
        ),
        ({"model": "missing.keras"}, FileNotFoundError, "There is no file missing.keras"),
        ({"model": None}, TypeError, "must be a keras.Model or the path of a .keras file, received NoneType"),
        ({"path": None}, TypeError, "path must be the name of the file"),
    ],
)
def test_arguments(
    plain: keras.Model, tmp_path: Path, arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        convert(**{"model": plain, "path": tmp_path / "model.tflite", **arguments})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (motion(4, 5)[..., :3], ValueError, r"must have the shape \[samples, any, 6\], received \[4, 5, 3\]"),
        (motion(4, 5)[0], ValueError, r"received \[5, 6\]"),
        (motion(4, 5)[:0], ValueError, r"is empty: its shape is \[0, 5, 6\]"),
        (motion(4, 0), ValueError, "is empty"),
        (motion(4, 5).astype(str), TypeError, "must be real numbers.*received dtype <U"),
        (motion(4, 5).astype(complex), TypeError, "received dtype complex"),
        ([motion(4, 5), motion(4, 5)], ValueError, r"received \[2, 4, 5, 6\]"),
        ({"other": motion(4, 5)}, ValueError, "has the keys 'other'; the inputs of the model are"),
    ],
)
def test_representative_data(
    plain: keras.Model, tmp_path: Path, data: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        convert(plain, tmp_path / "model.tflite", "int8", data)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_representative_data_that_is_not_finite(plain: keras.Model, tmp_path: Path, value: float) -> None:
    data = motion(4, 5)
    data[2, 3, 1] = value
    with pytest.raises(ValueError, match="has NaN or infinite values, the first in sample 2"):
        convert(plain, tmp_path / "model.tflite", "int8", data)


def test_several_inputs_need_as_many_samples(tmp_path: Path) -> None:
    a, b = keras.Input((None, 2), name="a"), keras.Input((1,), name="b")
    model = keras.Model([a, b], layers.Concatenate()([recurrent("stock", 2)(a), b]))
    with pytest.raises(ValueError, match="as many samples for each input, received 3 for 'a', 2 for 'b'"):
        convert(model, tmp_path / "m", None, [np.zeros((3, 4, 2)), np.zeros((2, 1))])
    with pytest.raises(ValueError, match=r"has 2 inputs \('a', 'b'\); give representative_data as a list"):
        convert(model, tmp_path / "m", None, np.zeros((3, 4, 2)))
    with pytest.raises(ValueError, match="has 1 arrays; the model has 2 inputs"):
        convert(model, tmp_path / "m", None, [np.zeros((3, 4, 2))])


def test_tokens_are_integers(tmp_path: Path) -> None:
    tokens = keras.Input((None,), dtype="int32")
    words = keras.Model(tokens, recurrent("stock", 2)(layers.Embedding(5, 3)(tokens)))
    with pytest.raises(TypeError, match="must be integers .*received dtype float32"):
        convert(words, tmp_path / "m", None, np.zeros((3, 4), "float32"))


# -- models ------------------------------------------------------------------------------------------


class Called(keras.Model):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.memory = recurrent("stock", 4, **options)

    def call(self, x: Any) -> Any:
        return self.memory(x)


def masked_state() -> keras.Model:
    x = keras.Input((None, FEATURES))
    layer = recurrent("layer_norm", 4, return_state=True, name="memory")
    return keras.Model(x, layer(layers.Masking()(x)))


def stateful() -> keras.Model:
    x = keras.Input(batch_shape=(1, 5, FEATURES))
    return keras.Model(x, recurrent("stock", 4, stateful=True, name="memory")(x))


def broken_training() -> keras.Model:
    model = sequential(recurrent("stock", 4, name="memory"))
    model.weights[0].assign(model.weights[0] * np.nan)
    return model


MODELS: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "no LSTM": (lambda: sequential(layers.Dense(3)), "Model 'mine' has no recurrent layer.*TFLiteConverter"),
    "a GRU of free length": (
        lambda: sequential(layers.GRU(3, name="gate")),
        "Layer 'gate' .gru.*there is no fused operator for GRUCell.*fixed length.*Use length=",
    ),
    "an operator of TensorFlow alone": (
        lambda: sequential(recurrent("stock", 4), layers.Lambda(keras.ops.erfinv)),
        "needs Erfinv beside its recurrent layers",
    ),
    "never called": (Called, r"was never called.*keras\.Input\(\(None, features\)\)"),
    "Sequential never built": (
        lambda: keras.Sequential([recurrent("stock", 4)]),
        "was never called, so the shape of its input is unknown",
    ),
    "a mask and the state": (
        masked_state,
        "Layer 'memory' .*receives a mask and gives its state.*Use length=",
    ),
    "stateful": (stateful, "Layer 'memory' .*stateful=True asks for .*state='carry'"),
    "NaN in the weights": (broken_training, "Output 'memory' of the Keras model is NaN or infinite"),
    "gate recurrence": (
        lambda: sequential(LSTMPlus(4, LSTMSpec("fgr", gate_recurrence=True), name="memory")),
        "Layer 'memory' .fgr.* no connections from gate to gate.*Use length=.*",
    ),
    "hard sigmoid": (
        lambda: sequential(recurrent("stock", 4, recurrent_activation="hard_sigmoid", name="memory")),
        "the op's gates are sigmoid, not hard_sigmoid",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, tmp_path: Path) -> None:
    build, message = MODELS[name]
    model = build()
    with pytest.raises(ValueError, match=f"(?s){message}") as error:
        convert(model, tmp_path / "model.tflite", state="reset")
    assert "\n" not in str(error.value)  # a sentence, not Keras's report of one
    assert not list(tmp_path.iterdir())
    assert all("call" not in vars(layer) for layer in recurrent_layers(model))


# -- the file ----------------------------------------------------------------------------------------


def test_paths(plain: keras.Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, kind, message in (
        (tmp_path, IsADirectoryError, "is a folder; give the name of a file"),
        (tmp_path / "missing" / "model.tflite", FileNotFoundError, "The folder .*missing does not exist"),
        (tmp_path / "file" / "model.tflite", NotADirectoryError, "file is a file"),
    ):
        with pytest.raises(kind, match=message):
            convert(plain, path)


def test_a_folder_without_permission(
    plain: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:  # to root everything is permitted
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    else:
        tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(PermissionError, match="cannot be written to"):
        convert(plain, tmp_path / "model.tflite")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_an_interrupted_write_leaves_the_old_file(
    plain: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, moment: str
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the old one")

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(os, moment, fail)
    with pytest.raises(type(error)):
        convert(plain, path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_wrong_file_is_not_kept(
    plain: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"the old one")
    right = making.run_file
    monkeypatch.setattr(making, "run_file", lambda *a: [value + 0.01 for value in right(*a)])
    with pytest.raises(ConversionError, match="not kept: output 'memory' differs from Keras by up to 0.01"):
        convert(plain, path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("quantize", "max_abs", "rms", "step", "verdict"),
    [
        (None, 9e-6, 1e-6, 0.0, "fine"),
        (None, 2e-5, 1e-6, 0.0, "note"),
        (None, 2e-4, 1e-6, 0.0, "refused"),
        (None, float("nan"), float("nan"), 0.0, "refused"),
        ("int8", 0.5, 0.029, 0.004, "fine"),
        ("int8", 0.5, 0.1, 0.004, "note"),
        ("int8", 0.5, 0.2, 0.004, "refused"),
        ("int8", 0.5, 0.2, 0.3, "note"),  # no output is finer than its step
        ("dynamic", 0.5, float("nan"), 0.0, "refused"),
    ],
)
def test_judgement(quantize: str | None, max_abs: float, rms: float, step: float, verdict: str) -> None:
    error = OutputError("out", max_abs, rms, relative=rms)  # an output with a standard deviation of 1
    wanted = np.array([-1.0, 1.0])
    if verdict == "refused":
        with pytest.raises(ConversionError, match="The file was not kept: output 'out' differs"):
            judge(quantize, error, wanted, step)
    else:
        note = judge(quantize, error, wanted, step)
        assert (note is None) == (verdict == "fine")
