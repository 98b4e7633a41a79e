"""`LSTMPlus`: the Keras layer."""

from __future__ import annotations

from typing import Any

import keras

from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.cell import CELL_ARGUMENTS, SPEC_ARGUMENTS, LSTMPlusCell
from keras_lstm_plus.cudnn import may_use_cudnn, run_cudnn
from keras_lstm_plus.no_steps import check_has_steps
from keras_lstm_plus.path import Path
from keras_lstm_plus.recurrence import Call, run_layer, which_path
from keras_lstm_plus.spec import LSTMSpec

_FOR_THE_CELL = {*CELL_ARGUMENTS, *SPEC_ARGUMENTS}


@keras.saving.register_keras_serializable("keras_lstm_plus")
class LSTMPlus(keras.layers.RNN):
    """Every LSTM, as a drop-in for `keras.layers.LSTM`.

    The equations are those of `LSTMPlusCell`; `layer.spec.equations()` prints them for this layer.

    Args:
        units: number of cells, a positive integer.
        variant: a name (see `keras_lstm_plus.VARIANTS`) or an `LSTMSpec`.
        return_sequences: give h of every step, `[batch, time, output]`, and not of the last alone,
            `[batch, output]`.
        return_state: give the final h and c too.
        go_backwards: read the sequence from its end; the output is then in that order.
        stateful: start each batch where the last one ended; needs a fixed batch size.
        unroll: write the loop out; for short sequences of a fixed length.
        use_cudnn: as in `keras.layers.LSTM`: `"auto"`, the kernel of a GPU where there is one and it computes
            this layer; True refuses all else; False never.
        zero_output_for_mask: give zeros at masked steps instead of the output before.
        activity_regularizer: on the output.
        **kwargs: every other argument of `keras.layers.LSTM` (activations, initializers, regularizers,
            constraints, dropout, seed, dtype, ...) and of `LSTMPlusCell`.

    Call arguments: `sequences [batch, time, features]`, `initial_state` (a list: h and c), `mask`
    `[batch, time]` (False: the step is skipped), `training`.

    Raises:
        ValueError: an unknown variant, units that are no positive integer, a dropout outside [0, 1), an
            argument that neither Keras's LSTM nor this layer has.

    Example:
        >>> import numpy as np
        >>> layer = LSTMPlus(8, variant="peephole", return_sequences=True)
        >>> tuple(layer(np.zeros((2, 5, 3), "float32")).shape)
        (2, 5, 8)
        >>> [(weight.name, tuple(weight.shape)) for weight in layer.weights][-1]
        ('peephole_kernel', (3, 8))
    """

    def __init__(
        self, units: int, variant: str | LSTMSpec | dict[str, Any] = "standard", **kwargs: Any
    ) -> None:
        use_cudnn = kwargs.pop("use_cudnn", "auto")
        if use_cudnn not in ("auto", True, False):
            raise ValueError(f"use_cudnn is 'auto', True or False, received {use_cudnn!r}.")
        own = {name: kwargs.pop(name) for name in list(kwargs) if name in _FOR_THE_CELL}
        shared = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        cell = LSTMPlusCell(units, variant, name="lstm_plus_cell", **own, **shared)
        super().__init__(cell, **kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=3)
        self.use_cudnn = use_cudnn
        if keras.backend.backend() == "tensorflow" and may_use_cudnn(self, cell):
            self.supports_jit = False  # XLA does not know the kernel: fit is not to compile the whole model

    def call(
        self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """As `keras.layers.RNN.call`, which stumbles over sequences of no step."""
        check_has_steps(self.name, sequences)
        return super().call(sequences, initial_state=initial_state, mask=mask, training=training)

    def inner_loop(
        self, sequences: Tensor, initial_state: list[Tensor], mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """The loop over time, which `keras.layers.RNN.call` asks for."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        call = Call(sequences, initial_state, mask, bool(training))
        if may_use_cudnn(self, self.cell, call):
            return run_cudnn(self, self.cell, call)
        if keras.backend.backend() != "tensorflow":
            return run_layer(self, self.cell, call)
        from keras_lstm_plus.forward_mode import followed  # other backends have no TensorFlow

        return followed(lambda values: run_layer(self, self.cell, values), self.cell, call)

    def which_path(self, time: int | None = None, training: bool = True) -> Path:
        """The way that a call takes here and now, and why it takes no faster one.

        Where it is asked matters: eagerly, in a function of TensorFlow, in one that XLA compiles.

        Args:
            time: steps of the sequences, None where they are not known beforehand.
            training: of the call.

        Returns:
            A `Path`, whose `name` is `"cuDNN"`, `"engine"`, `"compiled loop"`, `"plain loop"` or `"steps"`,
            and whose `reason` says why.

        Example:
            >>> LSTMPlus(4, variant="fgr").which_path().name
            'steps'
        """
        if may_use_cudnn(self, self.cell):
            return Path("cuDNN")
        return which_path(self, self.cell, training, time)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        activity = keras.regularizers.serialize(self.activity_regularizer)
        own = {"use_cudnn": self.use_cudnn, "activity_regularizer": activity}
        return {**self.cell.get_config(), **config, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> LSTMPlus:
        del custom_objects  # Keras has entered their scope
        return cls(**config)


def _of_the_cell(name: str) -> property:
    return property(lambda self: getattr(self.cell, name), doc=f"`cell.{name}`.")


# keras.layers.LSTM answers for its cell (layer.units, layer.dropout, layer.kernel_initializer, ...).
for _name in ("spec", *CELL_ARGUMENTS):
    setattr(LSTMPlus, _name, _of_the_cell(_name))
