"""A Grid LSTM by hand: the oracle's single steps, put together block by block."""

from __future__ import annotations

import numpy as np

from edge.aliases import Array
from keras_lstm_plus import GridLSTM, LSTMPlusCell
from tests.helpers import oracle


def weights_of(cell: LSTMPlusCell) -> dict[str, Array]:
    """The weights of a cell that takes as many inputs as it has units, by name."""
    names = cell.spec.weight_shapes(cell.units, cell.units)
    return {name: np.asarray(getattr(cell, name)) for name in names}


def by_hand(layer: GridLSTM, x: Array) -> Array:
    """The outputs of a grid for `x [batch, time, features]`, from states of zeros, `[batch, time, units]`."""
    cell = layer.cell
    kernel, bias = (np.asarray(weight) for weight in cell.projection.weights)
    options = cell.time_cells[0].spec.to_dict()
    zeros = np.zeros((len(x), cell.units))
    time = [(zeros, zeros) for _ in range(cell.depth)]

    def step(lstm: LSTMPlusCell, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
        out = oracle.run(options, weights_of(lstm), x[:, None], h, c)
        return out["h"][:, 0], out["c"][:, 0]

    outputs = []
    for t in range(x.shape[1]):
        depth = (x[:, t] @ kernel + bias, zeros)
        for level in range(cell.depth):
            old = time[level]
            which = 0 if cell.tied else level
            time[level] = step(cell.time_cells[which], depth[0], *old)
            seen = time[level][0] if cell.time_first else old[0]
            depth = step(cell.depth_cells[which], seen, *depth)
        outputs.append(depth[0])
    return np.stack(outputs, axis=1)
