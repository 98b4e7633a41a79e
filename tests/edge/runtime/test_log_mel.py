"""Log-mel features: against a DFT written out, what is known of tones and silence, and cut into pieces."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge import LogMel
from edge.aliases import Array
from tests.edge.runtime.test_mel import mel, triangle

SMALL = LogMel(sample_rate_hz=8000, frame_ms=12.5, hop_ms=5, mels=9)
GAPS = LogMel(sample_rate_hz=8000, frame_ms=5, hop_ms=12.5, mels=4)
RATE = 16000


def noise(samples: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, samples).astype(np.float32)


def tone(hz: float, seconds: float = 0.2, loudness: float = 0.5) -> Array:
    return (loudness * np.sin(2 * np.pi * hz * np.arange(round(RATE * seconds)) / RATE)).astype(np.float32)


def written_out(audio: Array, features: LogMel) -> Array:
    """[frames, mels] by a DFT as a matrix and a loop over everything else."""
    size, hop = (round(features.sample_rate_hz * ms / 1000) for ms in (features.frame_ms, features.hop_ms))
    length = next(2**power for power in range(20) if 2**power >= size)
    bins = length // 2 + 1
    dft = np.exp(-2j * np.pi * np.outer(np.arange(bins), np.arange(size)) / length)
    hann = np.array([math.sin(math.pi * i / size) ** 2 for i in range(size)])
    hz = [b * features.sample_rate_hz / length for b in range(bins)]
    bands = np.array([[triangle(each, band, features) for each in hz] for band in range(features.mels)])
    rows = []
    for start in range(0, len(audio) - size + 1, hop):
        power = np.abs(dft @ (audio[start : start + size].astype(np.float64) * hann)) ** 2
        rows.append([math.log(max(features.floor, float(band @ power))) for band in bands])
    return np.array(rows).reshape(-1, features.mels)


@pytest.mark.parametrize("features", [SMALL, GAPS, LogMel(), LogMel(mels=23, low_hz=0, high_hz=8000)])
def test_they_are_what_the_equations_say(features: LogMel) -> None:
    audio = noise(2000)
    wanted = written_out(audio, features)
    assert len(wanted) > 5
    np.testing.assert_allclose(features(audio), wanted, rtol=1e-6, atol=1e-6)


def test_near_the_floor_too() -> None:
    audio, features = noise(2000) * np.linspace(0, 0.01, 2000, dtype=np.float32), LogMel(floor=1e-3)
    wanted = written_out(audio, features)
    assert 0.1 < np.mean(wanted == math.log(1e-3)) < 0.9
    np.testing.assert_allclose(features(audio), wanted, rtol=1e-6, atol=1e-6)


def test_the_spectrum_is_scipys() -> None:
    signal = pytest.importorskip("scipy.signal")
    features, audio = LogMel(), noise(RATE)
    spectrum = signal.ShortTimeFFT(
        signal.get_window("hann", 400), hop=160, fs=RATE, mfft=512, phase_shift=None
    ).spectrogram(audio.astype(np.float64), p0=2, p1=50, k_offset=200)
    wanted = np.log(spectrum.T @ features.weights)
    rows = features(audio)[2:50]
    np.testing.assert_allclose(rows, wanted, rtol=1e-5)


@pytest.mark.parametrize("hz", [110, 440, 1000, 2345, 3500])
def test_a_tone_peaks_in_the_band_that_contains_it(hz: float) -> None:
    features = LogMel()
    spacing = (mel(features.high_hz) - mel(features.low_hz)) / (features.mels + 1)
    nearest = round((mel(hz) - mel(features.low_hz)) / spacing) - 1
    rows = features(tone(hz))
    # Of low bands, which are no wider than the window's main lobe, the neighbour may win.
    assert np.all(abs(rows.argmax(axis=1) - nearest) <= (1 if hz < 1000 else 0))


def test_twice_as_loud_is_four_times_the_energy() -> None:
    features = LogMel(low_hz=900, high_hz=1100, mels=3)
    difference = features(tone(1000, loudness=0.8)) - features(tone(1000, loudness=0.4))
    np.testing.assert_allclose(difference, math.log(4), atol=1e-5)


def test_the_energy_of_a_tone_is_known() -> None:
    # On a frequency of the FFT a Hann window leaves amplitude * n / 4 there and half of it on both sides.
    features = LogMel(frame_ms=32, mels=1, low_hz=972, high_hz=1029)  # nothing but 1000 Hz is in the band
    height = triangle(1000, 0, features)
    assert np.count_nonzero(features.weights) == 1
    wanted = math.log(height * (0.5 * 512 / 4) ** 2)
    np.testing.assert_allclose(features(tone(1000)), wanted, atol=1e-4)


@pytest.mark.parametrize("floor", [1e-6, 1e-3])
def test_silence_is_the_floor(floor: float) -> None:
    rows = LogMel(floor=floor)(np.zeros(RATE, np.float32))
    assert rows.shape == (98, 40)
    assert rows.dtype == np.float32
    assert np.all(rows == np.float32(math.log(floor)))


def test_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="at 8000 Hz, received 44100 Hz; resample"):
        SMALL(noise(1000), sample_rate_hz=44100)
    assert len(SMALL(noise(1000), sample_rate_hz=8000))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"sample_rate_hz": 0}, "sample_rate_hz must be a positive whole number, received 0"),
        ({"sample_rate_hz": 16000.0}, "sample_rate_hz must be a positive whole number"),
        ({"mels": True}, "mels must be a positive whole number, received True"),
        ({"floor": 0}, "floor must be a positive number, received 0"),
        ({"hop_ms": math.nan}, "hop_ms must be a positive number, received nan"),
        ({"low_hz": -1}, "low_hz must be a positive number"),
        ({"frame_ms": 0.01}, "at least one sample at 16000 Hz"),
        ({"high_hz": 8001}, "at most half the rate, 8000.0 Hz"),
        ({"low_hz": 4000}, "low_hz 4000.0 and high_hz 4000.0 must be in order"),
        ({"mels": 200}, "one of 200 bands has no frequency of the FFT, which are 31.25 Hz apart"),
    ],
)
def test_settings_that_cannot_be(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogMel(**setting)


@pytest.mark.parametrize("features", [LogMel(), SMALL, LogMel(mels=12, floor=0.5, hop_ms=7.5)])
def test_settings_travel_as_json(features: LogMel) -> None:
    back = LogMel.from_dict(json.loads(json.dumps(features.to_dict())))
    assert back == features
    np.testing.assert_array_equal(back(noise(3000)), features(noise(3000)))


@pytest.mark.parametrize("change", [{"kind": "mfcc"}, {"format": 2}, {"colour": 1}])
def test_settings_of_another_kind_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="settings like"):
        LogMel.from_dict({**SMALL.to_dict(), **change})
    with pytest.raises(ValueError, match="settings like"):
        LogMel.from_dict({name: value for name, value in SMALL.to_dict().items() if name != "floor"})


# -- in pieces -----------------------------------------------------------------------------------------


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
