"""The guitar pedal: a stream says what the training said, blocks join without a seam, a run does it all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from examples.guitar_pedal import data, measure
from examples.guitar_pedal.data import Pair
from tests.helpers.example_runs import has_pictures, quick_run
from tests.helpers.guitar import RATE, noise, strings
from tests.helpers.places import ROOT

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


@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    absent = data.missing()
    if absent:  # then strings that nobody plucked, and a pedal that is one equation
        dry = strings(12)
        data.write_wav(tmp_path / "dry.wav", dry)
        data.write_wav(tmp_path / "wet.wav", 0.3 * np.tanh(8 * dry))
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
        sound = data.read_wav(out / f"listen_{name}.wav")
        assert len(sound) / RATE == pytest.approx(found["recordings"]["unseen"]["seconds"])
    heard, target = data.read_wav(out / "listen_float.wav"), data.read_wav(out / "listen_wet.wav")
    assert measure.esr(target, heard) == pytest.approx(errors["float"], rel=0.01)
    assert has_pictures(out, "imitation", "clock")
