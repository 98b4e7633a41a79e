"""Our own `call` in the place of a recurrent layer's, while Keras runs the model once to record it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import keras
import tensorflow as tf

from edge.convert import tf_private
from edge.convert.keras_model.call_sites import Site, read_site, recurrent_layers
from edge.convert.keras_model.stacked import cells_of
from edge.convert.tracing.folded_time import call_folded, time_distributed_layers
from edge.convert.tracing.lower import Lowered
from edge.convert.tracing.volumes import pool_volumes, volume_poolings
from keras_lstm_plus.aliases import Tensor
from keras_lstm_plus.private import replaced


class Lower(Protocol):
    """What a use of a layer becomes: its outputs and states, and the site as it stands in the graph."""

    def __call__(self, site: Site, x: Tensor, states: Any, mask: Tensor) -> tuple[Lowered, Site]: ...


class Recording:
    """One pass through a model: what it meets.

    Attributes:
        sites: the uses of recurrent layers, in the order in which the model calls them.
    """

    def __init__(self, model: keras.Model, lower: Lower) -> None:
        self._model, self._lower = model, lower
        self.sites: list[Site] = []
        self._error: Exception | None = None
        self._depth = 0  # of calls within calls of TimeDistributed

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let every recurrent layer call `lower` instead of its loop; undone in any case.

        An error of ours comes out as it is, where Keras would wrap it in its own words.
        """
        try:
            with (
                tf_private.plain_addition(),
                replaced(recurrent_layers(self._model), "call", self._stand_in),
                replaced(time_distributed_layers(self._model), "call", self._folded),
                replaced(volume_poolings(self._model), "call", lambda layer: partial(pool_volumes, layer)),
            ):
                yield
        except Exception:
            if self._error is None:
                raise
            raise self._error from None

    def _folded(self, layer: Any) -> Callable[..., Any]:
        def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            self._depth += 1
            try:
                return call_folded(layer, inputs, training, mask)
            finally:
                self._depth -= 1

        return call

    def _stand_in(self, layer: Any) -> Callable[..., Any]:
        def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
            try:
                mask = mask[0] if isinstance(mask, (list, tuple)) else mask
                return self._call(layer, sequences, initial_state, mask)
            except Exception as error:
                self._error = self._error or error
                raise

        return call

    def _call(self, layer: Any, sequences: Tensor, initial_state: Any, mask: Tensor | None) -> Any:
        """The stack of cells that a layer mostly has one of, from below."""
        given = None if initial_state is None else keras.tree.flatten(initial_state)
        output, final = sequences, []
        cells = cells_of(layer)
        for cell in cells:
            site = read_site(len(self.sites), cell, output, given, mask, self._depth > 0)
            count = len(site.state_sizes) if len(cells) > 1 else None
            own, given = (None, None) if given is None else (given[:count], given[count:] if count else [])
            self.sites.append(site)
            done, self.sites[site.index] = self._lower(site, output, own, mask)
            if cell.go_backwards and mask is not None:
                mask = tf.reverse(mask, [1])  # for the cells above, which take the sequence as it comes
            output = done.every if cell.return_sequences else done.last
            final += done.states
        if not layer.return_state:
            return output
        if len(keras.tree.flatten(layer.state_size)) != len(final):  # a ConvLSTM does not tell
            return (output, *final)
        return (output, *keras.tree.pack_sequence_as(layer.state_size, final))
