"""Every member of the family: the oracle, finite differences, and the fast path against plain autodiff."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_lstm_plus import VARIANTS, LSTMPlus, LSTMSpec, get_spec, recurrence
from keras_lstm_plus.path import Path
from keras_lstm_plus.whole_sequence import shards
from keras_lstm_plus.whole_sequence.forward import supports
from tests.helpers import oracle
from tests.helpers.layers import randomise, relative

BATCH, TIME, FEATURES, UNITS = 3, 5, 4, 6
RNG = np.random.default_rng(3)
X = RNG.normal(size=(BATCH, TIME, FEATURES))
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 0, 1, 0]], bool)

COMBINATIONS = {
    "everything": get_spec("peephole+cifg+layer_norm").with_options(
        projection_units=3, cell_clip=0.6, projection_clip=0.4
    ),
    "clipped": LSTMSpec(projection_units=4, cell_clip=0.5, projection_clip=0.3),
    "other squashes": LSTMSpec(
        candidate_activation="relu", output_activation="relu6", recurrent_activation="hard_sigmoid"
    ),
    "no bias": LSTMSpec(use_bias=False, layer_norm=True, peephole=True),
    "indy peephole": get_spec("indy+peephole+layer_norm"),
    "fgr cifg": get_spec("fgr+cifg"),
}
SPECS = {**VARIANTS, **COMBINATIONS}
NO_PEEPHOLES = SPECS.pop("np")  # what Greff calls the standard LSTM


@pytest.fixture(autouse=True)
def uncompiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """XLA takes a second a loop to compile; it has tests of its own."""
    if "compiled" not in request.node.name:
        chosen = recurrence.which_path

        def plain(*arguments: Any) -> Path:
            way = chosen(*arguments)
            return way._replace(name="plain loop") if way.name == "compiled loop" else way

        monkeypatch.setattr(recurrence, "which_path", plain)


def test_np_is_the_standard_one_by_another_name() -> None:
    standard = SPECS["standard"]
    assert NO_PEEPHOLES.with_options(name=standard.name, citation=standard.citation) == standard


def states(layer: LSTMPlus) -> list[tf.Tensor]:
    rng = np.random.default_rng(1)
    return [tf.constant(rng.normal(size=(BATCH, size)) * 0.5) for size in layer.cell.state_size]


def layer_of(spec: LSTMSpec, **options: Any) -> tuple[LSTMPlus, dict[str, np.ndarray]]:
    layer = LSTMPlus(UNITS, spec, return_state=True, dtype="float64", **options)
    return layer, randomise(layer, FEATURES)


def oracle_h(layer: LSTMPlus, weights: dict[str, np.ndarray], x: np.ndarray, start: list[Any]) -> np.ndarray:
    return oracle.run(layer.spec.to_dict(), weights, x, *(np.asarray(state) for state in start))["h"]


@pytest.mark.parametrize("name", SPECS)
def test_values_are_the_oracle(name: str) -> None:
    layer, weights = layer_of(SPECS[name], return_sequences=True)
    start = states(layer)
    right = oracle_h(layer, weights, X, start)
    np.testing.assert_allclose(layer(X, initial_state=start)[0], right, atol=1e-12)
    small = LSTMPlus.from_config({**layer.get_config(), "dtype": "float32"})
    small.build((None, None, FEATURES))
    small.set_weights(layer.get_weights())
    low = [tf.cast(state, tf.float32) for state in start]
    np.testing.assert_allclose(small(X.astype("float32"), initial_state=low)[0], right, atol=1e-5)


def gradients(layer: LSTMPlus, mask: np.ndarray | None) -> tuple[list[Any], dict[str, Any]]:
    x, start = tf.constant(X), states(layer)
    with tf.GradientTape() as tape:
        tape.watch([x, *start])
        outputs = layer(x, initial_state=start, mask=mask, training=True)
        loss = tf.add_n([tf.reduce_sum(tf.sin(output + 0.3)) for output in outputs])
    sources = {weight.name: weight.value for weight in layer.trainable_weights}
    sources |= {"x": x, **{f"state {k}": state for k, state in enumerate(start)}}
    return outputs, dict(zip(sources, tape.gradient(loss, list(sources.values())), strict=True))


MASKED = {"return_sequences": True, "go_backwards": True, "dropout": 0.3, "seed": 5}
NOISE = {**MASKED, "recurrent_dropout": 0.4, "weight_drop": 0.3, "zoneout_output": 0.2, "zoneout_cell": 0.4}
FAST = [name for name, spec in SPECS.items() if supports(spec)]


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize(
    ("options", "mask"),
    [({}, None), (MASKED, MASK), (NOISE, MASK)],
    ids=["last step", "masked, backwards", "all noise"],
)
def test_the_fast_path_is_autodiff_of_the_portable_one(
    name: str, options: dict[str, Any], mask: np.ndarray | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, found = gradients(layer_of(SPECS[name], **options)[0], mask)
    monkeypatch.setattr(recurrence, "which_path", lambda *_: Path("steps"))
    expected, right = gradients(layer_of(SPECS[name], **options)[0], mask)
    for value, other in zip(values, expected, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-12)
    for key, gradient in found.items():
        assert relative(gradient, right[key]) < 1e-10, key


@pytest.mark.parametrize("name", ["peephole", "everything"])
@pytest.mark.parametrize("cores", [1, 2, 4])  # a batch of 3: whole, in shares of 1 and 2, of 0 and 1
def test_compiled_and_shared_out_it_is_the_same(
    name: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_cores", lambda: cores)
    options = {"return_sequences": True, "dropout": 0.3, "recurrent_dropout": 0.4, "seed": 3}
    values, found = gradients(layer_of(SPECS[name], **options)[0], MASK)
    monkeypatch.setattr(recurrence, "which_path", lambda *_: Path("steps"))
    expected, right = gradients(layer_of(SPECS[name], **options)[0], MASK)
    for value, other in zip(values, expected, strict=True):
        np.testing.assert_allclose(value, other, atol=1e-12)
    for key, gradient in found.items():
        assert relative(gradient, right[key]) < 1e-10, key


@pytest.mark.parametrize("name", SPECS)
def test_gradients_are_finite_differences_of_the_oracle(name: str) -> None:
    layer, weights = layer_of(SPECS[name], return_sequences=True)
    start = states(layer)
    direction = np.random.default_rng(2).normal(size=(BATCH, TIME, layer.cell.output_size))
    inputs = [tf.constant(X), *start]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = tf.reduce_sum(direction * layer(inputs[0], initial_state=start)[0])
    names = list(weights)
    found = tape.gradient(value, [getattr(layer.cell, name).value for name in names] + inputs)
    points = [weights[name] for name in names] + [np.asarray(tensor) for tensor in inputs]
    for k, (gradient, point) in enumerate(zip(found, points, strict=True)):
        along = np.random.default_rng(k).normal(size=point.shape)
        sides = []
        for step in (1e-6, -1e-6):
            moved = [p + step * along if j == k else p for j, p in enumerate(points)]
            changed = dict(zip(names, moved[: len(names)], strict=True))
            x, *states_ = moved[len(names) :]
            sides.append(float(np.sum(direction * oracle_h(layer, changed, x, states_))))
        numeric = (sides[0] - sides[1]) / 2e-6
        assert float(np.sum(gradient * along)) == pytest.approx(numeric, rel=1e-6, abs=1e-7), k


@pytest.mark.parametrize("name", ["cifg", "layer_norm", "indy", "nig", "everything"])
def test_mutations_break_parity(name: str) -> None:
    layer, weights = layer_of(SPECS[name], return_sequences=True)
    start = states(layer)
    right = oracle_h(layer, weights, X, start)
    for weight, value in weights.items():
        wrong = np.roll(value, 1, axis=-1)
        getattr(layer.cell, weight).assign(wrong)
        assert relative(layer(X, initial_state=start)[0], right) > 1e-4, weight
        getattr(layer.cell, weight).assign(value)


def test_names_can_be_joined_and_contradict() -> None:
    spec = get_spec("peephole + cifg+layer_norm")
    assert (spec.peephole, spec.input_gate, spec.layer_norm) == (True, "coupled", True)
    assert "Gers" in spec.citation
    assert "Greff" in spec.citation
    with pytest.raises(ValueError, match="'cifg' and 'nig' contradict each other: input_gate"):
        get_spec("cifg+nig")
    with pytest.raises(ValueError, match="learned forget gate"):
        get_spec("cifg+nfg")


def test_zoneout_at_inference_is_the_average() -> None:
    layer, weights = layer_of(LSTMSpec(zoneout_output=0.25, zoneout_cell=0.5))
    start = states(layer)
    h, c = (np.asarray(state) for state in start)
    for t in range(TIME):
        step = oracle.run(layer.spec.to_dict(), weights, X[:, t : t + 1], h, c)
        h, c = 0.25 * h + 0.75 * step["h"][:, 0], 0.5 * c + 0.5 * step["c"][:, 0]
    np.testing.assert_allclose(layer(X, initial_state=start)[0], h, atol=1e-12)


def test_zoneout_in_training_keeps_its_share() -> None:
    layer = LSTMPlus(200, zoneout_output=0.3, seed=1, return_sequences=True)
    h = layer(RNG.normal(size=(8, 20, 3)).astype("float32"), training=True).numpy()
    kept = np.isclose(h[:, 1:], h[:, :-1], atol=0).mean()
    assert 0.29 < kept < 0.31


def test_weight_drop_is_one_mask_a_batch() -> None:
    layer = LSTMPlus(40, weight_drop=0.5, seed=1)
    layer.build((None, None, 3))
    dropped = layer.cell.lstm_weights(training=True).recurrent_kernel.numpy() == 0
    assert 0.45 < dropped.mean() < 0.55
    np.testing.assert_array_equal(
        dropped, layer.cell.lstm_weights(training=True).recurrent_kernel.numpy() == 0
    )
    layer(np.zeros((2, 3, 3), "float32"), training=True)
    again = layer.cell.lstm_weights(training=True).recurrent_kernel.numpy() == 0
    assert (again != dropped).any()
    assert (layer.cell.lstm_weights().recurrent_kernel.numpy() != 0).all()


def test_chrono_spans_memories_up_to_the_longest() -> None:
    layer = LSTMPlus(2000, chrono=100, seed=0, recurrent_initializer="zeros")
    layer.build((None, None, 1))
    i, f, g, o = np.split(layer.cell.bias.numpy(), 4)
    np.testing.assert_array_equal(i, -f)
    assert not g.any()
    assert not o.any()
    spans = np.exp(f)  # u, uniform in [1, 99]
    assert 1 <= spans.min() < 2
    assert 98 < spans.max() <= 99
    assert np.mean(spans) == pytest.approx(50, abs=2)
    with pytest.raises(ValueError, match="chrono is the longest memory in steps"):
        LSTMPlus(3, chrono=2)
