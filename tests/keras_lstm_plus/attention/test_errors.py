"""What cannot be is refused in one sentence, and the way out that it names works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_lstm_plus import LSTMPlus, LSTMPlusCell
from keras_lstm_plus.attention import (
    AttentionCell,
    AttentionDecoder,
    BahdanauAttention,
    LuongAttention,
    join_states,
    plot_alignments,
)

KIND: Any = "general"
X, MEMORY = np.ones((2, 3, 5), "float32"), np.ones((2, 4, 6), "float32")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: LuongAttention("cosine"), "score is one of 'dot', .*; received 'cosine'"),
        (lambda: LuongAttention("dot", units=3), "'dot' has no v"),
        (lambda: BahdanauAttention(0), "a positive integer; received 0"),
        (lambda: AttentionCell(LSTMPlus(4), LuongAttention()), "Give the cell, and not the layer"),
        (lambda: AttentionCell(LSTMPlusCell(4), KIND), "a LuongAttention or .*; received 'general'"),
        (lambda: AttentionCell(LSTMPlusCell(4), LuongAttention(), attend="during"), "received 'during'"),
        (lambda: AttentionCell(LSTMPlusCell(4), LuongAttention(), -1), "received -1"),
        (
            lambda: AttentionCell(LSTMPlusCell(4), BahdanauAttention(4), input_feeding=True),
            "input_feeding=True goes with attend='after'",
        ),
        (lambda: AttentionDecoder(LSTMPlusCell(4)), "cell is an AttentionCell"),
        (lambda: join_states([X[:, 0]] * 3), "received 3"),
        (lambda: plot_alignments(np.ones((2, 3, 4))), "choose one of the batch"),
        (
            lambda: plot_alignments(np.ones((2, 3)), sources="long"),
            "sources has 4 labels, the alignments have 3",
        ),
    ],
)
def test_what_is_no_decoder(make: Any, says: str) -> None:
    with pytest.raises((ValueError, TypeError), match=says):
        make()


def decoder(score: str = "general", **options: Any) -> AttentionDecoder:
    return AttentionDecoder(AttentionCell(LSTMPlusCell(4), LuongAttention(score)), **options)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: decoder()(X, MEMORY[:, 0]), r"memory must be \[batch, positions, features\]"),
        (lambda: decoder()(X, MEMORY, memory_mask=np.ones((2, 3), bool)), "the mask of the memory"),
        (lambda: decoder()(X, MEMORY, targets_mask=np.ones((2, 3, 1), bool)), "the mask of the targets"),
        (
            lambda: decoder()(X, MEMORY, initial_state=[X[:, 0]]),
            r"has the sizes \[5\], the cell has \[4, 4\]",
        ),
        (lambda: decoder("dot")(X, MEMORY), "the query, of size 4, with the memory, of size 6"),
        (
            lambda: decoder(unroll=True)(keras.Input((None, 5)), keras.Input((None, 6))),
            "as many steps as the targets have",
        ),
    ],
)
def test_what_does_not_fit(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


def test_the_ways_out_work() -> None:
    assert decoder("general")(X, MEMORY).shape == (2, 3, 4)
    wide = AttentionDecoder(AttentionCell(LSTMPlusCell(6), LuongAttention("dot")))
    assert wide(X, MEMORY).shape == (2, 3, 6)
    both = keras.layers.Bidirectional(LSTMPlus(2, return_sequences=True, return_state=True))
    memory, *states = both(X)
    assert decoder()(X, memory, initial_state=join_states(states)).shape == (2, 3, 4)
    assert decoder(unroll=True)(keras.Input((3, 5)), keras.Input((None, 6))).shape == (None, 3, 4)


def test_the_picture(tmp_path: Path) -> None:
    values = np.random.default_rng(0).dirichlet(np.ones(5), size=4)
    figure = plot_alignments(values, sources="buses", targets=["B", "AH", "S"], path=tmp_path / "a.png")
    image = figure.axes[0].get_images()[0]
    np.testing.assert_array_equal(image.get_array(), values[:3])  # as many rows as were named
    assert (tmp_path / "a.png").stat().st_size > 3000
