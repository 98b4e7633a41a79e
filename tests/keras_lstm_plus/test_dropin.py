"""Where keras.layers.LSTM goes, LSTMPlus goes: the same numbers, or the same behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import LSTMPlus, LSTMPlusCell
from tests.helpers.layers import randomise

RNG = np.random.default_rng(2)
X = RNG.normal(size=(4, 6, 3)).astype("float32")
MASK = np.array([[1] * 6, [0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 1, 0]], bool)

LSTM = {"keras": keras.layers.LSTM, "plus": LSTMPlus}


def same(build: Any, x: Any = X, atol: float = 1e-6, **call: Any) -> None:
    """`build(layer class)` gives a model or layer; with the same weights both give the same."""
    theirs, ours = build(keras.layers.LSTM), build(LSTMPlus)
    theirs(x, **call)
    ours(x, **call)
    assert [tuple(w.shape) for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    ours.set_weights([RNG.normal(size=w.shape, scale=0.5) for w in ours.get_weights()])
    theirs.set_weights(ours.get_weights())
    for mine, other in zip(tf.nest.flatten(ours(x, **call)), tf.nest.flatten(theirs(x, **call)), strict=True):
        np.testing.assert_allclose(mine, other, atol=atol)


@pytest.mark.parametrize("merge", ["sum", "mul", "concat", "ave", None])
@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "mask"])
def test_bidirectional(merge: str | None, mask: Any) -> None:
    same(
        lambda lstm: keras.layers.Bidirectional(lstm(5, return_sequences=True), merge_mode=merge),
        mask=mask,
    )


def test_bidirectional_states() -> None:
    same(lambda lstm: keras.layers.Bidirectional(lstm(5, return_state=True)), mask=MASK)


def test_time_distributed() -> None:
    same(
        lambda lstm: keras.layers.TimeDistributed(lstm(4)), x=RNG.normal(size=(2, 3, 6, 3)).astype("float32")
    )


def test_embedding_and_stack() -> None:
    def build(lstm: Any) -> keras.Model:
        return keras.Sequential(
            [
                keras.layers.Embedding(10, 4, mask_zero=True),
                lstm(5, return_sequences=True, zero_output_for_mask=True),
                lstm(4, go_backwards=True),
            ]
        )

    same(build, x=np.array([[0, 0, 3, 1], [2, 5, 0, 7], [9, 0, 0, 0]]))


def test_encoder_decoder_states() -> None:
    def build(lstm: Any) -> keras.Model:
        source = keras.Input((None, 3))
        target = keras.Input((None, 3))
        _, h, c = lstm(5, return_state=True)(source)
        out = lstm(5, return_sequences=True)(target, initial_state=[h, c])
        return keras.Model([source, target], out)

    same(build, x=[X, X[:, ::-1]])


def test_stateful_goes_on_and_resets() -> None:
    def build(lstm: Any) -> keras.layers.Layer:
        layer = lstm(5, stateful=True)
        layer.build((4, None, 3))
        return layer

    theirs, ours = build(keras.layers.LSTM), build(LSTMPlus)
    weights = [RNG.normal(size=w.shape) for w in theirs.trainable_variables]
    for layer in (theirs, ours):
        for variable, value in zip(layer.trainable_variables, weights, strict=True):
            variable.assign(value)
    outputs = []
    in_a_graph = tf.function(lambda x: ours(x), autograph=False)
    for call in (ours, ours, in_a_graph):
        outputs.append(call(X).numpy())
        np.testing.assert_allclose(outputs[-1], theirs(X), atol=1e-6)
    assert np.abs(outputs[1] - outputs[0]).max() > 1e-3
    ours.reset_state()
    np.testing.assert_allclose(ours(X), outputs[0], atol=1e-6)


def test_stacked_cells_in_keras_rnn() -> None:
    stack = keras.layers.RNN(
        keras.layers.StackedRNNCells([LSTMPlusCell(5, "peephole"), LSTMPlusCell(4, dropout=0.2)]),
        return_sequences=True,
    )
    stack(X)
    one, two = (
        LSTMPlus(5, "peephole", return_sequences=True),
        LSTMPlus(4, return_sequences=True, dropout=0.2),
    )
    two(one(X))
    for layer, cell in ((one, stack.cell.cells[0]), (two, stack.cell.cells[1])):
        layer.cell.set_weights(cell.get_weights())
    np.testing.assert_allclose(stack(X), two(one(X)), atol=1e-6)
    stack(X, training=True)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("variant", ["standard", "peephole+layer_norm"])
def test_mixed_precision(policy: str, variant: str) -> None:
    ours = LSTMPlus(5, variant, return_sequences=True, dtype=policy)
    exact = LSTMPlus(5, variant, return_sequences=True)
    randomise(ours, 3)
    randomise(exact, 3)
    with tf.GradientTape(persistent=True) as tape:
        low, high = ours(X), exact(X)
        losses = [tf.reduce_sum(tf.cast(y, "float32") ** 2) for y in (low, high)]
    assert low.dtype == policy.removeprefix("mixed_")
    assert ours.cell.kernel.dtype == "float32"
    step = 2e-2 if policy == "mixed_float16" else 1.5e-1
    np.testing.assert_allclose(tf.cast(low, "float32"), high, atol=step)
    for a, b in zip(ours.trainable_weights, exact.trainable_weights, strict=True):
        mine, right = tape.gradient(losses[0], a.value), tape.gradient(losses[1], b.value)
        assert np.abs(mine - right).max() < 3 * step * np.abs(right).max()


def test_dynamic_batch_and_time_symbolic_and_eager() -> None:
    model = keras.Sequential([keras.Input((None, 3)), LSTMPlus(5, "peephole", return_sequences=True)])
    assert model.output_shape == (None, None, 5)
    run = tf.function(model, input_signature=[tf.TensorSpec((None, None, 3))])
    for batch, time in ((1, 1), (4, 6), (2, 17)):
        x = RNG.normal(size=(batch, time, 3)).astype("float32")
        np.testing.assert_allclose(run(x), model(x), atol=1e-6)


@pytest.mark.parametrize("variant", ["peephole", "fgr"])  # with the whole-sequence path, and without
@pytest.mark.parametrize("jit", [True, False])
def test_fit_with_and_without_xla(jit: bool, variant: str) -> None:
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(200, 8, 2)).astype("float32")  # the last batch is smaller
    y = x[:, :4, 0].sum(axis=1)
    model = keras.Sequential(
        [keras.Input((None, 2)), LSTMPlus(8, variant, dropout=0.1), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=jit)
    losses = model.fit(x, y, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_clone_and_export(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((None, 3)), LSTMPlus(5, "peephole+cifg", projection_units=2)])
    randomise(model.layers[0], 3)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(X), model(X))
    model.export(tmp_path / "saved", verbose=False)
    served = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(served.serve(X), model(X), atol=1e-6)


def test_regularizers_and_constraints_act() -> None:
    layer = LSTMPlus(
        5,
        "peephole",
        peephole_initializer="ones",
        peephole_regularizer=keras.regularizers.L2(0.5),
        recurrent_constraint=keras.constraints.MaxNorm(0.1),
        activity_regularizer=keras.regularizers.L1(1.0),
    )
    y = layer(X)
    assert sum(float(loss) for loss in layer.losses) == pytest.approx(
        0.5 * 15 + float(tf.reduce_sum(tf.abs(y))) / len(X), rel=1e-5
    )
    assert layer.cell.recurrent_kernel.constraint.max_value == pytest.approx(0.1)


def test_it_answers_for_its_cell_as_keras_does() -> None:
    theirs, ours = keras.layers.LSTM(5, dropout=0.1, seed=3), LSTMPlus(5, dropout=0.1, seed=3)
    for name in ("units", "dropout", "recurrent_dropout", "use_bias", "unit_forget_bias"):
        assert getattr(ours, name) == getattr(theirs, name)
    theirs_config = theirs.get_config()
    assert set(theirs_config) <= set(ours.get_config())
    with pytest.raises(ValueError, match="no_such_thing"):
        LSTMPlus(5, no_such_thing=1)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(keras.layers.LSTM, LSTMPlus), (keras.layers.LSTMCell, LSTMPlusCell)],
    ids=["layer", "cell"],
)
def test_it_has_every_attribute_of_keras(theirs: Any, ours: Any) -> None:
    def public(layer: Any) -> set[str]:
        return {name for name in dir(layer) if not name.startswith("_")}

    assert public(theirs(3)) <= public(ours(3))
    if theirs is keras.layers.LSTM:
        for value in ("auto", True, False):
            layer = LSTMPlus.from_config(ours(3, use_cudnn=value).get_config())
            assert layer.use_cudnn == value
        with pytest.raises(ValueError, match="use_cudnn is 'auto', True or False, received 'yes'"):
            LSTMPlus(3, use_cudnn="yes")


@pytest.mark.parametrize("implementation", [1, 2])
def test_a_choice_of_implementation_has_the_masks_of_keras(implementation: int) -> None:
    options: dict[str, Any] = {"dropout": 0.4, "seed": 11, "implementation": implementation}
    theirs, ours = (keras.layers.RNN(cell(4, **options)) for cell in (keras.layers.LSTMCell, LSTMPlusCell))
    theirs.build((4, 6, 3))
    ours.build((4, 6, 3))
    ours.set_weights(theirs.get_weights())
    assert ours.cell.implementation == theirs.cell.implementation == implementation
    np.testing.assert_allclose(ours(X, training=True), theirs(X, training=True), atol=1e-6)
    with pytest.raises(ValueError, match="implementation is 1 or 2.*received 3"):
        LSTMPlusCell(4, implementation=3)


def test_a_function_of_the_users_is_not_taken_for_its_namesake() -> None:
    def tanh(x: Any) -> Any:
        return keras.ops.tanh(x) * 0.5

    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    ours, stock = LSTMPlus(4, activation=tanh), keras.layers.LSTM(4, activation=tanh)
    wanted = stock(x)
    ours.build(x.shape)
    ours.set_weights(stock.get_weights())
    np.testing.assert_allclose(np.asarray(ours(x)), np.asarray(wanted), atol=1e-6)
    assert not ours.spec.fusion().possible
