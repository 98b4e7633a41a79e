"""Spoken digits: who is held out, what a decision is counted as, what a device does, and a short run."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from edge import Decider
from edge.aliases import Array
from examples.common.data import local_copy
from examples.common.wav import write_wav
from examples.spoken_digits import clips, data, device, recording, settings, sound
from examples.spoken_digits.events import LATEST, tally, together
from examples.spoken_digits.recording import Word
from examples.spoken_digits.settings import BACKGROUND, DIGITS, FEATURES, LABELS, RATE, FrontEnd
from tests.helpers.example_runs import has_pictures, quick_run, without_tensorflow
from tests.helpers.spoken import clip, few_clips, tone

needs_copy = pytest.mark.skipif(
    local_copy(data.ARCHIVE) is None,
    reason=f"{data.ARCHIVE} is not on this machine, and tests never download",
)


# -- the recordings ----------------------------------------------------------------------------------------


@needs_copy
def test_the_archive_in_the_copy_names_the_official_split_as_we_take_it() -> None:
    import tarfile

    with tarfile.open(str(local_copy(data.ARCHIVE))) as archive:
        readme = next(member for member in archive if member.name.endswith("/README.md"))
        text = archive.extractfile(readme).read().decode()  # type: ignore[union-attr]
    assert "Recordings numbered `0-4` (inclusive) are in the test and `5-49` are in the training set" in text
    assert "5 speakers" in text
    assert "2,500 recordings (50 of each digit per speaker)" in text


def test_the_official_split_holds_out_the_first_five_of_each() -> None:
    every = few_clips()
    split = data.official(every)
    assert len(split.unseen) == 2 * 10 * 5
    assert len(split.seen) == 2 * 10 * 2
    assert {one.number for one in split.unseen} == {0, 1, 2, 3, 4}
    assert {one.number for one in split.seen} == {5, 6}


def test_a_speaker_left_out_is_never_learned_from() -> None:
    every = few_clips()
    split = data.without(every, "theo")
    assert {one.speaker for one in split.unseen} == {"theo"}
    assert {one.speaker for one in split.seen} == {"george"}
    learned = data.chosen(every, split.seen)
    assert learned.sum() == 70
    assert {every[number].speaker for number in np.flatnonzero(learned)} == {"george"}


# -- single clips ------------------------------------------------------------------------------------------


def test_clips_are_padded_at_the_front() -> None:
    short, long = clips.clip_features(clip(3, seconds=0.2)), clips.clip_features(clip(3, seconds=0.6))
    assert short.shape == long.shape
    np.testing.assert_array_equal(short[-16:], long[-16:])  # they end alike
    assert (short[:60] == np.float32(np.log(FEATURES.floor))).all()


def test_a_clip_is_judged_by_its_last_frames() -> None:
    probabilities = np.zeros((2, 30, len(LABELS)))
    probabilities[:, :20, 7] = 1  # long before the end
    probabilities[0, -5:, 2] = 0.4
    probabilities[0, -5:, LABELS.index(BACKGROUND)] = 0.6  # the background is no answer
    probabilities[1, -5:, 4] = 1
    np.testing.assert_array_equal(clips.answers(probabilities), [2, 4])
    found = clips.score(probabilities, [clip(2), clip(5)])
    assert found.accuracy == 0.5
    assert found.confusion[2, 2] == 1
    assert found.confusion[5, 4] == 1
    assert found.confusion.sum() == 2


# -- long recordings ---------------------------------------------------------------------------------------


def test_a_long_recording_has_every_word_where_it_says() -> None:
    spoken = [clip(digit) for digit in range(10)]
    made = recording.join(spoken, 3)
    assert sorted(word.digit for word in made.words if word.digit is not None) == list(range(10))
    assert sum(word.digit is None for word in made.words) == 2
    before = 0
    for word in made.words:
        assert recording.PAUSE[0] * RATE - 1 <= word.start - before <= recording.PAUSE[1] * RATE
        before = word.end
        piece = made.audio[word.start : word.end]
        if word.digit is not None:
            inside = slice(recording.FADE, -recording.FADE)
            np.testing.assert_allclose(piece[inside], spoken[word.digit].audio[inside], atol=1)
    assert len(made.audio) - before >= recording.PAUSE[0] * RATE - 1


def test_noise_is_added_as_far_below_the_words_as_said() -> None:
    spoken = [clip(digit) for digit in range(10)]
    quiet, noisy = recording.join(spoken, 3), recording.join(spoken, 3, noise_db=20)
    added = (noisy.audio.astype(float) - quiet.audio) / 32768
    level = sound.rms(np.concatenate([sound.as_float(one.audio) for one in spoken]))
    assert 20 * np.log10(sound.rms(added) / level) == pytest.approx(-20, abs=0.1)


def test_the_room_is_as_loud_as_the_quiet_moments() -> None:
    rng = np.random.default_rng(0)
    hum = [
        one._replace(audio=(one.audio + rng.normal(0, 30, len(one.audio))).astype(np.int16))
        for one in [clip(1)] * 8
    ]
    found = recording.room(hum, 4 * RATE, rng)
    # Tones of 0.4 s between silences of 25 ms: the quietest 50 ms are at an end, half of them tone.
    expected = np.mean([sound.rms(recording.quietest(sound.as_float(one.audio))) for one in hum])
    assert sound.rms(found) == pytest.approx(expected, rel=0.15)


WORDS = [Word(1000, 4000, 3), Word(12000, 15000, None), Word(24000, 27000, 5), Word(36000, 39000, 5)]


def test_every_decision_is_counted_as_what_it_is() -> None:
    decided = [
        (500, 1),  # before all words: false
        (4400, 3),  # 50 ms after the end: right
        (5000, 3),  # once more: false
        (15100, 8),  # on a backward word: false
        (27800, 6),  # wrong
        (39000 + LATEST + 1, 5),  # too late: missed, and false
    ]
    found = tally(WORDS, decided, 48000)
    assert (found.right, found.wrong, found.missed) == (1, 1, 1)
    assert found.false_alarms == [1, 3, 8, 5]
    assert (found.backward_alarms, found.backward) == (1, 1)
    assert found.latencies.tolist() == [50.0]
    assert found.seconds == 6.0
    both = together([found, found])
    assert (both.right, both.missed, len(both.false_alarms), both.seconds) == (2, 2, 8, 12.0)


def test_a_word_known_before_its_end_has_a_negative_latency() -> None:
    found = tally(WORDS, [(39000 - 800, 5), (3200, 3)][::-1], 48000)
    assert found.latencies.tolist() == [-100.0, -100.0]


# -- the device --------------------------------------------------------------------------------------------


class Fake:
    """A network for one stream that is sure of digit n while band n is the loudest and anything is heard."""

    def stream(self) -> Fake:
        return self

    def step(self, frame: Array) -> Array:
        result = np.zeros(len(LABELS))
        result[int(frame[:10].argmax()) if frame.max() > -5 else -1] = 1
        return result


@pytest.mark.parametrize("block", [1, 37, 128, 5000])
def test_the_chain_gives_the_same_in_any_blocks(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    audio = np.concatenate([np.zeros(3000), tone(150, 0.4), np.zeros(6000), tone(260, 0.4), np.zeros(2000)])
    front_end = FrontEnd(FEATURES, settings.DECIDER)
    monkeypatch.setattr(device, "BLOCK", block)
    heard = device.listen(audio, Fake(), front_end)  # type: ignore[arg-type]
    np.testing.assert_array_equal(heard.features, FEATURES(audio))
    expected = settings.DECIDER(np.array([Fake().step(frame) for frame in FEATURES(audio)]))
    assert heard.decisions == expected
    assert len(expected) == 2
    for sample, decision in zip(heard.samples, heard.decisions, strict=True):
        known = FEATURES.frame_samples + decision.step * FEATURES.hop_samples  # the end of that frame
        assert known <= sample < known + block
    assert heard.duration == len(audio) / RATE
    assert heard.real_time_factor > 0


def test_the_front_end_is_read_back_as_it_was(tmp_path: Path) -> None:
    settings.write_front_end(tmp_path / "front_end.json")
    found = settings.read_front_end(tmp_path / "front_end.json")
    assert found == FrontEnd(FEATURES, settings.DECIDER)
    assert isinstance(found.decider, Decider)


def test_a_wav_of_another_rate_and_two_channels_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "own.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        one = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
        file.writeframes((np.column_stack([one, one]) * 32767).astype("<i2").tobytes())
    audio = device.read_wav(path, RATE)
    assert len(audio) == RATE
    spectrum = np.abs(np.fft.rfft(audio))
    assert spectrum.argmax() == 440
    assert sound.rms(audio) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_a_wav_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="There is no file"):
        device.read_wav(tmp_path / "none.wav", RATE)
    (tmp_path / "text.wav").write_text("no sound at all")
    with pytest.raises(SystemExit, match="cannot be read as a wav file"):
        device.read_wav(tmp_path / "text.wav", RATE)
    write_wav(tmp_path / "cut.wav", np.zeros(400, np.int16), RATE)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[:-299])
    with pytest.raises(SystemExit, match=r"cut.wav is cut: 501 of 800 bytes"):
        device.read_wav(tmp_path / "cut.wav", RATE)


# -- the command -------------------------------------------------------------------------------------------


def test_listening_before_a_run_says_what_to_do(tmp_path: Path) -> None:
    done = without_tensorflow("spoken_digits", "--listen", "own.wav", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "run `python -m examples.spoken_digits` first" in done.stderr


@needs_copy
@pytest.mark.example
def test_a_quick_run_does_all_of_it(tmp_path: Path) -> None:
    printed, out = quick_run("spoken_digits", tmp_path / "out")
    assert "official test set, 250 clips" in printed
    found = json.loads((out / "results.json").read_text())
    forms = {form: each["accuracy"] for form, each in found["official"]["clips"].items()}
    assert set(forms) == {"Keras", "float", "int8"}
    assert forms["Keras"] > 0.3  # chance is 0.1
    assert forms["float"] == pytest.approx(forms["Keras"], abs=0.005)
    assert forms["int8"] == pytest.approx(forms["Keras"], abs=0.06)
    (unseen,) = found["unseen_speakers"].values()
    assert unseen["clips"]["int8"]["accuracy"] > 0.15
    streams = {each["file"]: each for each in found["official"]["streams"] if each["speaker"] == "george"}
    assert set(streams) == {"int8"}
    for stream in streams.values():
        assert stream["right"] + stream["wrong"] + stream["missed"] == stream["digits"] == 50
        assert stream["real_time_factor"] < 1
    assert has_pictures(out, "stream", "latency", "accuracy", "thresholds")
    # The files of that run hear a wav of it, where there is no TensorFlow; as many digits as it counted.
    done = without_tensorflow(
        "spoken_digits", "--listen", str(out / "official" / "george.wav"), "--out", str(out)
    )
    assert done.returncode == 0, done.stderr
    stream = streams["int8"]
    decisions = stream["right"] + stream["wrong"] + stream["false_alarms"]
    assert f"{decisions} digits in {stream['seconds']:.1f} s" in done.stdout.replace(
        "1 digit in", "1 digits in"
    )
    assert len(done.stdout.splitlines()) == decisions + 1
    assert set(DIGITS) >= {line.split()[2] for line in done.stdout.splitlines()[:-1]}
