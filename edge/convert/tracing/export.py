"""Keras model -> float flatbuffer, with a placeholder operator for every LSTM that is to be fused.

TensorFlow's converter turns a function marked `tfl_fusable_op` into one custom operator and keeps its name.
While the model is exported, the `call` of each recurrent layer is our own: it leaves such a function, which
`edits.fusion` fills in later, or writes the layer out in plain operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from edge.convert import tf_private
from edge.convert.graph import flatbuffer, operators
from edge.convert.keras_model.call_sites import Site
from edge.convert.keras_model.signature import Signature, run, tensor_specs
from edge.convert.plan import Plan
from edge.convert.tracing.draft import Draft, PlainState
from edge.convert.tracing.lower import Lowered, fused_call, plain_call
from edge.convert.tracing.recording import Recording
from keras_lstm_plus.aliases import Tensor


def export(
    draft: Draft,
    model: keras.Model,
    signature: Signature,
    plan: Plan,
    sites: Sequence[Site],
    weights: str | None = None,
) -> None:
    """Fill `draft` with the model, each layer in the form that is planned.

    Args:
        draft: what was in it is gone.
        model: a built Keras model.
        signature: its inputs.
        plan: the form of each recurrent layer.
        sites: what `probe` found.
        weights: `"int8"` or `"float16"`: how to store those of all layers that are not fused.

    Raises:
        ValueError: it needs an operator that small runtimes lack.
    """
    draft.model, draft.fused = None, []  # its weights need not lie beside those that come
    writer = _Writer(model, signature, plan, sites)
    graph = flatbuffer.load(_converted(writer, weights))
    flatbuffer.order_ends(graph, len(writer.specs), len(writer.outputs) + len(writer.shown))
    recorded = writer.recording.sites
    _refuse_foreign_operators(graph, {site.placeholder for site in recorded})
    present = operators.count(graph)  # TensorFlow drops what no output needs
    draft.model, draft.outputs, draft.plain_states = graph, writer.outputs, writer.shown
    draft.sites = [
        site
        for site, form in zip(recorded, plan.lowerings, strict=True)
        if form != "fused" or site.placeholder in present
    ]


class _Writer:
    """Runs the model once and writes each recurrent layer in its form; knows which states go in and out."""

    def __init__(self, model: keras.Model, signature: Signature, plan: Plan, sites: Sequence[Site]) -> None:
        self._model, self._signature, self._plan = model, signature, plan
        self.recording = Recording(model, self._lower)
        self.outputs: list[str] = []
        self.shown = _shown_states(plan, sites)
        self.specs = tensor_specs(signature)
        batch = signature.inputs[0].shape[0]
        self.specs += [
            tf.TensorSpec((batch, state.size), tf.float32, name=f"input_{len(self.specs) + n}")
            for n, state in enumerate(self.shown)
        ]
        self._given: dict[int, list[Tensor]] = {}
        self._final: dict[int, list[Tensor]] = {}

    def serve(self, *tensors: Tensor) -> dict[str, Tensor]:
        """The function that is exported: data and then states in, outputs and then states out."""
        self.recording.sites.clear()  # TensorFlow may record the model twice
        self._given.clear()
        count = len(self._signature.inputs)
        for state, tensor in zip(self.shown, tensors[count:], strict=True):
            self._given.setdefault(state.site, []).append(tensor)
        results = run(self._model, self._signature, tensors[:count])
        self.outputs = list(results)
        owners = dict.fromkeys(state.site for state in self.shown)
        after = [tensor for site in owners for tensor in self._final[site]]
        # An output that is an input, or that is given twice, needs a name of its own.
        return {f"output_{n}": tf.identity(t) for n, t in enumerate([*results.values(), *after])}

    def _lower(self, site: Site, x: Tensor, states: Any, mask: Tensor) -> tuple[Lowered, Site]:
        form = self._plan.lowerings[site.index]
        if form == "fused":
            wide = site.widened() if self._plan.quantize in ("int8", "int16x8") else site
            if site.masked and site.layer.return_state and site.spec:
                wide = wide.closed()
            return fused_call(site, wide, x, states, mask), wide
        done = plain_call(site, x, self._given.get(site.index, states), mask, form == "step")
        self._final[site.index] = done.states
        return done, site


def _shown_states(plan: Plan, sites: Sequence[Site]) -> list[PlainState]:
    """The states of plain lowerings that become inputs and outputs; a state that the model gives does not."""
    if plan.state != "explicit":
        return []
    return [
        PlainState(name, size, site.index)
        for site, form in zip(sites, plan.lowerings, strict=True)
        if form != "fused" and not site.given_state and not plan.resets[site.index]
        for name, size in zip(site.state_names(), site.state_sizes, strict=True)
    ]


def _converted(writer: _Writer, weights: str | None) -> bytes:
    """By way of a SavedModel: from a plain function the converter would inline the placeholders."""
    module = tf.Module()  # that has no function: TensorFlow would trace it once more when it saves
    serve = tf.function(writer.serve, input_signature=writer.specs, autograph=False)
    with tf_private.scratch() as folder:
        with writer.recording.running():
            function = serve.get_concrete_function()
            # Those that it reads: not what an operator or a constant has, unless the model reads it, too.
            module.variables_of_model = list(function.variables)
            tf.saved_model.save(module, folder, signatures=function)
        return tf_private.convert_saved_model(folder, weights)


def _refuse_foreign_operators(model: flatbuffer.Model, placeholders: set[str]) -> None:
    known = set(operators.builtin_names()) - {"WHILE", "IF", "CALL_ONCE"}
    foreign = [name for name in operators.count(model) if name not in known | placeholders]
    if any("random" in name.lower() or name == "MULTINOMIAL" for name in operators.count(model)):
        raise ValueError(
            "The model draws random numbers when it is used (training=False), so that no two answers are the "
            "same. Leave that layer out of the model, or let it draw while training alone."
        )
    if "CALL_ONCE" in operators.count(model):
        raise ValueError(
            "The model changes a variable when it is used (training=False), which a file cannot keep. Leave "
            "that layer out of the model, or let it change the variable while training alone."
        )
    if foreign:
        loop = " (WHILE is what a loop of its own becomes)" if "WHILE" in foreign else ""
        raise ValueError(
            f"The model needs {', '.join(foreign)} beside its recurrent layers, which the runtimes of small "
            f"devices lack or run slowly{loop}. Replace the layer that needs it, or move it out of the model."
        )
