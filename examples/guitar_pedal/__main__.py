"""`python -m examples.guitar_pedal`: recordings, filter, LSTM, files, clock, from top to bottom."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from examples.common.command import Out, Quick, Seed, begin, waking, without_data

ROUNDS = 320
QUICK_ROUNDS = 20


def main(
    quick: Quick = False,
    out: Out = Path("results/guitar_pedal"),
    seed: Seed = 0,
    dry: Annotated[Path | None, typer.Option(help="Your guitar, a WAV file; with --wet.")] = None,
    wet: Annotated[Path | None, typer.Option(help="The same through your pedal, sample by sample.")] = None,
) -> None:
    """Learn a guitar pedal from its sound with a small LSTM, write it as float, dynamic and int8 files, and
    run each block by block against the clock of a sound card, on a recording never heard in training."""
    started = time.perf_counter()
    if (dry is None) != (wet is None):
        raise SystemExit("--dry and --wet belong together: the guitar, and the same through the pedal.")
    console = begin(out)
    from examples.guitar_pedal import data

    absent = data.missing() if dry is None else None
    if absent:
        without_data(FileNotFoundError(absent), quick)
    try:
        recordings = data.own(dry, wet) if dry and wet else data.record(out / "recordings")
    except OSError as error:
        raise SystemExit(
            f"{error.filename or 'The recording'} cannot be read: {error.strerror or error}."
        ) from error
    except (ValueError, RuntimeError) as error:
        raise SystemExit(str(error)) from error
    with waking(console):
        from examples.common.files import write_json
        from examples.guitar_pedal import pictures, report
        from examples.guitar_pedal.experiment import run
        from examples.guitar_pedal.realtime import BLOCKS, PASSES
        from examples.guitar_pedal.train import LEARNING_RATE, STRETCHES, WINDOW

    rounds = QUICK_ROUNDS if quick else ROUNDS
    timing = (BLOCKS[:1], 1) if quick else (BLOCKS, PASSES)
    found = run(recordings, rounds, seed, out, console, *timing)
    console.print()
    console.print(report.error_table(found.rows, recordings.unseen))
    console.print(report.clock_table(found.clocks))

    by_form = {row.form: row for row in found.rows}
    pictures.imitation(recordings.unseen, by_form["NumPy"], by_form["float"], out / "imitation.png")
    pictures.clock(found.clocks, out / "clock.png")
    seconds = time.perf_counter() - started
    settings = {
        "seed": seed,
        "rounds": rounds,
        "stretches": STRETCHES,
        "window": WINDOW,
        "learning_rate": LEARNING_RATE,
        "seconds": seconds,
    }
    write_json(
        out / "results.json", report.as_json(found.rows, found.clocks, recordings, found.losses, settings)
    )
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
