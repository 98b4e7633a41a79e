"""The user's own recording through the files of an earlier run. Needs numpy and a runtime, not TensorFlow."""

from __future__ import annotations

from pathlib import Path

import edge
from examples.spoken_digits.device import listen, read_wav
from examples.spoken_digits.settings import FRONT_END, read_front_end

STREAM_FILE = "digits_stream_int8.tflite"


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
