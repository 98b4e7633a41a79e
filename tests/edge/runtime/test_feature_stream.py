"""Audio that comes in pieces: cut anywhere it gives the same frames, and a wrong piece changes nothing."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.aliases import Array
from edge.runtime.log_mel import LogMel
from tests.edge.runtime.test_log_mel import GAPS, SMALL, noise


def test_integers_and_floats_are_the_same_audio() -> None:
    integers = (noise(3000) * 32767).astype(np.int16)
    floats = integers.astype(np.float32) / 32768
    np.testing.assert_array_equal(SMALL(integers), SMALL(floats))
    np.testing.assert_array_equal(SMALL(integers), SMALL(floats.astype(np.float64)))


@cache
def whole(features: LogMel) -> Array:
    return features(noise(3000))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=40), st.sampled_from([SMALL, GAPS]))
@example(list(range(3000)), SMALL)
@example(list(range(3000)), GAPS)
def test_however_it_is_cut_it_is_the_same(cuts: list[int], features: LogMel) -> None:
    stream, seen, size, hop = features.stream(), 0, features.frame_samples, features.hop_samples
    parts = []
    for piece in np.split(noise(3000), sorted(cuts)):
        parts.append(stream.push(piece))
        seen += len(piece)
        assert stream.frames == max(0, (seen - size) // hop + 1)  # as soon as it is complete
    np.testing.assert_array_equal(np.concatenate(parts), whole(features))


def test_a_reset_stream_is_a_new_one() -> None:
    stream = GAPS.stream()
    for samples in (0, 30, 45, 1000):
        stream.push(noise(samples, seed=1))
        stream.reset()
        np.testing.assert_array_equal(stream.push(noise(3000)), whole(GAPS))
        stream.reset()


@pytest.mark.parametrize("samples", [0, 1, 99])
def test_too_short_is_no_frames(samples: int) -> None:
    assert SMALL(noise(samples)).shape == (0, 9)
    assert SMALL(noise(100)).shape == (1, 9)


@pytest.mark.parametrize(
    ("audio", "message", "error"),
    [
        (np.zeros((2, 100)), r"one channel, \[samples\], received the shape \[2, 100\]", ValueError),
        (np.float32(0.5), r"received the shape \[\]", ValueError),
        ([0.0, 0.1, math.nan], "finite, received nan at sample 2", ValueError),
        ([0.0, -math.inf], "finite, received -inf at sample 1", ValueError),
        (np.array([3.0, -20000.0]), "values up to 20000; pass 16-bit audio as int16", ValueError),
        (np.zeros(100, np.uint8), "int16, received uint8", TypeError),
        (np.zeros(100, np.int32), "int16, received int32", TypeError),
        (["a"], "received <U1", TypeError),
    ],
)
def test_a_wrong_piece_is_refused_and_changes_nothing(
    audio: Any, message: str, error: type[Exception]
) -> None:
    stream = SMALL.stream()
    first = stream.push(noise(3000)[:250])
    with pytest.raises(error, match=message):
        stream.push(audio)
    np.testing.assert_array_equal(np.concatenate([first, stream.push(noise(3000)[250:])]), whole(SMALL))
