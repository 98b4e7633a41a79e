"""`AttentionDecoder`: the layer that runs an `AttentionCell` over the targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.attention.cell import AttentionCell
from keras_lstm_plus.attention.checks import check_call, check_ranks
from keras_lstm_plus.attention.noise import of_this_step, one_noise, zones


@keras.saving.register_keras_serializable("keras_lstm_plus")
class AttentionDecoder(keras.layers.Layer):
    """An `AttentionCell` over the steps of the targets, the memory before its eyes.

    Args:
        cell: an `AttentionCell`; its equations are there.
        return_alignments: give the alignments too.
        return_state: give the last states too.
        unroll: write the loop out; for short targets of a fixed length.

    Call arguments:
        targets: `[batch, time, features]`, each step what the step before was to say (teacher forcing).
        memory: `[batch, positions, features]`, for example the sequences of an encoder.
        initial_state: of the wrapped cell, a list, for example the encoder's; `join_states` makes one of a
            Bidirectional encoder's. With a' behind them where it is fed back, to go on where a call ended.
        targets_mask: `[batch, time]`, False: the step changes nothing; it gives zeros. By itself the Keras
            mask of the targets.
        memory_mask: `[batch, positions]`, False: nobody looks there; by itself the Keras mask of the memory.
            A memory that is masked whole gives a context and alignments of zeros.

    Returns:
        The outputs `[batch, time, output]`; with `return_alignments` behind them `[batch, time, positions]`;
        with `return_state` the last states, each of its own.

    Raises:
        ValueError: a memory that is no `[batch, positions, features]`, a mask of another shape, another
            number of states or of another size.

    Source: as of `AttentionCell`.

    Example:
        >>> import keras
        >>> from keras_lstm_plus import LSTMPlus, LSTMPlusCell
        >>> from keras_lstm_plus.attention import AttentionCell, AttentionDecoder, LuongAttention
        >>> letters, sounds = keras.Input((None,), name="letters"), keras.Input((None,), name="sounds")
        >>> x = keras.layers.Embedding(30, 16, mask_zero=True)(letters)
        >>> memory, *state = LSTMPlus(32, return_sequences=True, return_state=True)(x)
        >>> y = keras.layers.Embedding(40, 16)(sounds)
        >>> cell = AttentionCell(LSTMPlusCell(32), LuongAttention("general"))
        >>> a = AttentionDecoder(cell)(y, memory, initial_state=state)
        >>> model = keras.Model([letters, sounds], keras.layers.Dense(40)(a))
        >>> model.output_shape
        (None, None, 40)
    """

    def __init__(
        self,
        cell: AttentionCell,
        return_alignments: bool = False,
        return_state: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        if not isinstance(cell, AttentionCell):
            raise TypeError(
                f"cell is an AttentionCell, received {cell!r}: wrap it, AttentionCell(LSTMPlusCell(64), "
                'LuongAttention("general")).'
            )
        super().__init__(**kwargs)
        self.cell = cell
        self.return_alignments, self.return_state, self.unroll = return_alignments, return_state, unroll

    def build(self, targets_shape: tuple[int | None, ...], memory_shape: tuple[int | None, ...]) -> None:
        check_ranks(self.name, targets_shape, memory_shape)
        if not self.cell.built:
            self.cell.build((targets_shape[0], targets_shape[-1]), memory_shape=memory_shape)
        self.built = True

    def call(
        self,
        targets: Tensor,
        memory: Tensor,
        initial_state: Sequence[Tensor] | None = None,
        targets_mask: Tensor = None,
        memory_mask: Tensor = None,
        training: bool = False,
    ) -> Any:
        check_call(self, targets, memory, initial_state, targets_mask, memory_mask)
        states = self._first_states(targets, initial_state)
        keys = self.cell.attention.keys(memory)
        xs = {"x": ops.transpose(targets, (1, 0, 2)), **zones(self.cell, targets, training)}
        if targets_mask is not None:
            xs["keep"] = ops.transpose(ops.cast(targets_mask, "bool"), (1, 0))[..., None]

        def body(old: list[Tensor], now: dict[str, Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            look = {"memory_mask": memory_mask, "keys": keys, "training": training}
            with of_this_step(self.cell, now):
                output, new, alignments = self.cell(now["x"], old, memory, **look)
            if "keep" in now:
                keep = now["keep"]
                new = [ops.where(keep, after, before) for before, after in zip(old, new, strict=True)]
                output, alignments = (ops.where(keep, a, ops.zeros_like(a)) for a in (output, alignments))
            return new, [output, alignments]

        with one_noise(self.cell, targets, training):
            states, (output, alignments) = self._loop(body, states, xs, memory)
        output = self._of_shape(output, (targets.shape[0], targets.shape[1], self.cell.output_size))
        alignments = self._of_shape(alignments, (targets.shape[0], targets.shape[1], memory.shape[1]))
        shown = [output, *([alignments] if self.return_alignments else [])]
        shown += states if self.return_state else []
        return shown[0] if len(shown) == 1 else shown

    def _loop(
        self, body: Any, states: list[Tensor], xs: dict[str, Tensor], memory: Tensor
    ) -> tuple[list[Tensor], list[Tensor]]:
        time = xs["x"].shape[0]
        if time == 0:
            batch, dtype = ops.shape(memory)[0], self.compute_dtype
            sizes = (self.cell.output_size, memory.shape[1])
            return states, [ops.zeros((batch, 0, size), dtype) for size in sizes]
        if self.unroll or time == 1:
            shown = []
            for k in range(time):
                states, now = body(states, {name: value[k] for name, value in xs.items()})
                shown.append(now)
            return states, [ops.stack(each, axis=1) for each in zip(*shown, strict=True)]
        if keras.backend.backend() == "tensorflow":
            from keras_lstm_plus.scan import scan  # other backends have no TensorFlow

            like = [
                ops.zeros((ops.shape(memory)[0], self.cell.output_size), self.compute_dtype),
                memory[..., 0],
            ]
            states, history = scan(body, states, xs, like)
        else:
            states, history = ops.scan(body, states, xs)
        return list(states), [ops.swapaxes(each, 0, 1) for each in history]

    def _first_states(self, targets: Tensor, given: Sequence[Tensor] | None) -> list[Tensor]:
        batch = ops.shape(targets)[0]
        if given is None:
            return self.cell.get_initial_state(batch)
        states = [
            ops.cast(ops.convert_to_tensor(state), self.compute_dtype) for state in keras.tree.flatten(given)
        ]
        whole = len(states) > len(self.cell.cell_state_sizes)
        return states if whole else [*states, *self.cell.first_feed(batch)]

    def _of_shape(self, value: Tensor, shape: tuple[int | None, ...]) -> Tensor:
        """What is known beforehand, said again: a loop of TensorFlow forgets it."""
        if keras.backend.backend() == "tensorflow":
            value.set_shape(shape)
        return value

    def compute_output_spec(
        self,
        targets: Any,
        memory: Any,
        initial_state: Any = None,
        targets_mask: Any = None,
        memory_mask: Any = None,
        training: bool = False,
    ) -> Any:
        del training
        check_call(self, targets, memory, initial_state, targets_mask, memory_mask)
        leading = (targets.shape[0], targets.shape[1])

        def spec(*shape: int | None) -> keras.KerasTensor:
            return keras.KerasTensor(shape, dtype=self.compute_dtype)

        shown = [spec(*leading, self.cell.output_size)]
        shown += [spec(*leading, memory.shape[1])] if self.return_alignments else []
        if self.return_state:
            shown += [spec(targets.shape[0], size) for size in self.cell.state_size]
        return shown[0] if len(shown) == 1 else shown

    def compute_mask(self, _: Any, previous_mask: Any = None) -> Any:
        """That of the targets, for the outputs alone."""
        others = self.return_alignments + self.return_state * len(self.cell.state_size)
        mask = previous_mask[0] if isinstance(previous_mask, (list, tuple)) else previous_mask
        return [mask, *([None] * others)] if others else mask

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "return_alignments": self.return_alignments,
            "return_state": self.return_state,
            "unroll": self.unroll,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> AttentionDecoder:
        cell = keras.saving.deserialize_keras_object(config["cell"], custom_objects=custom_objects)
        return cls(**{**config, "cell": cell})
