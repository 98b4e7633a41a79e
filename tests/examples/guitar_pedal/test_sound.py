"""The guitar pedal's sound: files are read right, recordings cut right, errors are what they say."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from examples.guitar_pedal import data, measure
from examples.guitar_pedal.data import Pair
from tests.helpers.guitar import RATE, noise


def wav(path: Path, frames: bytes, width: int, channels: int = 1, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(frames)
    return path


# -- sound -------------------------------------------------------------------------------------------------


def test_a_sound_survives_its_file(tmp_path: Path) -> None:
    sound = np.clip(noise(1000, scale=0.4), -1, 1)
    data.write_wav(tmp_path / "a.wav", sound)
    np.testing.assert_allclose(data.read_wav(tmp_path / "a.wav"), sound, atol=1.01 / 32768)
    data.write_wav(tmp_path / "loud.wav", np.array([2.0, -2.0]))
    np.testing.assert_allclose(data.read_wav(tmp_path / "loud.wav"), [32767 / 32768, -1])


def test_all_widths_are_read_and_channels_become_their_mean(tmp_path: Path) -> None:
    left, right = [0.5, -0.25, 0.125, -1.0], [0.25, 0.25, -0.5, 0.0]
    for width in (2, 3, 4):
        whole = [
            int(value * 2 ** (8 * width - 1)) for pair in zip(left, right, strict=True) for value in pair
        ]
        frames = b"".join(value.to_bytes(width, "little", signed=True) for value in whole)
        read = data.read_wav(wav(tmp_path / f"{width}.wav", frames, width, channels=2))
        np.testing.assert_allclose(read, np.add(left, right) / 2, atol=1e-7)
        assert read.dtype == np.float32


def test_what_is_no_such_sound_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all, only words")
    with pytest.raises(ValueError, match=r"text.wav is no WAV file.*sox text.wav -r 44100 -b 16"):
        data.read_wav(tmp_path / "text.wav")
    with pytest.raises(ValueError, match=r"16 bits at 48000 Hz; .* at 44100 Hz are needed"):
        data.read_wav(wav(tmp_path / "fast.wav", b"\0" * 8, 2, rate=48000))
    whole = wav(tmp_path / "cut.wav", b"\0" * 800, 2)
    whole.write_bytes(whole.read_bytes()[:-299])
    with pytest.raises(ValueError, match=r"cut.wav is cut: 501 of 800 bytes"):
        data.read_wav(whole)
    with pytest.raises(ValueError, match=r"8 bits at 44100 Hz"):
        data.read_wav(wav(tmp_path / "coarse.wav", b"\0" * 8, 1))
    format_float = b"WAVEfmt " + (16).to_bytes(4, "little") + b"\3\0\1\0" + b"\0" * 12 + b"data" + b"\0" * 4
    (tmp_path / "float.wav").write_bytes(b"RIFF" + len(format_float).to_bytes(4, "little") + format_float)
    with pytest.raises(ValueError, match=r"no WAV file of plain integers.*-e signed"):
        data.read_wav(tmp_path / "float.wav")


# -- recordings --------------------------------------------------------------------------------------------


def test_a_pair_of_ones_own_is_cut_into_four_fifths_and_one(tmp_path: Path) -> None:
    dry, wet = noise(12 * RATE), noise(12 * RATE, seed=1)
    data.write_wav(tmp_path / "dry.wav", dry)
    data.write_wav(tmp_path / "wet.wav", wet)
    found = data.own(tmp_path / "dry.wav", tmp_path / "wet.wav")
    (seen,), unseen = found
    assert (len(seen.dry), len(unseen.dry)) == (len(dry) * 4 // 5, len(dry) - len(dry) * 4 // 5)
    np.testing.assert_allclose(np.concatenate([seen.dry, unseen.dry]), dry, atol=2e-5)
    np.testing.assert_allclose(np.concatenate([seen.wet, unseen.wet]), wet, atol=2e-5)
    assert unseen.seconds == pytest.approx(12 / 5, abs=1e-3)


def test_a_pair_that_will_not_do_is_one_sentence(tmp_path: Path) -> None:
    for name, sound in (("long", noise(12 * RATE)), ("short", noise(RATE)), ("silent", np.zeros(12 * RATE))):
        data.write_wav(tmp_path / f"{name}.wav", sound)
    long, short, silent = (tmp_path / f"{name}.wav" for name in ("long", "short", "silent"))
    with pytest.raises(ValueError, match=r"529200 samples and .*short.wav 44100: .* as long as the guitar's"):
        data.own(long, short)
    with pytest.raises(ValueError, match=r"lasts 1.0 s; 10 s or more"):
        data.own(short, short)
    with pytest.raises(ValueError, match="is silent"):
        data.own(long, silent)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LADSPA_PATH", f"{tmp_path}:/nowhere")
    monkeypatch.setattr(data, "CLIPS", tmp_path)
    assert "apt install sox guitarix-ladspa sonic-pi-samples; or name" in str(data.missing())
    (tmp_path / "guitarix_distortion.so").write_text("")
    for clip in (*data.SEEN, data.UNSEEN):
        (tmp_path / f"{clip}.flac").write_text("")
    assert "apt install sox; or name" in str(data.missing())
    (tmp_path / "sox").write_text("")
    (tmp_path / "sox").chmod(0o755)
    assert data.missing() is None


def test_the_pedal_is_the_same_every_time_and_as_long_as_the_guitar(tmp_path: Path) -> None:
    if data.missing():
        pytest.skip(str(data.missing()))
    first, again = data.record(tmp_path / "a"), data.record(tmp_path / "b")
    assert [pair.name for pair in first.seen] == list(data.SEEN)
    for one, other in zip((*first.seen, first.unseen), (*again.seen, again.unseen), strict=True):
        np.testing.assert_array_equal(one.wet, other.wet)
        assert one.dry.shape == one.wet.shape
        louder = one.dry * one.wet.std() / one.dry.std()
        assert measure.esr(one.wet, louder) > 0.01  # it does something else


# -- errors and the linear filter --------------------------------------------------------------------------


def test_the_error_to_signal_ratio_counted_by_hand() -> None:
    target, output = noise(50), noise(50, seed=1)
    error = sum((float(y) - float(p)) ** 2 for y, p in zip(target, output, strict=True))
    assert measure.esr(target, output) == pytest.approx(error / sum(float(y) ** 2 for y in target))
    assert measure.esr(target, 0 * target) == 1
    assert measure.esr(target, target / 2) == pytest.approx(0.25)
    by_hand = [float(target[0])] + [float(target[t]) - 0.85 * float(target[t - 1]) for t in range(1, 50)]
    np.testing.assert_allclose(measure.emphasised(target), by_hand)


def test_the_filter_is_the_one_of_least_squares_over_all_recordings() -> None:
    pairs = [Pair("a", noise(400), noise(400, seed=1)), Pair("b", noise(300, seed=2), noise(300, seed=3))]
    taps = 7
    rows, right = [], []
    for pair in pairs:
        # Sound goes on for as long as the filter rings.
        dry = np.concatenate([pair.dry, np.zeros(taps - 1)])
        rows += [[dry[t - k] if t >= k else 0.0 for k in range(taps)] for t in range(len(dry))]
        right += [*pair.wet, *[0.0] * (taps - 1)]
    expected = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    np.testing.assert_allclose(measure.best_filter(pairs, taps), expected, atol=1e-6)


def test_a_pedal_that_is_a_filter_is_found_and_imitated() -> None:
    truth = np.array([0.5, 0.0, -0.25, 0.125])
    dry = noise(5000)
    wet = np.convolve(dry, truth)[:5000]
    found = measure.best_filter([Pair("a", dry, wet.astype(np.float32))], 8)
    np.testing.assert_allclose(found, [*truth, 0, 0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(measure.filtered(dry, truth), wet, atol=1e-9)
