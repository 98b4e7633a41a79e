"""Encoder-decoders with attention and random weights, and the search over them in Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from edge.search import Decoder
from keras_lstm_plus import LSTMPlus, LSTMPlusCell
from keras_lstm_plus.attention import (
    AttentionCell,
    AttentionDecoder,
    BahdanauAttention,
    DecoderParts,
    LuongAttention,
    join_states,
)

READ, SAID = 20, 15  # sizes of the vocabularies


def encoder_decoder(kind: str) -> keras.Model:
    """`"luong"`: fed back, peepholes; `"bahdanau"`: before the step, two cells; `"masked"`: with padding."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    read, said = (keras.Input((None,), dtype="int32", name=name) for name in ("read", "said"))
    x = keras.layers.Embedding(READ, 12, mask_zero=kind == "masked")(read)
    both = keras.layers.Bidirectional(LSTMPlus(8, return_sequences=True, return_state=True))
    memory, *states = both(x)
    states = join_states(states)
    y = keras.layers.Embedding(SAID, 10)(said)
    if kind == "bahdanau":
        stack = keras.layers.StackedRNNCells([LSTMPlusCell(16, "cifg"), LSTMPlusCell(16)])
        cell = AttentionCell(stack, BahdanauAttention(9))
        states = [*states, *states]
    else:
        cell = AttentionCell(LSTMPlusCell(16, "peephole"), LuongAttention("general"))
    a = AttentionDecoder(cell)(y, memory, initial_state=states)
    model = keras.Model([read, said], keras.layers.Dense(SAID, name="scores")(a))
    for weight in model.trainable_weights:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    return model


def keras_decoder(parts: DecoderParts) -> Decoder:
    """The step, run by Keras."""
    sizes = {spec.name: spec.shape[-1] for spec in parts.step.inputs if spec.name.startswith("state_")}

    def call(given: dict[str, Any]) -> dict[str, Any]:
        tensors = {name: keras.ops.convert_to_tensor(value) for name, value in given.items()}
        return {name: np.asarray(value) for name, value in parts.step(tensors).items()}

    return Decoder(call, states=sizes, token=parts.target, scores="scores")


def file_decoder(file: Any, path: Any, runtime: Any, token: str) -> Decoder:
    """The step, run by a runtime in a process of its own; `file` is the `EdgeModel` of it, for the names."""
    outputs = [info.name for info in file.outputs]

    def call(given: dict[str, Any]) -> dict[str, Any]:
        inputs = [np.asarray(given[info.name]) for info in file.inputs]
        return dict(zip(outputs, runtime.run(path, [inputs])[0], strict=True))

    sizes = {info.name: info.shape[-1] for info in file.inputs if info.name.startswith("state_")}
    return Decoder(call, states=sizes, token=token, scores="scores")


def forced(decoder: Decoder, memory: dict[str, Any], tokens: Any) -> np.ndarray:
    """The scores `[time, vocabulary]` while it is told what to have said, its own states going on."""
    context, states = decoder.begin(memory)
    scores = []
    for token in tokens:
        now, states, _ = decoder(int(token), context, states)
        scores.append(now)
    return np.stack(scores)
