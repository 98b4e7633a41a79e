"""Keras model -> float flatbuffer, with a placeholder operator for every LSTM that is to be fused.

TensorFlow's converter turns a function marked `tfl_fusable_op` into one custom operator and keeps its name.
While the model is exported, the `call` of each recurrent layer is our own: it leaves such a function, which
`fuse` fills in later, or writes the layer out in plain operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from edge.convert import tf_private
from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.call_sites import Site, read_site, recurrent_layers
from edge.convert.keras_model.signature import Signature, run
from edge.convert.plan import Plan
from edge.convert.scratch import scratch
from edge.convert.tracing.lower import Lowered, fused_call, plain_call, widened
from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import replaced


class State(NamedTuple):
    """One state that a plain lowering shows: its name, its width, and the site it belongs to."""

    name: str
    size: int
    site: int


class Traced(NamedTuple):
    """A model as a flatbuffer in which each fused layer is a custom operator.

    Its inputs are those of the signature, then one a state; its outputs those of the model, then one a state.
    """

    model: flatbuffer.Model
    sites: list[Site]
    outputs: list[str]
    states: list[State]


@dataclass
class Recording:
    """What one pass through the model meets."""

    lower: Callable[[Site, Tensor, Any, Tensor], Lowered]
    sites: list[Site] = field(default_factory=list)
    error: Exception | None = None


def probe(model: keras.Model, signature: Signature) -> list[Site]:
    """The uses of recurrent layers in a model, in order."""

    def zeros(site: Site, x: Tensor, states: Any, mask: Tensor) -> Lowered:
        batch, steps = tf.shape(x)[0], tf.shape(x)[1]
        y = tf.zeros((batch, steps, site.output_units), x.dtype)
        y.set_shape((site.batch, site.steps, site.output_units))
        final = [tf.zeros((batch, size), x.dtype) for size in site.state_sizes]
        return Lowered(y, y[:, 0], final)

    with _stand_ins(model, zeros) as recording:
        function = tf.function(
            lambda *tensors: run(model, signature, tensors),
            input_signature=_specs(signature),
            autograph=False,
        )
        _without_traceback(recording, function.get_concrete_function)
    return recording.sites


def trace(
    model: keras.Model,
    signature: Signature,
    plan: Plan,
    sites: Sequence[Site],
    weights: str | None = None,
) -> Traced:
    """Export `model` as planned.

    Args:
        model: a built Keras model.
        signature: its inputs.
        plan: the form of each recurrent layer.
        sites: what `probe` found.
        weights: `"int8"` or `"float16"`: how to store those of all layers that are not fused.

    Raises:
        ValueError: it needs an operator that small runtimes lack.
    """
    shown = _shown_states(plan, sites)
    outputs: list[str] = []
    given: dict[int, list[Tensor]] = {}
    final: dict[int, list[Tensor]] = {}

    def lower(site: Site, x: Tensor, states: Any, mask: Tensor) -> Lowered:
        form = plan.lowerings[site.index]
        if form == "fused":
            wide = widened(site) if plan.quantize in ("int8", "int16x8") else site
            recording.sites[site.index] = wide
            return fused_call(site, wide, x, states, mask)
        done = plain_call(site, x, given.get(site.index, states), mask, form == "step")
        final[site.index] = done.states
        return done

    with _stand_ins(model, lower) as recording:

        def serve(*tensors: Tensor) -> dict[str, Tensor]:
            recording.sites.clear()  # TensorFlow may record the model twice
            data, rest = tensors[: len(signature.inputs)], list(tensors[len(signature.inputs) :])
            given.clear()
            for state, tensor in zip(shown, rest, strict=True):
                given.setdefault(state.site, []).append(tensor)
            results = run(model, signature, data)
            outputs[:] = results
            after = [
                tensor for site in dict.fromkeys(state.site for state in shown) for tensor in final[site]
            ]
            # An output that is an input, or that is given twice, needs a name of its own.
            return {f"output_{n}": tf.identity(t) for n, t in enumerate([*results.values(), *after])}

        batch = next(iter(sites)).batch if sites else 1
        specs = _specs(signature)
        specs += [
            tf.TensorSpec((batch, state.size), tf.float32, name=f"input_{len(specs) + n}")
            for n, state in enumerate(shown)
        ]
        content = _without_traceback(recording, lambda: _export(model, serve, specs, weights))
    traced = flatbuffer.load(content)
    flatbuffer.order_ends(traced, len(specs), len(outputs) + len(shown))
    _refuse_foreign_operators(traced, {site.placeholder for site in recording.sites})
    present = operators.count(traced)  # TensorFlow drops what no output needs
    kept = [
        site
        for site, form in zip(recording.sites, plan.lowerings, strict=True)
        if form != "fused" or site.placeholder in present
    ]
    return Traced(traced, kept, outputs, shown)


def _shown_states(plan: Plan, sites: Sequence[Site]) -> list[State]:
    """The states of plain lowerings that become inputs and outputs; a state that the model gives does not."""
    if plan.state != "explicit":
        return []
    return [
        State(name, size, site.index)
        for site, form in zip(sites, plan.lowerings, strict=True)
        if form != "fused" and not site.given_state
        for name, size in zip(site.state_names(), site.state_sizes, strict=True)
    ]


@contextmanager
def _stand_ins(model: keras.Model, lower: Callable[..., Lowered]) -> Iterator[Recording]:
    """Let every recurrent layer of `model` call `lower` instead of its loop; undone in any case."""
    recording = Recording(lower)
    with replaced(recurrent_layers(model), "call", lambda layer: _stand_in(layer, recording)):
        yield recording


def _stand_in(layer: Any, recording: Recording) -> Callable[..., Any]:
    """The `call` of `layer` while it is exported."""

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        try:
            mask = mask[0] if isinstance(mask, (list, tuple)) else mask
            site = read_site(len(recording.sites), layer, sequences, initial_state, mask)
            recording.sites.append(site)
            given = None if initial_state is None else keras.tree.flatten(initial_state)
            done = recording.lower(site, sequences, given, mask)
        except Exception as error:
            recording.error = recording.error or error
            raise
        output = done.every if layer.return_sequences else done.last
        return (output, *done.states) if layer.return_state else output

    return call


def _without_traceback(recording: Recording, work: Callable[[], Any]) -> Any:
    """Run `work`; an error of ours comes out as it is, where Keras would wrap it in its own words."""
    try:
        return work()
    except Exception:
        if recording.error is None:
            raise
        raise recording.error from None


def _specs(signature: Signature) -> list[Any]:
    return [
        tf.TensorSpec(spec.shape, spec.dtype, name=f"input_{position}")
        for position, spec in enumerate(signature.inputs)
    ]


def _export(
    model: keras.Model, serve: Callable[..., Any], specs: Sequence[Any], weights: str | None
) -> bytes:
    """By way of a SavedModel: from a plain function the converter would inline the placeholders."""
    module = tf.Module()
    module.serve = tf.function(serve, input_signature=specs, autograph=False)
    module.variables_of_model = [variable.value for variable in model.variables]
    with scratch() as folder:
        tf.saved_model.save(module, folder, signatures=module.serve.get_concrete_function())
        return tf_private.convert_saved_model(folder, weights)


def _refuse_foreign_operators(model: flatbuffer.Model, placeholders: set[str]) -> None:
    known = set(operators.builtin_names()) - {"WHILE", "IF", "CALL_ONCE"}
    foreign = [name for name in operators.count(model) if name not in known | placeholders]
    if foreign:
        raise ValueError(
            f"The model needs {', '.join(foreign)} beside its recurrent layers, which the runtimes of small "
            "devices lack or run slowly (WHILE is what a loop of its own becomes). Replace the layer that "
            "needs it, or move it out of the model."
        )
