"""Grid LSTM in two dimensions, time and depth, from the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import LSTMPlusCell
from keras_lstm_plus.no_steps import check_has_steps
from keras_lstm_plus.spec import LSTMSpec, is_positive_integer


@keras.saving.register_keras_serializable("keras_lstm_plus")
class GridLSTMCell(keras.layers.Layer):
    """One time step of a grid: `depth` blocks, each an LSTM along time and an LSTM along depth.

    A stack of LSTMs has gates and a memory along time only. A block of the grid has them along depth too:
    with H = [h_t; h_d] the outputs that reach it along time and along depth,

        (h_t, m_t) = LSTM_time(H, m_t)
        (h_d, m_d) = LSTM_depth(H, m_d)

    At the edge of the grid the input is projected: h_d = W x + b, m_d = 0. The output is h_d of the last
    block. With `time_first` the depth LSTM sees the new h_t (the paper's priority dimension).

    Args:
        units: number of cells along each dimension.
        depth: number of blocks.
        variant: of all cells, a name or an `LSTMSpec` whose output has the size of its cell.
        tied: share the weights over depth (the paper's tied version).
        time_first: compute the time dimension first and let the depth see its output.
        cell_arguments: further arguments of `LSTMPlusCell`, for every cell.
        **kwargs: of `keras.layers.Layer`.

    Raises:
        ValueError: depth is no positive integer; a variant with a projection or with gate recurrence.

    Source: Kalchbrenner, Danihelka & Graves 2015, Grid Long Short-Term Memory (arXiv:1507.01526).

    Example:
        >>> import numpy as np
        >>> cell = GridLSTMCell(8, depth=3)
        >>> h, states = cell(np.zeros((2, 4), "float32"), cell.get_initial_state(batch_size=2))
        >>> tuple(h.shape), len(states)  # h and memory along time of each block
        ((2, 8), 6)
    """

    def __init__(
        self,
        units: int,
        depth: int = 2,
        variant: str | LSTMSpec | dict[str, Any] = "standard",
        tied: bool = False,
        time_first: bool = True,
        cell_arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not is_positive_integer(depth):
            raise ValueError(
                f"depth is the number of blocks and must be a positive integer, received {depth!r}."
            )
        super().__init__(**kwargs)
        self.cell_arguments = dict(cell_arguments or {})

        def cell(name: str) -> LSTMPlusCell:
            return LSTMPlusCell(units, variant, name=name, dtype=self.dtype_policy, **self.cell_arguments)

        blocks = 1 if tied else depth
        self.time_cells = [cell(f"time_{k}") for k in range(blocks)]
        self.depth_cells = [cell(f"depth_{k}") for k in range(blocks)]
        first = self.time_cells[0]
        if len(first.state_size) != 2 or first.output_size != first.units:
            raise ValueError(
                f"A grid passes h and the memory of {first.units} cells in both directions; variant "
                f"{first.spec.name!r} has a projection or gates as state. Use one without."
            )
        self.units, self.depth, self.variant = first.units, int(depth), first.variant
        self.tied, self.time_first = tied, time_first
        self.state_size = [self.units] * (2 * self.depth)
        self.output_size = self.units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.projection = keras.layers.Dense(self.units, name="edge", dtype=self.dtype_policy)
        self.projection.build(input_shape)
        for cell in (*self.time_cells, *self.depth_cells):
            cell.build((None, self.units))
        self.built = True

    def call(
        self, inputs: Tensor, states: Sequence[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        h_depth = self.projection(inputs)
        m_depth = ops.zeros_like(h_depth)
        new: list[Tensor] = []
        for level in range(self.depth):
            along_time = self.time_cells[0 if self.tied else level]
            along_depth = self.depth_cells[0 if self.tied else level]
            h_time, m_time = states[2 * level], states[2 * level + 1]
            # W h_depth + R h_time is the product of one matrix with H.
            _, (new_h, new_m) = along_time(h_depth, [h_time, m_time], training=training)
            seen = new_h if self.time_first else h_time
            _, (h_depth, m_depth) = along_depth(seen, [h_depth, m_depth], training=training)
            new += [new_h, new_m]
        return h_depth, new

    def get_initial_state(self, batch_size: int | None = None) -> list[Tensor]:
        """Zeros: h and memory along time of every block, `[batch, units]` each."""
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in self.state_size]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "depth": self.depth,
            "variant": self.variant.to_dict(),
            "tied": self.tied,
            "time_first": self.time_first,
            "cell_arguments": self.cell_arguments,
        }


@keras.saving.register_keras_serializable("keras_lstm_plus")
class GridLSTM(keras.layers.RNN):
    """A two-dimensional Grid LSTM over a sequence `[batch, time, features]`; the grid is `GridLSTMCell`'s.

    Args:
        units, depth, variant, tied, time_first, cell_arguments: of `GridLSTMCell`.
        **kwargs: of `keras.layers.RNN` (`return_sequences`, `return_state`, ...).

    Example:
        >>> import numpy as np
        >>> layer = GridLSTM(8, depth=3, variant="peephole", return_sequences=True)
        >>> tuple(layer(np.zeros((2, 5, 4), "float32")).shape)
        (2, 5, 8)
    """

    def __init__(
        self,
        units: int,
        depth: int = 2,
        variant: str | LSTMSpec | dict[str, Any] = "standard",
        tied: bool = False,
        time_first: bool = True,
        cell_arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        shared = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        cell = GridLSTMCell(units, depth, variant, tied, time_first, cell_arguments, name="grid", **shared)
        super().__init__(cell, **kwargs)

    def call(
        self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """As `keras.layers.RNN.call`, which stumbles over sequences of no step."""
        check_has_steps(self.name, sequences)
        return super().call(sequences, initial_state=initial_state, mask=mask, training=training)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        own = self.cell.get_config()
        names = ("units", "depth", "variant", "tied", "time_first", "cell_arguments")
        return {**config, **{name: own[name] for name in names}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> GridLSTM:
        del custom_objects  # Keras has entered their scope
        return cls(**config)
