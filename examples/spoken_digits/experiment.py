"""One split: learn from the clips that it shows, write the files, judge them on the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

import edge
from examples.common.files import predict_file
from examples.common.wav import write_wav
from examples.spoken_digits.bank import Bank
from examples.spoken_digits.clips import Score, clip_features, score
from examples.spoken_digits.data import SPEAKERS, Clip, Split
from examples.spoken_digits.device import Heard, listen
from examples.spoken_digits.events import Tally, tally, together
from examples.spoken_digits.files import calibration_scenes, write
from examples.spoken_digits.recording import Recording, join
from examples.spoken_digits.settings import DECIDER, FEATURES, RATE, FrontEnd
from examples.spoken_digits.train import train

NOISES: dict[str, float | None] = {"room": None, "SNR 20 dB": 20.0, "SNR 10 dB": 10.0}
SPOKEN = 10  # recordings of each digit and speaker in a long recording, at most


class Stream(NamedTuple):
    """A long recording and what a stream file made of it."""

    speaker: str
    noise: str
    form: str
    recording: Recording
    heard: Heard
    tally: Tally


class Outcome(NamedTuple):
    """What was found on one split.

    Attributes:
        scores: `"Keras"` and each kind of file.
        paths: of the files that take whole sequences.
        streams: one for each long recording and stream file.
        loss: after every epoch.
    """

    scores: dict[str, Score]
    paths: dict[str, Path]
    streams: list[Stream]
    loss: list[float]


def run(
    name: str,
    split: Split,
    bank: Bank,
    kinds: Sequence[str],
    noises: Sequence[str],
    epochs: int,
    seed: int,
    folder: Path,
    console: Console,
) -> Outcome:
    """Train, convert, judge.

    Args:
        name: shown with the progress.
        split: the clips.
        bank: of the clips to learn from.
        kinds: of file, of `examples.common.files.KINDS`.
        noises: some of `NOISES`.
        epochs: of training.
        seed: of everything that is drawn.
        folder: for the files.
        console: where the progress is shown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model, loss = train(name, bank, epochs, seed, console)
    with console.status(f"{name}: writing the files, and asking each about clips it has never heard"):
        x = np.stack([clip_features(clip) for clip in split.unseen])
        # For `python -m edge verify` and other questions to the models.
        np.save(folder / "clips.npy", x)
        scores = {"Keras": score(model.predict(x, batch_size=250, verbose=0), split.unseen)}
        paths, stream_files = write(model, folder, calibration_scenes(bank, seed), kinds)
        scores |= {kind: score(predict_file(path, x), split.unseen) for kind, path in paths.items()}
    streams = []
    with console.status(f"{name}: listening to long recordings"):
        for kind, path in stream_files.items():
            streams += hear(path, kind, split.unseen, noises, seed, folder)
    return Outcome(scores, paths, streams, loss)


def hear(
    path: Path, kind: str, clips: Sequence[Clip], noises: Sequence[str], seed: int, folder: Path
) -> list[Stream]:
    """Play each speaker's long recordings to a stream file, on one thread; the wav files are kept."""
    model = edge.load(path, num_threads=1)
    streams = []
    for speaker in SPEAKERS:
        spoken = [clip for clip in clips if clip.speaker == speaker and clip.number < SPOKEN]
        if not spoken:
            continue
        for noise in noises:
            below = NOISES[noise]
            recording = join(spoken, seed, below)
            name = speaker if below is None else f"{speaker}_{below:.0f}dB"
            write_wav(folder / f"{name}.wav", recording.audio, RATE)
            heard = listen(recording.audio, model, FrontEnd(FEATURES, DECIDER))
            decided = [
                (sample, decision.class_index)
                for sample, decision in zip(heard.samples, heard.decisions, strict=True)
            ]
            counted = tally(recording.words, decided, len(recording.audio))
            streams.append(Stream(speaker, noise, kind, recording, heard, counted))
    return streams


def chosen(streams: Sequence[Stream], form: str, noise: str) -> Tally:
    """All recordings with one noise through one kind of file, as one."""
    return together([each.tally for each in streams if (each.form, each.noise) == (form, noise)])
