"""A trained encoder-decoder taken apart: the encoder, and one step of the decoder, as models of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_lstm_plus.aliases import Array
from keras_lstm_plus.attention.cell import BEFORE, AttentionCell, query_of
from keras_lstm_plus.attention.decoder import AttentionDecoder
from keras_lstm_plus.private import calls_behind, flat_layers, is_functional, mask_of

# What looks at several steps of the targets at once cannot be run one step at a time, without a state.
_ACROSS_TIME = (
    *(keras.layers.RNN, keras.layers.Bidirectional, AttentionDecoder, keras.layers.Conv1D),
    *(keras.layers.MultiHeadAttention, keras.layers.Attention, keras.layers.AdditiveAttention),
    *(keras.layers.MaxPooling1D, keras.layers.AveragePooling1D, keras.layers.GlobalAveragePooling1D),
    *(keras.layers.GlobalMaxPooling1D, keras.layers.Flatten, keras.layers.SeparableConv1D),
)


class DecoderParts(NamedTuple):
    """Two models that share the weights of the one they were made of.

    Attributes:
        encoder: what the model reads -> `memory`, `keys` if the attention has some, `memory_mask` if there is
            one, and the first states `state_0`, `state_1`, ...
        step: those, and one step of the targets `[batch, 1]` under the name of its input -> the output of the
            model for it, `alignments [batch, 1, positions]`, and the states after it, `next_state_0`, ...
        target: the name of the input of `step` that takes the targets.
    """

    encoder: keras.Model
    step: keras.Model
    target: str

    def samples(self, inputs: Any, targets: Any) -> dict[str, Array]:
        """What `step` is given while it says the targets: for `edge.convert(representative_data=...)`.

        Args:
            inputs: of the encoder, in the structure that it takes.
            targets: `[batch, time, ...]`, as for training: each step what was said before.

        Returns:
            By the name of the input of `step`: an entry for each step of each row.
        """
        read = _bare(self.encoder(keras.tree.map_structure(ops.convert_to_tensor, inputs)))
        fixed = {name: value for name, value in read.items() if not name.startswith("state_")}
        states = {
            spec.name: read.get(spec.name) for spec in self.step.inputs if spec.name.startswith("state_")
        }
        batch = next(iter(fixed.values())).shape[0]
        for spec in self.step.inputs:
            if spec.name in states and states[spec.name] is None:
                states[spec.name] = ops.zeros((batch, *spec.shape[1:]))
        given: list[dict[str, Any]] = []
        targets = ops.convert_to_tensor(targets)
        for k in range(targets.shape[1]):
            given.append({self.target: targets[:, k : k + 1], **fixed, **states})
            outputs = _bare(self.step(given[-1]))
            states = {name: outputs[f"next_{name}"] for name in states}
        return {
            name: np.concatenate([ops.convert_to_numpy(each[name]) for each in given]) for name in given[0]
        }


def decoder_step(model: keras.Model) -> DecoderParts:
    """Take a trained model apart for the search of an answer: the encoder, and one step of the decoder.

    Args:
        model: functional, with one `AttentionDecoder` in it.

    Raises:
        ValueError: no functional model, none or several such layers, or layers around the decoder that look
            at several steps of the targets at once.

    Example:
        >>> import keras
        >>> from keras_lstm_plus import LSTMPlus, LSTMPlusCell
        >>> from keras_lstm_plus.attention import AttentionCell, AttentionDecoder, LuongAttention
        >>> read, said = keras.Input((None, 4), name="read"), keras.Input((None,), name="said")
        >>> memory, *state = LSTMPlus(8, return_sequences=True, return_state=True)(read)
        >>> cell = AttentionCell(LSTMPlusCell(8), LuongAttention("dot"))
        >>> heard = keras.layers.Embedding(5, 6)(said)
        >>> a = AttentionDecoder(cell)(heard, memory, initial_state=state)
        >>> model = keras.Model([read, said], keras.layers.Dense(5, name="scores")(a))
        >>> parts = decoder_step(model)
        >>> sorted(parts.encoder.output), sorted(parts.step.output)
        (['memory', 'state_0', 'state_1'],
         ['alignments', 'next_state_0', 'next_state_1', 'next_state_2', 'scores'])
    """
    call = _call_of_the_decoder(model)
    decoder = call.operation
    given = _arguments(decoder, call)
    target = _target_of(given["targets"])
    # Keras hands a mask on beside the call, unless somebody names it.
    mask = given.get("memory_mask", mask_of(given["memory"]))
    return DecoderParts(_encoder(decoder.cell, given, mask), _step(model, call, given, mask), target.name)


def _call_of_the_decoder(model: Any) -> Any:
    if not is_functional(model):
        raise ValueError(
            f"decoder_step takes a functional model apart, keras.Model(inputs, outputs); received {model!r}."
        )
    calls = [c for c in calls_behind(model.outputs) if isinstance(c.operation, AttentionDecoder)]
    if len(calls) != 1:
        raise ValueError(
            f"decoder_step takes a model with one AttentionDecoder in it apart, and {model.name!r} calls "
            f"{len(calls)}. Build it so that the decoder is called once, in the model itself and not in one "
            "that is nested in it."
        )
    return calls[0]


def _arguments(decoder: AttentionDecoder, call: Any) -> dict[str, Any]:
    names = ("targets", "memory", "initial_state", "targets_mask", "memory_mask")
    given = dict(zip(names, call.arguments.args, strict=False)) | call.arguments.kwargs
    return {name: value for name, value in given.items() if value is not None}


def _target_of(targets: Any) -> Any:
    """The input of the model that the targets come from."""
    calls = calls_behind([targets])
    inputs = [call.outputs[0] for call in calls if call.is_input]
    if len(inputs) != 1:
        raise ValueError(
            f"The targets of the decoder come from {len(inputs)} inputs; one step of them is taken from one, "
            "of the shape (None,) or (None, features). Give the decoder what depends on that input alone."
        )
    _refuse_across_time("before", calls)
    return inputs[0]


def _refuse_across_time(where: str, calls: list[Any]) -> None:
    for call in calls:
        operation = call.operation
        inside = flat_layers(operation) if isinstance(operation, keras.layers.Layer) else []
        if any(isinstance(layer, _ACROSS_TIME) for layer in inside):
            raise ValueError(
                f"{operation.name} ({type(operation).__name__}) stands {where} the decoder and looks at "
                "several steps of the targets, which one step alone does not have. Put recurrent layers into "
                "the cell, keras.layers.StackedRNNCells([...]), or leave the layer out."
            )


def _encoder(cell: AttentionCell, given: dict[str, Any], mask: Any) -> keras.Model:
    memory = given["memory"]
    outputs = {"memory": memory}
    if _has_keys(cell):
        outputs["keys"] = _Keys(cell.attention, name="keys_of_the_memory")(memory)
    if mask is not None:
        outputs["memory_mask"] = mask
    for k, state in enumerate(keras.tree.flatten(given.get("initial_state", []))):
        outputs[f"state_{k}"] = state
    inputs = [c.outputs[0] for c in calls_behind(outputs.values()) if c.is_input]
    named = {name: _named(value, name) for name, value in outputs.items()}
    return keras.Model(_in_order(inputs, given), named, name="encoder")


def _in_order(inputs: list[Any], given: dict[str, Any]) -> Any:
    inputs = sorted(inputs, key=lambda each: each.name)
    return inputs[0] if len(inputs) == 1 else inputs


def _step(model: keras.Model, call: Any, given: dict[str, Any], mask: Any) -> keras.Model:
    cell: AttentionCell = call.operation.cell
    target, memory = _target_of(given["targets"]), given["memory"]

    def entry(like: Any, name: str, shape: tuple[int | None, ...] | None = None) -> Any:
        return keras.Input(tuple(like.shape[1:]) if shape is None else shape, dtype=like.dtype, name=name)

    inputs = {
        target.name: entry(target, target.name, (1, *target.shape[2:])),
        "memory": entry(memory, "memory"),
    }
    positions = memory.shape[1]
    if _has_keys(cell):
        size = int(cell.attention.memory_kernel.shape[-1])
        inputs["keys"] = entry(memory, "keys", (positions, size))
    if mask is not None:
        inputs["memory_mask"] = entry(mask, "memory_mask", (positions,))
    for k, size in enumerate(cell.state_size):
        inputs[f"state_{k}"] = keras.Input((size,), dtype=memory.dtype, name=f"state_{k}")
    x = inputs[target.name]
    if given["targets"] is not target:  # a model that gives its input would take the name from it
        x = keras.Model(target, given["targets"], name="heard")(x)
    x = x[:, 0]
    states = [inputs[f"state_{k}"] for k in range(len(cell.state_size))]
    output, new, alignments = _one_step(cell, x, states, inputs)
    shown = {name: _named(value, name) for name, value in _said(model, call, output, alignments, new).items()}
    shown["alignments"] = _named(alignments[:, None], "alignments")
    shown |= {f"next_state_{k}": _named(state, f"next_state_{k}") for k, state in enumerate(new)}
    return keras.Model(inputs, shown, name="step")


def _one_step(
    cell: AttentionCell, x: Any, states: list[Any], inputs: dict[str, Any]
) -> tuple[Any, list[Any], Any]:
    """As `AttentionCell.call`, the cell as a layer over one step: what `edge.convert` has an operator for."""
    look = {"memory_mask": inputs.get("memory_mask"), "keys": inputs.get("keys")}
    look = {name: value for name, value in look.items() if value is not None}
    fed, inner = cell.split(states)
    if cell.attend == BEFORE:
        fed, alignments = cell.attention(query_of(cell.cell, inner), inputs["memory"], **look)
        context = fed
    seen = x if fed is None else ops.concatenate([x, fed], axis=-1)
    layer = keras.layers.RNN(cell.cell, return_state=True, name="cell", dtype=cell.dtype_policy)
    packed = keras.tree.pack_sequence_as(cell.cell.state_size, inner)
    h, *after = layer(seen[:, None], initial_state=packed if keras.tree.is_nested(packed) else [packed])
    if cell.attend != BEFORE:
        context, alignments = cell.attention(h, inputs["memory"], **look)
    output = cell.combine(context, h)
    return output, [*keras.tree.flatten(after), *([output] if cell.input_feeding else [])], alignments


def _said(model: keras.Model, call: Any, output: Any, alignments: Any, states: list[Any]) -> dict[str, Any]:
    """What the model makes of the output of the decoder, by the names of its outputs."""
    decoder = call.operation
    values = [output[:, None], *([alignments[:, None]] if decoder.return_alignments else [])]
    values += states if decoder.return_state else []
    said = {}
    for name, tensor in zip(model.output_names, model.outputs, strict=True):
        after = [c for c in calls_behind([tensor]) if c not in calls_behind(call.outputs)]
        if not after and not any(tensor is each for each in call.outputs):
            continue  # of the encoder alone
        _refuse_across_time("behind", after)
        try:
            rest = keras.Model(list(call.outputs), tensor, name=f"rest_of_{name}")
        except ValueError as error:
            raise ValueError(
                f"Output {name!r} needs more than what the decoder gives, which is not there when it is run "
                "step by step. Let what follows the decoder take its outputs alone."
            ) from error
        said[name] = rest(values)
    return said


def _has_keys(cell: AttentionCell) -> bool:
    return hasattr(cell.attention, "memory_kernel")


def _named(tensor: Any, name: str) -> Any:
    return keras.layers.Identity(name=name)(tensor)


def _bare(tensors: dict[str, Any]) -> dict[str, Any]:
    """Without the masks that Keras hung on them: `step` has an input for the one that counts."""
    return {name: ops.convert_to_tensor(ops.convert_to_numpy(value)) for name, value in tensors.items()}


class _Keys(keras.layers.Layer):
    """`attention.keys`, once a sequence and not at every step."""

    def __init__(self, attention: Any, **kwargs: Any) -> None:
        super().__init__(dtype=attention.dtype_policy, **kwargs)
        self.attention = attention

    def call(self, memory: Any) -> Any:
        return self.attention.keys(memory)

    def compute_mask(self, *_: Any) -> None:
        """The mask goes its own way."""
