"""All of it, once: the filter, the LSTM, its files, and what each makes of the unseen recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console

from edge.aliases import Array
from examples.common.files import write_files
from examples.guitar_pedal.audio import write_wav
from examples.guitar_pedal.measure import TAPS, best_filter, filtered
from examples.guitar_pedal.network import UNITS, streaming
from examples.guitar_pedal.realtime import Clock, against_the_clock
from examples.guitar_pedal.recordings import Pair, Recordings
from examples.guitar_pedal.report import Row, judged
from examples.guitar_pedal.train import train

LENGTH = 1024  # samples of a stretch that ranges are taken from
STRETCHES = 200


class Found(NamedTuple):
    """A row for every imitation, a clock for every file and length of block, the loss of every round."""

    rows: list[Row]
    clocks: list[tuple[str, Clock]]
    losses: list[float]


def run(
    recordings: Recordings,
    rounds: int,
    seed: int,
    out: Path,
    console: Console,
    blocks: Sequence[int],
    passes: int,
) -> Found:
    """Learn, convert, judge and time.

    Args:
        recordings: what is learned from and what is judged on.
        rounds: of training.
        seed: of everything that is drawn.
        out: for the files and the sounds.
        console: where the progress is shown.
        blocks: samples in a call, each in turn.
        passes: how often each file plays the unseen recording at each length of block.
    """
    seen, unseen = recordings
    names, seconds = ", ".join(pair.name for pair in seen), sum(pair.seconds for pair in seen)
    heard = f"Learning from {seconds:.1f} s of {names}; unseen: {unseen.seconds:.1f} s of {unseen.name}."
    console.print(heard, soft_wrap=True)
    with console.status(f"the best linear filter of {TAPS} taps"):
        taps = best_filter(seen)
    rows = [judged(f"linear filter, {TAPS} taps", "NumPy", unseen, filtered(unseen.dry, taps))]
    trained, losses = train(seen, UNITS, rounds, seed, console)
    model = streaming(trained)
    name = f"LSTM({UNITS}) with a skip"
    with console.status("writing the files"):
        answer = model.predict(unseen.dry[None, :, None], verbose=0)[0, :, 0]
        rows.append(judged(name, "Keras", unseen, answer))
        paths = write_files(model, "pedal", out / "files", calibration(seen, seed), state="carry")
    clocks = []
    for kind, path in paths.items():
        for block in blocks:
            with console.status(f"{kind}, blocks of {block} samples, against the clock"):
                sound, clock = against_the_clock(path, unseen.dry, block, passes)
            clocks.append((kind, clock))
        rows.append(judged(name, kind, unseen, sound, path))
    sounds = {"dry": unseen.dry, "wet": unseen.wet, "linear": rows[0].sound}
    for listened, sound in {**sounds, **{row.form: row.sound for row in rows[2:]}}.items():
        write_wav(out / f"listen_{listened}.wav", sound)
    return Found(rows, clocks, losses)


def calibration(seen: list[Pair], seed: int) -> Array:
    """Stretches of the guitar that the int8 file takes its ranges from, `[n, time, 1]`."""
    cut = [pair.dry[: len(pair.dry) // LENGTH * LENGTH].reshape(-1, LENGTH, 1) for pair in seen]
    stretches = np.concatenate(cut)
    return stretches[np.random.default_rng(seed).permutation(len(stretches))[:STRETCHES]]
