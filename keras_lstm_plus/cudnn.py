"""On a GPU: the kernel of cuDNN, called as `keras.layers.LSTM` calls it, by the same rule (`use_cudnn`).

cuDNN computes the standard LSTM and no other. Where Keras would show another number than its own loop, or
refuse what its loop computes, this follows the loop: zeros or the last output at padded steps as
`zero_output_for_mask` says, a mask that is no padding on the right, the order of a reversed sequence on JAX.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.private import carry_tangents, cudnn_lstm, cudnn_ok, inside_xla
from keras_lstm_plus.recurrence import Call, run_layer
from keras_lstm_plus.spec import LSTMSpec

Result = tuple[Tensor, Tensor, list[Tensor]]
_STANDARD = LSTMSpec()


def may_use_cudnn(layer: keras.layers.RNN, cell: LSTMPlusCell, call: Call | None = None) -> bool:
    """Whether `run_cudnn` would call cuDNN: a GPU is seen, and it computes this variant and this call.

    Args:
        call: None asks for the layer alone, before any call. On TensorFlow such a layer must not say that
            XLA can compile it (`supports_jit`): the kernel is none of XLA's.

    Raises:
        ValueError: the layer was given `use_cudnn=True` and this call cannot be computed so.
    """
    if layer.use_cudnn is False:
        return False
    why_not = _obstacle(layer, cell, call)
    if why_not is not None and layer.use_cudnn is True and call is not None:
        raise ValueError(_refusal(layer, why_not))
    return why_not is None


def run_cudnn(
    layer: keras.layers.RNN,
    cell: LSTMPlusCell,
    call: Call,
    otherwise: Callable[[Call], Result] | None = None,
) -> Result:
    """What `run_layer` returns, computed by cuDNN; ask `may_use_cudnn` before.

    Args:
        otherwise: computes what turns out only now to be none of cuDNN's: a mask that is not padding on the
            right, a kernel that the installed library has not. `run_layer` if None.

    Raises:
        ValueError: the layer was given `use_cudnn=True` and the backend has no such kernel.
    """
    usual = otherwise or (lambda values: run_layer(layer, cell, values))
    if call.mask is None:
        return _kernel(layer, cell, call, usual)
    import tensorflow as tf  # the one backend on which Keras hands a mask to cuDNN

    keep = tf.cast(call.mask, tf.bool)
    lengths = tf.reduce_sum(tf.cast(keep, tf.int32), axis=1)
    padding = tf.reduce_all(keep == tf.sequence_mask(lengths, tf.shape(keep)[1]))
    fits = tf.logical_and(padding, tf.reduce_all(lengths > 0))
    return tf.cond(
        fits,
        lambda: _shown(layer, call, _kernel(layer, cell, call, usual)),
        lambda: _static(layer, cell, call, usual(call)),
    )


def _obstacle(layer: keras.layers.RNN, cell: LSTMPlusCell, call: Call | None) -> str | None:
    """Why it cannot be cuDNN, as a sentence goes on after "but"."""
    tensorflow = keras.backend.backend() == "tensorflow"
    if cell.spec.with_options(name=_STANDARD.name, citation=_STANDARD.citation) != _STANDARD:
        return f"the kernel computes the standard LSTM with tanh and sigmoid, not this {cell.spec.name!r}"
    if cell.recurrent_dropout:
        return "the kernel has no recurrent_dropout"
    if layer.unroll:
        return "the kernel is not unrolled"
    squashes = cell.activations.candidate, cell.activations.gate
    if not cudnn_ok(*squashes, layer.unroll, use_bias=True):
        return f"the {keras.backend.backend()} backend sees no GPU with cuDNN"
    if call is None:
        return None
    if call.training and cell.dropout and cell.implementation == 1:
        return "implementation=1 drops other inputs for every gate, which the kernel cannot"
    if call.mask is not None and not tensorflow:
        return "the mask is given to the kernel by the tensorflow backend alone"
    if keras.backend.backend() == "torch" and call.sequences.device.type != "cuda":
        return f"the sequences are on the {call.sequences.device}"
    if tensorflow and inside_xla():
        return "XLA compiles this function, and the kernel is none of XLA's"
    if tensorflow and _followed(cell, call):
        return "the kernel has no forward-mode derivative"
    return None


def _followed(cell: LSTMPlusCell, call: Call) -> bool:
    import tensorflow as tf  # other backends have none

    parts = (call.sequences, *call.initial_state, *cell.trainable_variables)
    return carry_tangents([tf.convert_to_tensor(part) for part in parts])


def _refusal(layer: keras.layers.RNN, why_not: str) -> str:
    return (
        f"{layer.name}: use_cudnn=True was asked for, but {why_not}. Give use_cudnn='auto', which takes "
        "cuDNN where it can and this layer's own loop elsewhere."
    )


def _kernel(
    layer: keras.layers.RNN, cell: LSTMPlusCell, call: Call, usual: Callable[[Call], Result]
) -> Result:
    """The call that `keras.layers.LSTM` makes."""
    sequences, back = call.sequences, layer.go_backwards
    if call.training and cell.dropout:
        sequences = sequences * cell.get_dropout_mask(sequences[:, 0, :])[:, None, :]
    if back and call.mask is None:
        sequences, back = ops.flip(sequences, axis=1), False  # each backend then shows the same order
    weights = cell.lstm_weights(call.training)
    try:
        result = cudnn_lstm(
            sequences,
            *call.initial_state,
            call.mask,
            kernel=weights.kernel,
            recurrent_kernel=weights.recurrent_kernel,
            bias=weights.bias,
            activation=cell.activations.candidate,
            recurrent_activation=cell.activations.gate,
            return_sequences=layer.return_sequences,
            go_backwards=back,
            unroll=layer.unroll,
        )
    except NotImplementedError as error:
        if layer.use_cudnn is True:
            why_not = "the installed cuDNN or backend has no kernel for it"
            raise ValueError(_refusal(layer, why_not)) from error
        result = usual(call)
    return _static(layer, cell, call, result)


def _static(layer: keras.layers.RNN, cell: LSTMPlusCell, call: Call, result: Result) -> Result:
    """What is known of the shapes beforehand said again; all steps only where somebody looks at them."""
    last, every, states = result
    if not layer.return_sequences:
        every = last
    if keras.backend.backend() == "tensorflow":
        batch, time, _ = call.sequences.shape
        for value in (last, *states):
            value.set_shape((batch, cell.units))
        if layer.return_sequences:
            every.set_shape((batch, time, cell.units))
    return last, every, list(states)


def _shown(layer: keras.layers.RNN, call: Call, result: Result) -> Result:
    """What the loop shows at padded steps, where cuDNN has zeros; reversed they come first, as zeros."""
    last, every, states = result
    if layer.go_backwards:
        return result
    keep = ops.cast(call.mask, "bool")
    if not layer.return_sequences:
        if layer.zero_output_for_mask:
            last = ops.where(keep[:, -1:], last, ops.zeros_like(last))
        return last, last, states
    rest = ops.zeros_like(last) if layer.zero_output_for_mask else last
    return last, ops.where(keep[..., None], every, rest[:, None]), states
