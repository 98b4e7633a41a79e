"""`AttentionCell`: one step of a decoder that looks at a memory."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.attention.mechanisms import Mechanism
from keras_lstm_plus.grid_lstm import GridLSTMCell

AFTER, BEFORE = "after", "before"


@keras.saving.register_keras_serializable("keras_lstm_plus")
class AttentionCell(keras.layers.Layer):
    """A recurrent cell that attends to a memory `[batch, positions, features]` at every step.

    `attend="after"`, Luong's way, a prime for the step before:

        h, state = cell([x; a'], state')      a' is fed back: input feeding
        context = attention(h, memory)
        a = tanh(W [context; h])

    `attend="before"`, Bahdanau's way, h' the output of the state before:

        context = attention(h', memory)
        h, state = cell([x; context], state')
        a = tanh(W [context; h])

    a, the attentional vector, is the output.

    Args:
        cell: `LSTMPlusCell`, `GridLSTMCell`, a cell of Keras, or several in `keras.layers.StackedRNNCells`.
        attention: `LuongAttention` or `BahdanauAttention`.
        attention_units: size of a; None: that of the cell's output. 0: no W, the output is [context; h].
        attend: whether the state after or before the step asks; None: as in the paper of the attention.
        input_feeding: with `"after"`, whether a' goes into the cell beside x. Without, the cell cannot know
            what was attended to before.

    States: those of the cell, flat, and behind them a' where it is fed back.

    Weights: those of the cell and of the attention; W `[memory + output, units]` of the layer `vector`.

    Raises:
        TypeError: a cell or an attention that is none.
        ValueError: another word for `attend`; input feeding with `"before"`, where the context is fed.

    Source: Bahdanau, Cho & Bengio 2015 (arXiv:1409.0473); Luong, Pham & Manning 2015 (arXiv:1508.04025), the
    vector a from there for both.

    Example:
        >>> import numpy as np
        >>> from keras_lstm_plus import LSTMPlusCell
        >>> from keras_lstm_plus.attention import AttentionCell, LuongAttention
        >>> cell = AttentionCell(LSTMPlusCell(8, "peephole"), LuongAttention("general"))
        >>> memory = np.ones((2, 5, 6), "float32")
        >>> a, states, alignments = cell(np.ones((2, 3), "float32"), cell.get_initial_state(2), memory)
        >>> tuple(a.shape), [tuple(state.shape) for state in states], tuple(alignments.shape)
        ((2, 8), [(2, 8), (2, 8), (2, 8)], (2, 5))
    """

    def __init__(
        self,
        cell: Any,
        attention: Mechanism,
        attention_units: int | None = None,
        attend: str | None = None,
        input_feeding: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if not (hasattr(cell, "state_size") and callable(cell)) or hasattr(cell, "cell"):
            raise TypeError(
                f"cell is one step of a recurrent network, such as LSTMPlusCell(64); received {cell!r}. Give "
                "the cell, and not the layer over it."
            )
        if not isinstance(attention, Mechanism):
            raise TypeError(f"attention is a LuongAttention or a BahdanauAttention; received {attention!r}.")
        attend = attention.attends if attend is None else attend
        if attend not in (AFTER, BEFORE):
            raise ValueError(f"attend is 'after' or 'before' the step of the cell; received {attend!r}.")
        if attend == BEFORE and input_feeding:
            raise ValueError(
                "input_feeding=True goes with attend='after'; with 'before' the cell is fed the context of "
                "this very step. Leave one of the two out."
            )
        if attention_units is not None and not _is_count(attention_units):
            raise ValueError(
                f"attention_units is the size of the output, an integer from 0 on; "
                f"received {attention_units!r}."
            )
        super().__init__(**kwargs)
        self.cell, self.attention = cell, attention
        self.attention_units, self.attend = attention_units, attend
        self.input_feeding = attend == AFTER and input_feeding is not False
        self.cell_state_sizes = [int(size) for size in keras.tree.flatten(cell.state_size)]
        self.cell_output_size = _output_size(cell)

    def build(
        self,
        inputs_shape: tuple[int | None, ...],
        states_shape: Any = None,
        memory_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        del states_shape  # known from the cell
        if memory_shape is None or memory_shape[-1] is None:
            raise ValueError(f"{self.name}: the number of features of the memory must be known, it is None.")
        memory, output = int(memory_shape[-1]), self.cell_output_size
        units = output if self.attention_units is None else int(self.attention_units)
        self.output_size = units or memory + output
        fed = memory if self.attend == BEFORE else self.output_size if self.input_feeding else 0
        if not self.cell.built:
            self.cell.build((inputs_shape[0], _known(inputs_shape[-1]) + fed))
        asks = query_of(self.cell, self.cell_state_sizes) if self.attend == BEFORE else output
        if not self.attention.built:
            self.attention.build((inputs_shape[0], asks), memory_shape)
        self.vector = None
        if units:
            self.vector = keras.layers.Dense(
                units, "tanh", use_bias=False, name="vector", dtype=self.dtype_policy
            )
            self.vector.build((inputs_shape[0], memory + output))
        self.built = True

    @property
    def state_size(self) -> list[int]:
        """The widths of the states; that of a' is known when the cell is built."""
        return [*self.cell_state_sizes, *([self.output_size] if self.input_feeding else [])]

    def call(
        self,
        inputs: Tensor,
        states: Sequence[Tensor],
        memory: Tensor,
        memory_mask: Tensor = None,
        keys: Tensor = None,
        training: bool = False,
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        """One step.

        Args:
            inputs: `[batch, features]`.
            states: of `get_initial_state` or of the step before.
            memory, memory_mask, keys: as of the attention.

        Returns:
            The output `[batch, output]`, the new states, and the alignments `[batch, positions]`.
        """
        fed, inner = self.split(states)
        rest = {"memory_mask": memory_mask, "keys": keys}
        if self.attend == BEFORE:
            fed, alignments = self.attention(query_of(self.cell, inner), memory, **rest)
            context = fed
        seen = inputs if fed is None else ops.concatenate([inputs, fed], axis=-1)
        h, inner = self._step(seen, inner, training)
        if self.attend == AFTER:
            context, alignments = self.attention(h, memory, **rest)
        output = self.combine(context, h)
        return output, [*inner, *([output] if self.input_feeding else [])], alignments

    def split(self, states: Sequence[Tensor]) -> tuple[Tensor | None, list[Tensor]]:
        """a' (None where it is not fed back), and the states of the cell."""
        number = len(self.cell_state_sizes)
        return (states[number] if self.input_feeding else None), list(states[:number])

    def combine(self, context: Tensor, h: Tensor) -> Tensor:
        """a = tanh(W [context; h])."""
        both = ops.concatenate([context, h], axis=-1)
        return both if self.vector is None else self.vector(both)

    def _step(self, inputs: Tensor, states: list[Tensor], training: bool) -> tuple[Tensor, list[Tensor]]:
        packed = keras.tree.pack_sequence_as(self.cell.state_size, states)
        packed = list(packed) if keras.tree.is_nested(packed) else [packed]
        takes = "training" in inspect.signature(self.cell.call).parameters
        output, new = self.cell(inputs, packed, **({"training": training} if takes else {}))
        return output, keras.tree.flatten(new)

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """What the cell starts from, and zeros for a'."""
        states = list(keras.tree.flatten(self.cell.get_initial_state(batch_size=batch_size)))
        return [*states, *self.first_feed(batch_size)]

    def first_feed(self, batch_size: Any) -> list[Tensor]:
        """Zeros for a', if it is fed back: nothing was attended to yet."""
        if not self.input_feeding:
            return []
        # The output's size is known without a memory, but for attention_units=0.
        size = getattr(self, "output_size", None) or self.attention_units or self.cell_output_size
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype)]

    def compute_mask(self, *_: Any) -> None:
        """The mask of the memory ends here."""

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "attention": keras.saving.serialize_keras_object(self.attention),
            "attention_units": self.attention_units,
            "attend": self.attend,
            "input_feeding": self.input_feeding,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> AttentionCell:
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("cell", "attention")
        }
        return cls(**{**config, **parts})


def query_of(cell: Any, states: Sequence[Any]) -> Any:
    """Which of the flat states of a cell is what it last put out: h of the topmost."""
    if isinstance(cell, keras.layers.StackedRNNCells):
        last = cell.cells[-1]
        return query_of(last, states[-len(keras.tree.flatten(last.state_size)) :])
    return states[-2] if isinstance(cell, GridLSTMCell) else states[0]


def _output_size(cell: Any) -> int:
    size = getattr(cell, "output_size", None)
    return int(size if size is not None else keras.tree.flatten(cell.state_size)[0])


def _known(size: int | None) -> int:
    if size is None:
        raise ValueError("The number of features of the inputs must be known, it is None.")
    return int(size)


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int) and value >= 0
