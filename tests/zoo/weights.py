"""Weights as a training leaves them: of their own in every gate, and of a size that what goes in matters."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_lstm_plus.private import flat_layers, replaced
from tests.zoo.architecture import LAYERS, Architecture, Inputs

GATE_SCALES = (0.7, 1.5)  # of the kernel of a gate beside those of the others
RECURRENT_SCALES = (0.6, 1.1)  # below where a difference grows from step to step for ever
FORGET_BIAS = 1.0
# What the input moves a layer by, as a standard deviation before its activation: a gate, a hidden layer, and
# the last one, where a trained classifier is sure now and then.
MOVES_GATE, MOVES_HIDDEN, MOVES_LAST = 1.0, 1.2, 1.8


def built(architecture: Architecture, layer: str) -> keras.Model:
    """The model with its weights: the same for both classes of layers, which have them in the same order."""
    model = _unweighted(architecture, "stock")
    inputs = architecture.inputs(2, 8)
    randomise(model, zlib.crc32(architecture.name.encode()))
    _let_inputs_matter(model, [each[:1, :1] for each in inputs] if architecture.as_stream else inputs)
    if layer == "stock":
        return model
    values = [np.asarray(weight) for weight in _numbers(model)]
    model = _unweighted(architecture, layer)
    for weight, value in zip(_numbers(model), values, strict=True):
        weight.assign(value)
    return model


def _unweighted(architecture: Architecture, layer: str) -> keras.Model:
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    model = architecture.build(LAYERS[layer])
    if not model.built:  # a Sequential without an Input, a subclassed one: by its first call, as for a user
        call(model, architecture.inputs(0, 2))
    return model


def call(model: keras.Model, inputs: Inputs) -> list[Any]:
    """The outputs for a batch, step by step as Python runs, without a graph."""
    return list(keras.tree.flatten(model(model_input(inputs), training=False)))


def model_input(inputs: Inputs) -> Any:
    """As a model takes them: a list of several, one alone; text as a tensor."""
    texts = [each.dtype.kind in "OU" for each in inputs]
    given = [
        ops.convert_to_tensor(each, dtype="string") if is_text else each
        for each, is_text in zip(inputs, texts, strict=True)
    ]
    return given if len(given) > 1 else given[0]


def _numbers(model: keras.Model) -> list[keras.Variable]:
    """The weights that are real numbers: no seeds, no counters."""
    return [weight for weight in model.weights if "float" in str(weight.dtype)]


def randomise(model: keras.Model, seed: int) -> None:
    """Random weights, drawn in the order in which the model has them."""
    rng = np.random.default_rng(seed)
    gated = _gates(model)
    for weight in _numbers(model):
        if id(weight) in gated:
            value = _gate_by_gate(rng, weight, *gated[id(weight)])
        else:
            value = _plain(rng, weight)
        weight.assign(value.astype("float32"))


def _gates(model: keras.Model) -> dict[int, tuple[int, bool]]:
    """By weight of a recurrent cell: its number of units, and whether a relu lets it grow."""
    found = {}
    for layer in flat_layers(model):
        if not hasattr(layer, "recurrent_kernel"):
            continue
        unbounded = getattr(layer, "activation", None) is keras.activations.relu
        for name in ("kernel", "recurrent_kernel", "bias"):
            weight = getattr(layer, name, None)
            if weight is not None:
                found[id(weight)] = (int(layer.recurrent_kernel.shape[-2]), unbounded)
    return found


def _gate_by_gate(rng: np.random.Generator, weight: keras.Variable, units: int, relu: bool) -> np.ndarray:
    """A scale of its own for each gate; the forget gates of an LSTM, the second of four, mostly open."""
    shape = tuple(weight.shape)
    gates = shape[-1] // units
    if weight.name == "bias":
        value = rng.normal(scale=0.4, size=shape)
        if gates == 4:
            value[..., units : 2 * units] += FORGET_BIAS
        return value
    low, high = RECURRENT_SCALES if weight.name == "recurrent_kernel" else GATE_SCALES
    scales = np.repeat(rng.uniform(low, high, gates), units) / np.sqrt(np.prod(shape[:-1]))
    return rng.normal(size=shape) * scales * (0.5 if relu else 1.0)


def _plain(rng: np.random.Generator, weight: keras.Variable) -> np.ndarray:
    """By its name: statistics near those of normed data, tables of words, kernels that keep the size."""
    shape = tuple(weight.shape)
    if weight.name in ("moving_variance", "variance"):
        return rng.uniform(0.5, 2.0, shape)
    if weight.name == "gamma":
        return rng.uniform(0.6, 1.4, shape)
    if weight.name == "embeddings":
        return rng.normal(scale=0.7, size=shape)
    if len(shape) < 2:
        return rng.normal(scale=0.2, size=shape)
    return rng.normal(size=shape) / np.sqrt(np.prod(shape[:-1]))


def _let_inputs_matter(model: keras.Model, inputs: Inputs) -> None:
    """Fit each kernel and bias, at its first call, to what its layer is given: letters, pictures, states.

    Random kernels of a common scale leave a deep network with answers that hardly depend on its input, and
    any file would be right about those; or with gates that are all shut, which no training leaves.
    """
    all_layers = flat_layers(model)
    in_layers = [layer.cell for layer in all_layers if isinstance(layer, keras.layers.RNN)]
    movable = [
        layer
        for layer in all_layers
        if _kernel_of(layer) is not None and not any(layer is cell for cell in in_layers)
    ]
    done: set[int] = set()

    def scaling(layer: Any) -> Callable[..., Any]:
        original, kernel = layer.call, _kernel_of(layer)
        is_last = layer is movable[-1]
        wanted = MOVES_GATE if _is_gated(layer) else MOVES_LAST if is_last else MOVES_HIDDEN

        def scaled(x: Any, *args: Any, **keywords: Any) -> Any:
            if id(layer) not in done:
                done.add(id(layer))
                before = _before_activation(layer, x, original)
                moves = float(before.std(axis=0).mean())
                if moves > 1e-6:
                    scale = wanted / moves
                    kernel.assign(kernel * scale)
                    bias = getattr(getattr(layer, "cell", layer), "bias", None)
                    if bias is not None and tuple(bias.shape) == (kernel.shape[-1],):
                        bias.assign(bias - scale * before.mean(axis=0))
            return original(x, *args, **keywords)

        return scaled

    with replaced(movable, "call", scaling):
        call(model, inputs)
    reset(model)


def reset(model: keras.Model) -> None:
    """The states of stateful layers to zero."""
    for layer in flat_layers(model):
        if getattr(layer, "stateful", False):
            layer.reset_state()


def _is_gated(layer: Any) -> bool:
    return hasattr(layer, "recurrent_kernel") or isinstance(layer, keras.layers.RNN)


def _kernel_of(layer: Any) -> Any:
    """The matrix by which a layer takes its input in, if it is one that can be scaled to it."""
    kernel = getattr(getattr(layer, "cell", layer), "kernel", None)
    if _is_gated(layer):
        return kernel if kernel is not None and len(kernel.shape) == 2 else None
    kinds = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
    return kernel if isinstance(layer, kinds) else None


def _before_activation(layer: Any, x: Any, original: Callable[..., Any]) -> np.ndarray:
    """What its input alone gives a layer, without bias and activation: `[samples and steps, units]`."""
    if _is_gated(layer):
        given = ops.matmul(ops.cast(x, "float32"), _kernel_of(layer))
    else:
        with replaced([layer], "activation", lambda _: keras.activations.linear):
            given = original(x)
        given = given - layer.bias if layer.use_bias else given
    values = np.asarray(ops.cast(given, "float32"))
    return values.reshape(-1, values.shape[-1])
