"""Spoken digits: the sounds and the scenes that training draws."""

from __future__ import annotations

import numpy as np
import pytest

from examples.spoken_digits import bank, scenes, sound
from examples.spoken_digits.settings import BACKGROUND, FEATURES, LABELS, RATE
from tests.helpers.spoken import few_clips, tone

# -- sound -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.82, 1.0, 1.22])
def test_faster_is_higher_and_shorter(factor: float) -> None:
    heard = sound.resampled(tone(500, 0.5), factor)
    assert len(heard) == round(0.5 * RATE / factor)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    peak = np.fft.rfftfreq(len(heard), 1 / RATE)[spectrum.argmax()]
    assert peak == pytest.approx(500 * factor, abs=RATE / len(heard))
    middle = heard[len(heard) // 4 : -len(heard) // 4]
    assert sound.rms(middle) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize(("kind", "decibels"), [("white", 0.0), ("pink", -3.01), ("brown", -6.02)])
def test_noise_falls_as_its_colour_says(kind: str, decibels: float) -> None:
    made = sound.noise(kind, 1 << 18, RATE, np.random.default_rng(0))
    assert sound.rms(made) == pytest.approx(1)
    power = np.abs(np.fft.rfft(made)) ** 2
    hertz = np.fft.rfftfreq(len(made), 1 / RATE)
    octaves = [10 * np.log10(power[(hertz >= f) & (hertz < 2 * f)].mean()) for f in (125, 250, 500, 1000)]
    np.testing.assert_allclose(np.diff(octaves), decibels, atol=0.2)


# -- scenes ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_bank() -> bank.Bank:
    return bank.make_bank(few_clips(), (0.9, 1.0, 1.1), 0)


def test_energies_of_independent_sounds_add_up() -> None:
    """What allows scenes to be mixed in the mel bands and not sample by sample."""
    rng = np.random.default_rng(0)
    one, other = (0.05 * sound.noise(kind, 20 * RATE, RATE, rng) for kind in ("white", "pink"))
    apart = np.exp(FEATURES(one)).mean(axis=0) + np.exp(FEATURES(other)).mean(axis=0)
    np.testing.assert_allclose(np.exp(FEATURES(one + other)).mean(axis=0), apart, rtol=0.1)


def test_scenes_repeat_with_the_seed_and_change_with_the_epoch(small_bank: bank.Bank) -> None:
    first, again = (scenes.Scenes(small_bank, 4, 2, 5) for _ in range(2))
    for left, right in zip(first[1], again[1], strict=True):
        np.testing.assert_array_equal(left, right)
    again.on_epoch_end()
    assert np.abs(first[1][0] - again[1][0]).max() > 1


def test_a_scene_asks_for_each_word_around_its_end(
    small_bank: bank.Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In scenes without noise the words can be seen, so that their ends are known without the labels."""
    monkeypatch.setattr(scenes, "NOISELESS", 1.1)
    monkeypatch.setattr(scenes, "ROOM", 0.0)
    monkeypatch.setattr(scenes, "REVERSED", 0.0)
    monkeypatch.setattr(scenes, "masked", lambda words, rng: words)
    monkeypatch.setattr(scenes, "GAIN", (0.0, 0.0))
    x, classes, weight = scenes.Scenes(small_bank, 16, 1, 0)[0]
    assert x.shape == (16, scenes.FRAMES, FEATURES.mels)
    known = classes < 10
    assert known.any()
    assert (weight[known] == scenes.WEIGHT).all()
    runs = 0
    for row, mask in zip(x, known, strict=True):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], mask, [0]]).astype(int)))
        for start, stop in edges.reshape(-1, 2):
            runs += 1
            assert stop - start == scenes.BEFORE_END + scenes.AFTER_END
            # The tone is heard before the word ends, and after it there is silence.
            loud = row.max(axis=1)
            assert loud[start - 6 : start].max() > -2
            assert loud[start + scenes.BEFORE_END + 2 : stop].max() < -2
    assert runs > 16


def test_the_room_of_a_speaker_left_out_is_left_out_too(small_bank: bank.Bank) -> None:
    learned = small_bank.of(small_bank.speakers == "george")
    assert set(learned.rooms) == {"george"}
    assert set(learned.speakers) == {"george"}
    assert len(learned.words) == len(learned.digits) == 70


def test_a_word_backwards_is_background(small_bank: bank.Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "REVERSED", 1.1)
    _, classes, weight = scenes.Scenes(small_bank, 8, 1, 0)[0]
    assert (classes == LABELS.index(BACKGROUND)).all()
    assert (weight == 1).all()


def test_stretching_keeps_the_ends_and_masks_only_take_away() -> None:
    word = np.random.default_rng(0).uniform(1, 2, (20, FEATURES.mels))
    longer = scenes.stretched(word, 1.5)
    assert len(longer) == 30
    np.testing.assert_allclose(longer[[0, -1]], word[[0, -1]])
    np.testing.assert_allclose(scenes.stretched(word, 1.0), word)
    heard = scenes.masked(word, np.random.default_rng(1))
    assert set(np.unique(heard == word)) <= {True, False}
    assert ((heard == word) | (heard == 0)).all()
    assert 0 < (heard == 0).mean() < 0.7
