"""A whole model of `keras.layers.LSTM` into one of `LSTMPlus`, and back, in one call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_lstm_plus import GridLSTM, LSTMPlus, LSTMPlusCell
from keras_lstm_plus.interop import from_keras, load_weights, to_keras
from keras_lstm_plus.private import flat_layers

L = keras.layers
RNG = np.random.default_rng(4)
X = RNG.normal(size=(5, 4, 3)).astype("float32")
STOCK, OWN = (L.LSTM, L.LSTMCell), (LSTMPlus, LSTMPlusCell)


def sequential() -> keras.Model:
    layers = [
        keras.Input((None, 3)),
        L.Masking(0.0),
        L.LSTM(4, return_sequences=True, dropout=0.3, use_cudnn=False, name="first"),
        L.BatchNormalization(),
        L.Bidirectional(L.LSTM(3, implementation=1, dropout=0.2, use_cudnn=False), merge_mode="sum"),
        L.Dropout(0.3),
        L.Dense(2),
    ]
    return keras.Sequential(layers, name="whole")


def shared_and_nested() -> keras.Model:
    """Two inputs, two outputs; one LSTM called twice, and once more within a nested model."""
    shared = L.LSTM(4, return_sequences=True, name="shared")
    inside = keras.Input((None, 3))
    nested = keras.Model(inside, L.Dense(3)(shared(inside)), name="nested")
    one, other = keras.Input((4, 3), name="one"), keras.Input((4, 3), name="other")
    h = L.Add()([shared(one), shared(other)])
    _, state, memory = L.LSTM(4, return_state=True)(nested(one))
    last = L.LSTM(4, name="last")(h, initial_state=[state, memory])
    again = nested(L.Lambda(lambda x: x * 2.0)(other))
    return keras.Model({"one": one, "other": other}, {"last": last, "again": again})


def cells_and_wrappers() -> keras.Model:
    inputs = keras.Input((4, 3))
    stack = L.StackedRNNCells([L.LSTMCell(5, dropout=0.2), L.LSTMCell(4)])
    x = L.RNN(stack, return_sequences=True)(inputs)
    x = L.RNN(L.LSTMCell(4, implementation=1), return_sequences=True)(x)
    x = L.Reshape((2, 2, 4))(x)
    inner = keras.Sequential([keras.Input((2, 4)), L.LSTM(3, name="deep", use_cudnn=False)])
    return keras.Model(inputs, L.TimeDistributed(inner)(x))


def stateful() -> keras.Model:
    return keras.Sequential([keras.Input((4, 3), batch_size=5), L.LSTM(4, stateful=True)])


def without_input() -> keras.Model:
    model = keras.Sequential([L.LSTM(4)])
    model(X[:2])
    return model


MODELS = [sequential, shared_and_nested, cells_and_wrappers, stateful, without_input]


def filled(build: Callable[[], keras.Model]) -> tuple[keras.Model, Any]:
    model = build()
    for weight in model.weights:
        if "seed" not in weight.path:
            weight.assign(np.abs(RNG.normal(scale=0.5, size=weight.shape)))
    x = {"one": X, "other": X[:, ::-1]} if build is shared_and_nested else X
    if build is stateful:
        model(x)
    return model, x


def kinds(model: keras.Model) -> list[tuple[str, str, Any, Any]]:
    """Every recurrent layer or cell: class, name and what Keras's configs leave out."""
    found = [layer for layer in flat_layers(model) if isinstance(layer, (*STOCK, *OWN))]
    choices = ("use_cudnn", "implementation")
    return [
        (type(layer).__name__, layer.name, *(vars(layer).get(name) for name in choices)) for layer in found
    ]


def answers(model: keras.Model, x: Any, **call: Any) -> list[np.ndarray]:
    return [np.asarray(y) for y in keras.tree.flatten(model(x, **call))]


