"""The guitar pedal: sound is read right, errors are what they say, blocks join without a seam."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import keras
import numpy as np
import pytest

from examples.guitar_pedal import audio, measure, recordings
from examples.guitar_pedal.recordings import Pair
from tests.example_runs import quick_run

ROOT = Path(__file__).parents[1]
RATE = audio.SAMPLE_RATE


def noise(samples: int, seed: int = 0, scale: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, samples).astype(np.float32)


def wav(path: Path, frames: bytes, width: int, channels: int = 1, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(frames)
    return path


# -- sound -------------------------------------------------------------------------------------------------


def test_a_sound_survives_its_file(tmp_path: Path) -> None:
    sound = np.clip(noise(1000, scale=0.4), -1, 1)
    audio.write_wav(tmp_path / "a.wav", sound)
    np.testing.assert_allclose(audio.read_wav(tmp_path / "a.wav"), sound, atol=1.01 / 32768)
    audio.write_wav(tmp_path / "loud.wav", np.array([2.0, -2.0]))
    np.testing.assert_allclose(audio.read_wav(tmp_path / "loud.wav"), [32767 / 32768, -1])


def test_all_widths_are_read_and_channels_become_their_mean(tmp_path: Path) -> None:
    left, right = [0.5, -0.25, 0.125, -1.0], [0.25, 0.25, -0.5, 0.0]
    for width in (2, 3, 4):
        whole = [
            int(value * 2 ** (8 * width - 1)) for pair in zip(left, right, strict=True) for value in pair
        ]
        frames = b"".join(value.to_bytes(width, "little", signed=True) for value in whole)
        read = audio.read_wav(wav(tmp_path / f"{width}.wav", frames, width, channels=2))
        np.testing.assert_allclose(read, np.add(left, right) / 2, atol=1e-7)
        assert read.dtype == np.float32


def test_what_is_no_such_sound_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all, only words")
    with pytest.raises(ValueError, match=r"text.wav is no WAV file.*sox text.wav -r 44100 -b 16"):
        audio.read_wav(tmp_path / "text.wav")
    with pytest.raises(ValueError, match=r"16 bits at 48000 Hz; .* at 44100 Hz are needed"):
        audio.read_wav(wav(tmp_path / "fast.wav", b"\0" * 8, 2, rate=48000))
    with pytest.raises(ValueError, match=r"8 bits at 44100 Hz"):
        audio.read_wav(wav(tmp_path / "coarse.wav", b"\0" * 8, 1))
    format_float = b"WAVEfmt " + (16).to_bytes(4, "little") + b"\3\0\1\0" + b"\0" * 12 + b"data" + b"\0" * 4
    (tmp_path / "float.wav").write_bytes(b"RIFF" + len(format_float).to_bytes(4, "little") + format_float)
    with pytest.raises(ValueError, match=r"no WAV file of plain integers.*-e signed"):
        audio.read_wav(tmp_path / "float.wav")


# -- recordings --------------------------------------------------------------------------------------------


def test_a_pair_of_ones_own_is_cut_into_four_fifths_and_one(tmp_path: Path) -> None:
    dry, wet = noise(12 * RATE), noise(12 * RATE, seed=1)
    audio.write_wav(tmp_path / "dry.wav", dry)
    audio.write_wav(tmp_path / "wet.wav", wet)
    found = recordings.own(tmp_path / "dry.wav", tmp_path / "wet.wav")
    (seen,), unseen = found
    assert (len(seen.dry), len(unseen.dry)) == (len(dry) * 4 // 5, len(dry) - len(dry) * 4 // 5)
    np.testing.assert_allclose(np.concatenate([seen.dry, unseen.dry]), dry, atol=2e-5)
    np.testing.assert_allclose(np.concatenate([seen.wet, unseen.wet]), wet, atol=2e-5)
    assert unseen.seconds == pytest.approx(12 / 5, abs=1e-3)


def test_a_pair_that_will_not_do_is_one_sentence(tmp_path: Path) -> None:
    for name, sound in (("long", noise(12 * RATE)), ("short", noise(RATE)), ("silent", np.zeros(12 * RATE))):
        audio.write_wav(tmp_path / f"{name}.wav", sound)
    long, short, silent = (tmp_path / f"{name}.wav" for name in ("long", "short", "silent"))
    with pytest.raises(ValueError, match=r"529200 samples and .*short.wav 44100: .* as long as the guitar's"):
        recordings.own(long, short)
    with pytest.raises(ValueError, match=r"lasts 1.0 s; 10 s or more"):
        recordings.own(short, short)
    with pytest.raises(ValueError, match="is silent"):
        recordings.own(long, silent)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LADSPA_PATH", f"{tmp_path}:/nowhere")
    monkeypatch.setattr(recordings, "CLIPS", tmp_path)
    assert "apt install sox guitarix-ladspa sonic-pi-samples; or name" in str(recordings.missing())
    (tmp_path / "guitarix_distortion.so").write_text("")
    for clip in (*recordings.SEEN, recordings.UNSEEN):
        (tmp_path / f"{clip}.flac").write_text("")
    assert "apt install sox; or name" in str(recordings.missing())
    (tmp_path / "sox").write_text("")
    (tmp_path / "sox").chmod(0o755)
    assert recordings.missing() is None


def test_the_pedal_is_the_same_every_time_and_as_long_as_the_guitar(tmp_path: Path) -> None:
    if recordings.missing():
        pytest.skip(str(recordings.missing()))
    first, again = recordings.record(tmp_path / "a"), recordings.record(tmp_path / "b")
    assert [pair.name for pair in first.seen] == list(recordings.SEEN)
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


# -- the network -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained() -> keras.Model:
    from examples.guitar_pedal.network import training

    keras.utils.set_random_seed(3)
    model = training(units=5)
    rng = np.random.default_rng(0)
    model.set_weights([weight + rng.normal(0, 0.2, weight.shape) for weight in model.get_weights()])
    return model


def test_the_network_for_use_is_the_trained_one_without_its_scales(trained: keras.Model) -> None:
    from examples.guitar_pedal.network import silence, streaming

    model = streaming(trained)
    assert not any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers)
    sound = keras.ops.convert_to_tensor(noise(2 * 300).reshape(2, 300, 1))
    expected, *_ = trained([sound, *silence(2, 5)])
    np.testing.assert_allclose(model(sound), expected, atol=1e-5)
    assert np.abs(np.asarray(expected) - sound).max() > 0.01


def test_windows_with_the_state_carried_are_the_whole(trained: keras.Model) -> None:
    from examples.guitar_pedal.network import silence

    sound = keras.ops.convert_to_tensor(noise(2 * 90).reshape(2, 90, 1))
    whole, *_ = trained([sound, *silence(2, 5)])
    first, h, c = trained([sound[:, :40], *silence(2, 5)])
    second, *_ = trained([sound[:, 40:], h, c])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-5)


def test_stretches_are_of_one_recording_and_dry_and_wet_belong_together() -> None:
    from examples.guitar_pedal.train import STRETCHES, WINDOW, WINDOWS, draw

    def ramp(samples: int, start: float) -> Pair:
        dry = start + np.arange(samples, dtype=np.float64)
        return Pair("", dry, -dry)

    length = WINDOW * WINDOWS
    pairs = [ramp(length + 100, 0), ramp(length + 300, 1e6)]
    rng = np.random.default_rng(0)
    drawn = [draw(pairs, rng) for _ in range(4)]
    dry, wet = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    assert dry.shape == wet.shape == (4 * STRETCHES, length, 1)
    np.testing.assert_array_equal(wet, -dry)
    np.testing.assert_array_equal(np.diff(dry, axis=1), 1)
    first = dry[:, 0, 0]
    short, long = first[first < 1e6], first[first >= 1e6] - 1e6
    assert short.min() >= 0
    assert short.max() <= 100
    assert long.max() <= 300
    assert len(long) > 1.5 * len(short)  # three times as many places
    assert long.max() > 250


def test_the_loss_is_the_error_to_signal_ratio() -> None:
    from examples.guitar_pedal.train import loss_of

    wet, output = noise(4000, scale=1).reshape(1, -1, 1), noise(4000, seed=1, scale=1).reshape(1, -1, 1)
    treble = measure.esr(measure.emphasised(wet.ravel())[1:], measure.emphasised(output.ravel())[1:])
    expected = treble + measure.esr(wet, output) / 3
    assert float(loss_of(wet, output)) == pytest.approx(expected, rel=1e-4)
    assert float(loss_of(0 * wet, 0 * wet)) == 0


# -- against the clock -------------------------------------------------------------------------------------


def test_blocks_join_without_a_seam(trained: keras.Model, tmp_path: Path) -> None:
    from edge.convert import convert
    from examples.guitar_pedal.network import streaming
    from examples.guitar_pedal.realtime import Callback, against_the_clock, play

    model = streaming(trained)
    sound = noise(1000)
    convert(model, tmp_path / "pedal.tflite", state="carry")
    whole = np.asarray(model(sound[None, :, None])).ravel()
    for block in (64, 100):
        callback = Callback(tmp_path / "pedal.tflite", block)
        for _ in range(2):  # the second pass starts from silence, too
            heard, seconds = play(callback, sound, block)
            np.testing.assert_allclose(heard, whole, atol=1e-5)
            assert seconds.shape == (-(-1000 // block), 2)
            assert (seconds[:, 0] > 0).all()
    heard, clock = against_the_clock(tmp_path / "pedal.tflite", sound, 64, passes=2)
    np.testing.assert_allclose(heard, whole, atol=1e-5)
    assert (clock.block, clock.blocks) == (64, 32)


def test_a_clock_counts_who_is_late() -> None:
    from examples.guitar_pedal.realtime import clock_of

    wall = np.array([1, 2, 3, 8]) / 1000
    own = np.array([1, 1, 2, 4]) / 1000
    clock = clock_of([np.stack([wall[:2], own[:2]], axis=1), np.stack([wall[2:], own[2:]], axis=1)], 128)
    assert clock.deadline == pytest.approx(128 / 44.1)
    assert (clock.median, clock.worst) == pytest.approx((2.5, 8))
    assert (clock.own_median, clock.own_worst) == pytest.approx((1.5, 4))
    assert (clock.late, clock.blocks) == (2, 4)  # 3 ms and 8 ms, of 2.9 ms
    assert clock.factor == pytest.approx(4 * 128 / 44.1 / 8)


def test_what_the_pictures_look_for() -> None:
    from examples.guitar_pedal.pictures import loudest, spectrum

    time = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 1000 * time) * np.where((time > 0.5) & (time < 0.6), 1.0, 0.01)
    assert loudest(tone, RATE // 10) == pytest.approx(RATE // 2, abs=50)
    frequency, level = spectrum(np.sin(2 * np.pi * 1000 * time))
    assert frequency[level.argmax()] == pytest.approx(1000, rel=0.07)
    assert level.max() - np.median(level) > 60


# -- the command -------------------------------------------------------------------------------------------


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.guitar_pedal", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=600, env={**os.environ, **environment},
    )  # fmt: skip


def test_where_the_pedal_is_missing_a_quick_run_says_so_and_ends_well(tmp_path: Path) -> None:
    quick = command("--quick", "--out", str(tmp_path), LADSPA_PATH="/nowhere")
    assert quick.returncode == 0, quick.stderr
    assert quick.stdout.startswith("Nothing was run. The guitar and the pedal come from Debian packages")
    assert "guitarix-ladspa" in quick.stdout
    full = command("--out", str(tmp_path), LADSPA_PATH="/nowhere")
    assert full.returncode == 1
    assert full.stderr.strip() == quick.stdout.strip().removeprefix("Nothing was run. ")


def test_half_a_pair_is_one_sentence(tmp_path: Path) -> None:
    done = command("--dry", "a.wav", "--out", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr.strip() == "--dry and --wet belong together: the guitar, and the same through the pedal."
    )
    done = command("--dry", "a.wav", "--wet", "b.wav", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "a.wav" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def strings(seconds: int) -> np.ndarray:
    """Plucked strings (Karplus and Strong 1983), a tone every half second."""
    rng, tones = np.random.default_rng(0), []
    for _ in range(2 * seconds):
        loop, tone = rng.uniform(-0.5, 0.5, rng.integers(100, 400)), np.zeros(RATE // 2)
        for t in range(len(tone)):
            tone[t] = loop[t % len(loop)]
            loop[t % len(loop)] = 0.498 * (loop[t % len(loop)] + loop[(t + 1) % len(loop)])
        tones.append(tone)
    return np.concatenate(tones)


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    absent = recordings.missing()
    if absent:  # then strings that nobody plucked, and a pedal that is one equation
        dry = strings(12)
        audio.write_wav(tmp_path / "dry.wav", dry)
        audio.write_wav(tmp_path / "wet.wav", 0.3 * np.tanh(8 * dry))
        out = tmp_path / "own"
        pair = ("--dry", str(tmp_path / "dry.wav"), "--wet", str(tmp_path / "wet.wav"))
        done = command("--quick", "--out", str(out), *pair)
        assert done.returncode == 0, done.stderr
        printed = done.stdout
    else:
        printed, out = quick_run("guitar_pedal", tmp_path / "out")
    assert "never heard in training" in printed
    found = json.loads((out / "results.json").read_text())
    errors = {row["as"]: row["esr"] for row in found["imitations"]}
    assert set(errors) == {"NumPy", "Keras", "float", "dynamic", "int8"}
    assert errors["Keras"] < errors["NumPy"] < 1  # the LSTM does what no linear filter can
    assert errors["float"] == pytest.approx(errors["Keras"], rel=1e-3)
    assert errors["int8"] < 0.5
    assert {clock["as"] for clock in found["clocks"]} == {"float", "dynamic", "int8"}
    assert all(clock["factor"] > 0.1 for clock in found["clocks"])
    for name in ("dry", "wet", "linear", "float", "dynamic", "int8"):
        sound = audio.read_wav(out / f"listen_{name}.wav")
        assert len(sound) / RATE == pytest.approx(found["recordings"]["unseen"]["seconds"])
    heard, target = audio.read_wav(out / "listen_float.wav"), audio.read_wav(out / "listen_wet.wav")
    assert measure.esr(target, heard) == pytest.approx(errors["float"], rel=0.01)
    for picture in ("imitation", "clock"):
        assert (out / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert not list(out.rglob("*.part"))
