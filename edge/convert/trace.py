"""Keras model -> float flatbuffer, with a placeholder operator for every call of an LSTM.

TensorFlow's converter turns a function marked `tfl_fusable_op` into one custom operator and keeps its name.
While the model is exported, the `call` of each LSTM is such a function; `fuse` fills the operators in later.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from edge.convert import flatbuffer, operators, private
from edge.convert.layers import LSTMCall, lstm_layers, read_call, refusal, without_lstm
from edge.convert.signature import Signature, run

_MARK = (
    'name: "{0}" attr {{ key: "tfl_fusable_op" value {{ b: true }} }} '
    'attr {{ key: "id" value {{ s: "{0}" }} }}'
)


@dataclass
class Recording:
    """What the export met: the LSTM calls, the names of the outputs and, if it must stop, why."""

    calls: list[LSTMCall] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    refusal: str | None = None

    def refuse(self, reason: str) -> None:
        """Stop the export. Keras would wrap the message in its own words, so it is kept here."""
        self.refusal = reason
        raise ValueError(reason)


class Traced(NamedTuple):
    """A model as a flatbuffer in which each LSTM call is a custom operator; the calls; the output names."""

    model: flatbuffer.Model
    calls: list[LSTMCall]
    outputs: list[str]


def trace(model: keras.Model, signature: Signature, int8_weights: bool = False) -> Traced:
    """Export `model` for one sequence at a time.

    Args:
        model: a built Keras model.
        signature: its inputs.
        int8_weights: let TensorFlow store the weights of all other layers as 8-bit integers.

    Raises:
        ValueError: the model has no LSTM, uses one in a way that does not convert, or needs an operator that
            small runtimes lack.
    """
    if not lstm_layers(model):
        raise ValueError(without_lstm(model))
    with placeholders(model) as recording:
        try:
            content = _export(model, signature, recording, int8_weights)
        except Exception:
            if recording.refusal is None:
                raise
            raise ValueError(recording.refusal) from None
    traced = flatbuffer.load(content)
    # TensorFlow may run the model twice to record it, and drops what no output needs.
    present = operators.count(traced)
    calls = [call for call in recording.calls if call.placeholder in present]
    _refuse_foreign_operators(traced, {call.placeholder for call in calls})
    return Traced(traced, calls, recording.outputs)


@contextmanager
def placeholders(model: keras.Model) -> Iterator[Recording]:
    """Let every LSTM of `model` leave a placeholder in the graph instead of its loop; undone in any case."""
    recording = Recording()
    layers = lstm_layers(model)
    for layer in layers:
        # Keras tracks what is assigned to a layer; this is no part of it.
        object.__setattr__(layer, "call", _stand_in(layer, recording))
    try:
        yield recording
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")


def _stand_in(layer: Any, recording: Recording) -> Callable[..., Any]:
    """The `call` of `layer` while it is exported."""

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        reason = refusal(layer, sequences, initial_state, mask)
        if reason:
            recording.refuse(f"Layer {layer.name!r}: {reason}")
        record = read_call(layer, f"lstm_plus_{len(recording.calls)}")
        recording.calls.append(record)
        if layer.go_backwards:
            sequences = tf.reverse(sequences, [1])
        outputs = _placeholder(record)(sequences)
        return outputs if layer.return_sequences else outputs[:, -1]

    return call


def _placeholder(call: LSTMCall) -> Callable[[Any], Any]:
    width = call.spec.output_units(call.units)

    @tf.function(experimental_implements=_MARK.format(call.placeholder), autograph=False)
    def lstm(sequences: Any) -> Any:
        # Only the shape counts: [batch, time, output].
        return tf.repeat(sequences[:, :, :1], width, axis=2)

    return lstm


def _export(model: keras.Model, signature: Signature, recording: Recording, int8_weights: bool) -> bytes:
    """By way of a SavedModel: from a plain function the converter would inline the placeholders."""

    def serve(*tensors: Any) -> dict[str, Any]:
        outputs = run(model, signature, tensors)
        recording.outputs[:] = outputs
        # An output that is an input, or that is given twice, needs a name of its own.
        return {f"output_{position}": tf.identity(output) for position, output in enumerate(outputs.values())}

    specs = [
        tf.TensorSpec(spec.shape, spec.dtype, name=f"input_{position}")
        for position, spec in enumerate(signature.inputs)
    ]
    module = tf.Module()
    module.serve = tf.function(serve, input_signature=specs, autograph=False)
    module.variables_of_model = [variable.value for variable in model.variables]
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=module.serve.get_concrete_function())
        return private.convert_saved_model(folder, int8_weights)


def _refuse_foreign_operators(model: flatbuffer.Model, placeholders: set[str]) -> None:
    known = set(operators.builtin_names()) - {"WHILE", "IF", "CALL_ONCE"}
    foreign = [name for name in operators.count(model) if name not in known | placeholders]
    if foreign:
        raise ValueError(
            f"The model needs {', '.join(foreign)} beside its LSTMs, which the runtimes of small devices "
            "lack or run slowly (WHILE is what a GRU, a SimpleRNN or another loop becomes). Replace the "
            "layer that needs it, or move it out of the model."
        )
