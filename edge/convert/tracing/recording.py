"""Our own `call` in the place of a recurrent layer's, while Keras runs the model once to record it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import keras

from edge.convert.keras_model.call_sites import Site, read_site, recurrent_layers
from edge.convert.tracing.lower import Lowered
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

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let every recurrent layer call `lower` instead of its loop; undone in any case.

        An error of ours comes out as it is, where Keras would wrap it in its own words.
        """
        try:
            with replaced(recurrent_layers(self._model), "call", self._stand_in):
                yield
        except Exception:
            if self._error is None:
                raise
            raise self._error from None

    def _stand_in(self, layer: Any) -> Callable[..., Any]:
        def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
            try:
                mask = mask[0] if isinstance(mask, (list, tuple)) else mask
                site = read_site(len(self.sites), layer, sequences, initial_state, mask)
                self.sites.append(site)
                given = None if initial_state is None else keras.tree.flatten(initial_state)
                done, self.sites[site.index] = self._lower(site, sequences, given, mask)
            except Exception as error:
                self._error = self._error or error
                raise
            output = done.every if layer.return_sequences else done.last
            return (output, *done.states) if layer.return_state else output

        return call