def agree(models: list[Any], x: Any) -> None:
    for training in (False, True, True):  # the dropout goes on where it was, too
        first, *others = [answers(model, x, training=training) for model in models]
        for other in others:
            for a, b in zip(first, other, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-5)


def names(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers if not isinstance(layer, L.InputLayer)]


@pytest.mark.parametrize("build", MODELS)
def test_there_and_back(build: Callable[[], keras.Model]) -> None:
    model, x = filled(build)
    turned = from_keras(model)
    back = to_keras(turned)
    assert type(turned) is type(back) is type(model)
    stock = kinds(model)
    assert kinds(back) == [(kind, *rest) for kind, *rest in stock]
    renamed = [(kind.replace("LSTM", "LSTMPlus"), *rest) for kind, *rest in stock]
    assert [row[0] for row in kinds(turned)] == [row[0] for row in renamed]
    assert [row[2:] for row in kinds(turned)] == [row[2:] for row in renamed]
    assert names(turned) == names(model)
    assert len(turned.weights) == len(model.weights)  # what was shared is shared
    agree([model, turned, back], x)


def test_a_model_that_is_being_trained_goes_on() -> None:
    y = RNG.normal(size=(5, 2)).astype("float32")

    def own_loss(right: Any, found: Any) -> Any:
        return keras.ops.mean(keras.ops.abs(right - found), axis=-1)

    model, _ = filled(sequential)
    model.layers[1].trainable = False
    model.compile(keras.optimizers.Adam(0.05), own_loss, metrics=["mae"])
    model.fit(X, y, epochs=2, shuffle=False, verbose=0)
    turned = from_keras(model)
    histories = [m.fit(X, y, epochs=3, shuffle=False, verbose=0).history for m in (model, turned)]
    np.testing.assert_allclose(histories[1]["loss"], histories[0]["loss"], rtol=1e-4)
    assert set(histories[1]) == {"loss", "mae"}
    for mine, theirs in zip(turned.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


class Subclassed(keras.Model):
    def __init__(self, lstm: Any = L.LSTM) -> None:
        super().__init__()
        self.lstms = [lstm(4, return_sequences=True), lstm(3)]
        self.out = L.Dense(2)

    def call(self, x: Any) -> Any:
        for lstm in self.lstms:
            x = lstm(x)
        return self.out(x)


class Block(keras.layers.Layer):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lstm = L.LSTM(3)

    def build(self, shape: Any) -> None:
        self.lstm.build(shape)

    def call(self, x: Any) -> Any:
        return self.lstm(x)


class OwnLSTM(keras.layers.LSTM):
    pass


class OwnStep(keras.Model):
    def __init__(self, inputs: Any, outputs: Any, weight: float = 1.0) -> None:
        super().__init__(inputs, outputs)
        self.weight = weight


def small(*layers: Any) -> keras.Model:
    return keras.Sequential([keras.Input((4, 3)), *layers])


def own_step() -> keras.Model:
    inputs = keras.Input((4, 3))
    return OwnStep(inputs, L.LSTM(3)(inputs))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            Subclassed,
            "'subclassed.*' is of the class Subclassed, whose code .* write LSTMPlus for keras.layers",
        ),
        (lambda: small(Block()), "'block.*' is of the class Block, whose code"),
        (own_step, "is of the class OwnStep, whose code makes its layers or has methods"),
        (
            lambda: small(OwnLSTM(3)),
            "'own_lstm.*' is of the class OwnLSTM, a LSTM that may compute something",
        ),
        (lambda: small(L.GRU(3)), "takes a keras.layers.LSTM, or a layer or model that holds some, received"),
        (lambda: 3, "takes a keras.layers.LSTM, or .*, received int"),
    ],
    ids=["subclassed", "block", "own methods", "own LSTM", "no LSTM", "no model"],
)
def test_what_cannot_be_copied_is_refused(build: Callable[[], Any], message: str) -> None:
    model = build()
    if isinstance(model, Subclassed):
        model(X)
    with pytest.raises(TypeError, match=f"from_keras.*{message}"):
        from_keras(model)


