"""What is learned from: a guitar as it was played, and the same through the pedal.

Four clips of a guitar come with Sonic Pi (CC0); the pedal is the distortion of Guitarix, run by SoX as it is
set at first. All three are Debian packages. Or two recordings of your own, equally long: dry and wet.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edge.aliases import Array
from examples.common import wav

SAMPLE_RATE = 44100  # Hz

CLIPS = Path("/usr/share/sonic-pi/samples")
SEEN = ("guit_em9", "guit_e_slide", "guit_harmonics")
UNSEEN = "guit_e_fifths"
PLUGIN, LABEL = "guitarix_distortion", "guitarix-distortion"
PLUGINS = "/usr/lib/ladspa:/usr/local/lib/ladspa"
SHORTEST = 2.0  # seconds of each part of a recording


class Pair(NamedTuple):
    """A guitar before and after the pedal, sample by sample: `[samples]` float32 each, -1 to 1."""

    name: str
    dry: Array
    wet: Array

    @property
    def seconds(self) -> float:
        return len(self.dry) / SAMPLE_RATE


class Recordings(NamedTuple):
    """What is learned from, and what is judged on and never seen in training."""

    seen: list[Pair]
    unseen: Pair


def missing() -> str | None:
    """One sentence that says what is not installed here; None if all is."""
    places = os.environ.get("LADSPA_PATH", PLUGINS).split(":")
    here = {
        "sox": shutil.which("sox") is not None,
        "guitarix-ladspa": any((Path(place) / f"{PLUGIN}.so").is_file() for place in places),
        "sonic-pi-samples": all((CLIPS / f"{clip}.flac").is_file() for clip in (*SEEN, UNSEEN)),
    }
    absent = [name for name, found in here.items() if not found]
    if not absent:
        return None
    return (
        f"The guitar and the pedal come from Debian packages, and not all are installed here: apt install "
        f"{' '.join(absent)}; or name recordings of your own with --dry and --wet."
    )


def record(folder: Path) -> Recordings:
    """Send every clip through the pedal; the WAV files are kept in `folder`. `missing` is asked before.

    Raises:
        RuntimeError: SoX failed; with what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pairs = {}
    for clip in (*SEEN, UNSEEN):
        dry, wet = folder / f"{clip}_dry.wav", folder / f"{clip}_wet.wav"
        _sox(CLIPS / f"{clip}.flac", dry, "remix", "-", "rate", str(SAMPLE_RATE))
        _sox(dry, wet, "ladspa", PLUGIN, LABEL)
        pairs[clip] = Pair(clip, read_wav(dry), read_wav(wet))
    return Recordings([pairs[clip] for clip in SEEN], pairs[UNSEEN])


def own(dry: Path, wet: Path) -> Recordings:
    """A pair of files; the last fifth of it is held out.

    Raises:
        ValueError: they are not equally long, too short, silent, or no WAV files (see `read_wav`).
        OSError: one cannot be read.
    """
    before, after = read_wav(dry), read_wav(wet)
    if len(before) != len(after):
        raise ValueError(
            f"{dry} has {len(before)} samples and {wet} {len(after)}: the pedal's recording must be as long "
            "as the guitar's, and start with it."
        )
    cut = len(before) * 4 // 5
    if len(before) - cut < SHORTEST * SAMPLE_RATE:
        raise ValueError(
            f"{dry} lasts {len(before) / SAMPLE_RATE:.1f} s; {5 * SHORTEST:.0f} s or more are needed."
        )
    parts = [Pair(dry.stem, before[part], after[part]) for part in (slice(cut), slice(cut, None))]
    if any(not sound.any() for part in parts for sound in part[1:]):
        raise ValueError(f"{dry} or {wet} is silent in its first four fifths or in its last.")
    return Recordings(parts[:1], parts[1])


def _sox(source: Path, target: Path, *effects: str) -> None:
    """One run of SoX, without dither: the same samples every time."""
    environment = {"LADSPA_PATH": PLUGINS, **os.environ}
    command = ["sox", "-D", str(source), "-b", "16", str(target), *effects]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")


def read_wav(path: Path) -> Array:
    """The sound of a WAV file, `[samples]` float32 in -1..1; several channels become their mean.

    Raises:
        ValueError: no WAV file of integers of 16, 24 or 32 bits, a cut one, or not at `SAMPLE_RATE`.
        OSError: it cannot be read.
    """
    try:
        found = wav.read_wav(path)
    except (wave.Error, EOFError) as error:
        raise ValueError(
            f"{path} is no WAV file of plain integers ({error or 'it ends too soon'}): "
            f"sox {path.name} -r {SAMPLE_RATE} -b 16 -e signed new.wav makes one."
        ) from None
    if found.rate != SAMPLE_RATE or found.width not in (2, 3, 4):
        raise ValueError(
            f"{path} has {8 * found.width} bits at {found.rate} Hz; 16, 24 or 32 bits at {SAMPLE_RATE} Hz "
            f"are needed: sox {path.name} -r {SAMPLE_RATE} -b 16 new.wav makes them."
        )
    return found.sound.astype(np.float32)


def write_wav(path: Path, sound: Array) -> None:
    """Write `[samples]` in 16 bits, one channel, at `SAMPLE_RATE`; what is louder than 1 is cut off."""
    integers = np.clip(np.rint(np.asarray(sound, float) * 32768), -32768, 32767)
    wav.write_wav(path, integers, SAMPLE_RATE)
