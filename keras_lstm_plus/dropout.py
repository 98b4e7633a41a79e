"""What a cell draws while training: dropout, weight drop, zoneout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import DropoutRNNCell
from keras_lstm_plus.spec import LSTMSpec


class NoisyCell(DropoutRNNCell):
    """Mix-in of `LSTMPlusCell`. Dropout is Keras's own: the same seed gives the same masks as its LSTM."""

    spec: LSTMSpec
    units: int
    output_size: int
    dropout: float
    recurrent_dropout: float
    weight_drop: float
    recurrent_kernel: Any
    compute_dtype: str
    # Masks of zoneout for one step, where somebody drew them before a loop; None: the step draws its own.
    zone: tuple[Tensor | None, Tensor | None] | None = None

    def set_noise(self, rates: dict[str, float], seed: int | None, implementation: int) -> None:
        """Take `dropout`, `recurrent_dropout` and `weight_drop`, each a share in [0, 1)."""
        if implementation not in (1, 2):
            raise ValueError(
                f"implementation is 1 or 2, as of Keras's LSTMCell; received {implementation!r}."
            )
        for name, rate in rates.items():
            if isinstance(rate, bool) or not (isinstance(rate, (int, float)) and 0 <= rate < 1):
                raise ValueError(f"{name} is the share that is dropped, 0 <= {name} < 1; received {rate!r}.")
            setattr(self, name, float(rate))
        # As in keras.layers.LSTM.
        self.implementation = 1 if self.recurrent_dropout else implementation
        if self.implementation == 1:  # every gate then has masks of its own
            self.dropout_mask_count = len(self.spec.gates)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed=seed)
        self._weight_mask: Tensor | None = None

    def weight_mask(self) -> Tensor:
        """What the recurrent kernel is multiplied by; the same until the masks are reset."""
        if self._weight_mask is None:
            ones = ops.ones(self.recurrent_kernel.shape, dtype=self.compute_dtype)
            self._weight_mask = keras.random.dropout(ones, self.weight_drop, seed=self.seed_generator)
        return self._weight_mask

    # keras.layers.RNN asks for the masks before its loop and clears them after it, by these two names.
    def get_recurrent_dropout_mask(self, step_input: Tensor) -> Any:
        if self.weight_drop:
            self.weight_mask()
        return super().get_recurrent_dropout_mask(step_input)

    def reset_recurrent_dropout_mask(self) -> None:
        self._weight_mask = None
        super().reset_recurrent_dropout_mask()

    def zoneout_masks(self, leading: Sequence[int]) -> tuple[Tensor | None, Tensor | None]:
        """True where h and where c keeps its value, `[*leading, size]`; None without zoneout."""

        def draw(rate: float, size: int) -> Tensor | None:
            return keras.random.uniform((*leading, size), seed=self.seed_generator) < rate if rate else None

        return draw(self.spec.zoneout_output, self.output_size), draw(self.spec.zoneout_cell, self.units)
