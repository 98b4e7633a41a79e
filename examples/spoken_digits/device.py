"""What a device does: blocks of samples -> features -> network -> decisions. No TensorFlow here."""

from __future__ import annotations

import time
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np

import edge
from edge.aliases import Array
from edge.runtime.decisions import Decision
from examples.common import wav
from examples.spoken_digits.settings import FRONT_END, FrontEnd, read_front_end
from examples.spoken_digits.sound import resampled

STREAM_FILE = "digits_stream_int8.tflite"  # of an earlier run
BLOCK = 128  # samples, as a sound card hands them over; it need not fit the hop of the features


class Heard(NamedTuple):
    """What was decided on in a recording, and what it cost.

    Attributes:
        decisions: in order.
        samples: of the recording that had come when each decision was made.
        probabilities: `[steps, 11]`.
        features: `[steps, mels]`.
        seconds: of the thread for features, network and decisions, `[3]`.
        duration: of the recording in seconds.
    """

    decisions: list[Decision]
    samples: list[int]
    probabilities: Array
    features: Array
    seconds: Array
    duration: float

    @property
    def real_time_factor(self) -> float:
        """Seconds of one thread for a second of sound."""
        return float(self.seconds.sum()) / self.duration


def listen(audio: Array, model: edge.EdgeModel, front_end: FrontEnd) -> Heard:
    """Take a recording, `[samples]` at the rate of the features, block by block.

    Args:
        audio: int16, or floats in -1..1.
        model: a stream file (`state="carry"`).
        front_end: what it was trained with.
    """
    features, decider = front_end
    ear, network, mind = features.stream(), model.stream(), decider.stream()
    decisions, samples, rows, answers = [], [], [], []
    spent = np.zeros(3)
    for start in range(0, len(audio), BLOCK):
        block = audio[start : start + BLOCK]
        began = time.thread_time()
        frames = ear.push(block)
        spent[0] += time.thread_time() - began
        for frame in frames:
            times = [time.thread_time()]
            probabilities = network.step(frame)
            times.append(time.thread_time())
            decision = mind.push(probabilities)
            times.append(time.thread_time())
            spent[1:] += np.diff(times)
            rows.append(frame)
            answers.append(probabilities)
            if decision is not None:
                decisions.append(decision)
                samples.append(start + len(block))
    shape = (0, len(decider.labels))
    return Heard(
        decisions,
        samples,
        np.array(answers) if answers else np.zeros(shape),
        np.array(rows) if rows else np.zeros((0, features.mels)),
        spent,
        max(len(audio), 1) / features.sample_rate_hz,
    )


def show(path: Path, folder: Path) -> None:
    """Print every digit that is heard in a wav file.

    Args:
        path: of the wav file, 16 bits, of any rate.
        folder: where an earlier run left its files.

    Raises:
        SystemExit: one of the files is missing or of the wrong kind.
    """
    for needed in (folder / STREAM_FILE, folder / FRONT_END):
        if not needed.is_file():
            raise SystemExit(f"{needed} is not there: run `python -m examples.spoken_digits` first.")
    front_end = read_front_end(folder / FRONT_END)
    audio = read_wav(path, front_end.features.sample_rate_hz)
    heard = listen(audio, edge.load(folder / STREAM_FILE, num_threads=1), front_end)
    for sample, decision in zip(heard.samples, heard.decisions, strict=True):
        second = sample / front_end.features.sample_rate_hz
        print(f"{second:8.2f} s  {decision.label:5}  {decision.confidence:4.0%}")
    digits = "1 digit" if len(heard.decisions) == 1 else f"{len(heard.decisions)} digits"
    print(f"{digits} in {heard.duration:.1f} s; real-time factor {heard.real_time_factor:.4f} on one thread")


def read_wav(path: Path, rate: int) -> Array:
    """A file of 16-bit samples as floats at `rate`, channels averaged, `[samples]`.

    Raises:
        SystemExit: there is no such file, it is cut, or it is of another kind.
    """
    try:
        audio, its_rate, width = wav.read_wav(path)
    except FileNotFoundError:
        raise SystemExit(f"There is no file {path}.") from None
    except (wave.Error, EOFError, OSError) as error:
        raise SystemExit(f"{path} cannot be read as a wav file ({error}).") from None
    except ValueError as error:
        raise SystemExit(str(error)) from None
    if width != 2:
        raise SystemExit(f"{path} has {8 * width}-bit samples; save it with 16 bits.")
    if its_rate == rate or not len(audio):
        return audio
    return np.clip(resampled(audio, its_rate / rate), -1, 1)
