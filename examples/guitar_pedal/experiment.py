"""All of it, once: the filter, the LSTM, its files, and what each makes of the unseen recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from examples.guitar_pedal.data import Recordings
from examples.guitar_pedal.files import write, write_sounds
from examples.guitar_pedal.measure import TAPS, best_filter, filtered
from examples.guitar_pedal.network import UNITS, streaming
from examples.guitar_pedal.realtime import Clock, against_the_clock
from examples.guitar_pedal.report import Row, judged
from examples.guitar_pedal.train import train


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
        paths = write(model, seen, seed, out / "files")
    clocks = []
    for kind, path in paths.items():
        for block in blocks:
            with console.status(f"{kind}, blocks of {block} samples, against the clock"):
                sound, clock = against_the_clock(path, unseen.dry, block, passes)
            clocks.append((kind, clock))
        rows.append(judged(name, kind, unseen, sound, path))
    write_sounds(rows, unseen, out)
    return Found(rows, clocks, losses)