def test_the_way_out_of_a_subclassed_model() -> None:
    stock, own = Subclassed(), Subclassed(LSTMPlus)
    stock(X)
    own(X)
    own.set_weights(stock.get_weights())
    np.testing.assert_allclose(own(X), stock(X), atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            lambda: LSTMPlus(3, "peephole+cifg", name="deep"),
            "'deep', variant 'peephole\\+cifg', has .*Keep LSTM",
        ),
        (
            lambda: L.RNN(LSTMPlusCell(3, "indy", name="deep")),
            "'deep', variant 'indy', has recurrence='diagonal'",
        ),
        (lambda: L.Bidirectional(LSTMPlus(3, zoneout_cell=0.1)), "variant 'standard', has zoneout_cell=0.1"),
    ],
    ids=["layer", "cell", "wrapped"],
)
def test_what_keras_has_not_is_named(layer: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"to_keras: layer .*{message}"):
        to_keras(small(layer(), L.Dense(1)))


def test_a_grid_is_named() -> None:
    model = small(LSTMPlus(3, return_sequences=True), GridLSTM(3, 2, name="grid"))
    with pytest.raises(ValueError, match="'grid' is a GridLSTM, which Keras has not. Keep it"):
        to_keras(model)


def test_a_model_without_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="has no weights yet; call it on data"):
        from_keras(keras.Sequential([L.LSTM(3)]))


def test_single_wrappers_are_turned() -> None:
    both = L.Bidirectional(L.LSTM(3, return_sequences=True))
    expected = both(X)
    turned = from_keras(both)
    assert type(turned.forward_layer) is type(turned.backward_layer) is LSTMPlus
    np.testing.assert_allclose(turned(X), expected, atol=1e-6)
    np.testing.assert_allclose(to_keras(turned)(X), expected, atol=1e-6)


# -- weight files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [sequential, shared_and_nested, cells_and_wrappers])
@pytest.mark.parametrize("back", [False, True], ids=["into ours", "into Keras's"])
def test_weight_files_go_both_ways(build: Callable[[], keras.Model], back: bool, tmp_path: Path) -> None:
    model, x = filled(build)
    source, target = model, from_keras(build())
    if back:
        source, target = from_keras(model), build()
    source.save_weights(tmp_path / "of.weights.h5")
    load_weights(target, tmp_path / "of.weights.h5")
    for a, b in zip(answers(target, x), answers(model, x), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert {type(layer) for layer in flat_layers(target)}.isdisjoint(OWN if back else STOCK)


def test_weight_files_of_subclassed_and_mixed_models(tmp_path: Path) -> None:
    stock, own = Subclassed(), Subclassed(LSTMPlus)
    stock(X)
    own(X)
    stock.save_weights(tmp_path / "of.weights.h5")
    load_weights(own, tmp_path / "of.weights.h5")
    np.testing.assert_allclose(own(X), stock(X), atol=1e-6)
    mixed = small(LSTMPlus(3, return_sequences=True), L.LSTM(4))
    small(L.LSTM(3, return_sequences=True), L.LSTM(4)).save_weights(tmp_path / "all.weights.h5")
    load_weights(mixed, tmp_path / "all.weights.h5")
    mixed.save_weights(tmp_path / "mixed.weights.h5")
    load_weights(mixed, tmp_path / "mixed.weights.h5")


def test_a_weight_file_of_another_model_is_refused_and_nothing_changed(tmp_path: Path) -> None:
    small(L.LSTM(4, return_sequences=True), L.LSTM(4)).save_weights(tmp_path / "of.weights.h5")
    model = small(LSTMPlus(4, return_sequences=True), LSTMPlus(5))
    before = model.get_weights()
    with pytest.raises(ValueError, match="load_weights: .*of.weights.h5 does not fit model 'sequential"):
        load_weights(model, tmp_path / "of.weights.h5")
    for mine, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, old)
