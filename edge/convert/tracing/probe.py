"""Which recurrent layers a model calls, in which order and on what: found by running it once on shapes."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from edge.convert.keras_model.call_sites import OTHER, Site, cell_step, first_states
from edge.convert.keras_model.signature import Signature, run, tensor_specs
from edge.convert.tracing.lower import Lowered
from edge.convert.tracing.recording import Recording
from keras_lstm_plus.aliases import Tensor


def probe(model: keras.Model, signature: Signature) -> list[Site]:
    """The uses of recurrent layers in a model, in order."""
    recording = Recording(model, _zeros)
    function = tf.function(
        lambda *tensors: run(model, signature, tensors),
        input_signature=tensor_specs(signature),
        autograph=False,
    )
    with recording.running():
        function.get_concrete_function()
    return recording.sites


def _zeros(site: Site, x: Tensor, states: Any, mask: Tensor) -> tuple[Lowered, Site]:
    batch, steps = tf.shape(x)[0], tf.shape(x)[1]
    if site.kind == OTHER:  # its cell alone knows the shapes
        before = states or first_states(site.layer, keras.ops.shape(x)[0])
        output, final = cell_step(site.layer.cell, x[:, 0], before)
        wide = tf.shape(output)[1:]
    else:
        output = tf.zeros((batch, site.output_units), x.dtype)
        final = [tf.zeros((batch, size), x.dtype) for size in site.state_sizes]
        wide = [site.output_units]
    y = tf.zeros(tf.concat([[batch, steps], wide], 0), output.dtype)
    y.set_shape((site.batch, site.steps, *output.shape[1:]))
    return Lowered(y, y[:, 0], final), site
