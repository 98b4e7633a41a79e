"""`python -m examples.spoken_digits`: recordings, training, files, long recordings, from top to bottom."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from examples.common.command import DataDir, Out, Quick, Seed, begin, waking, without_data

EPOCHS = 24
QUICK_EPOCHS, QUICK_UNSEEN_EPOCHS = 3, 1
OFFICIAL = "official"


def main(
    quick: Quick = False,
    listen: Annotated[
        Path | None,
        typer.Option(help="Do nothing but listen to this wav file, with the int8 file of an earlier run."),
    ] = None,
    out: Out = Path("results/spoken_digits"),
    seed: Seed = 0,
    data_dir: DataDir = None,
) -> None:
    """Train a network to spot spoken digits in a stream of sound, and judge it on recordings and speakers
    that it has never heard, in single clips and in long recordings, the way a device would hear them."""
    if listen is not None:
        from examples.spoken_digits.device import show

        show(listen, out / OFFICIAL)
        return
    started = time.perf_counter()
    console = begin(out, needed=["pydub", "importlib_resources"])
    with waking(console):
        from examples.common.files import costs, timed, write_json
        from examples.common.progress import steps
        from examples.spoken_digits import data, pictures, report
        from examples.spoken_digits.bank import SPEEDS, make_bank
        from examples.spoken_digits.experiment import NOISES, run

    try:
        with console.status("The recordings"):
            clips = data.load_clips(data_dir)
    except FileNotFoundError as error:
        without_data(error, quick)
    if quick:
        clips = [clip for clip in clips if clip.number < 12]
    speeds = (1.0,) if quick else SPEEDS
    console.print(f"{len(clips)} recordings of {len(data.SPEAKERS)} speakers.")
    with steps(console, "features") as bar:
        task = bar.add_task("", total=len(clips))
        bank = make_bank(clips, speeds, seed, lambda: bar.advance(task))

    noises = list(NOISES)[:1] if quick else list(NOISES)
    files = ("float", "int8") if quick else ("float", "dynamic", "int8")
    splits = {OFFICIAL: data.official(clips)}
    for speaker in data.SPEAKERS[-1:] if quick else data.SPEAKERS:
        splits[speaker] = data.without(clips, speaker)
    outcomes = {}
    for name, split in splits.items():
        learned = bank.of(data.chosen(clips, split.seen))
        kinds = files if name == OFFICIAL else files[-1:]
        epochs = EPOCHS
        if quick:
            epochs = QUICK_EPOCHS if name == OFFICIAL else QUICK_UNSEEN_EPOCHS
        outcomes[name] = run(name, split, learned, kinds, noises, epochs, seed, out / name, console)
    official, unseen = outcomes.pop(OFFICIAL), outcomes

    timing = timed(list(official.paths.values()), console, length=report.FRAMES_A_CLIP)
    known = official.streams
    unknown = [stream for outcome in unseen.values() for stream in outcome.streams]
    console.print()
    for shown in (
        report.official_table(official, len(splits[OFFICIAL].unseen), costs(timing)),
        report.unseen_table(unseen),
        report.stream_table({"known": known, "unknown": unknown}),
        report.digit_table(report.chosen(known, "int8", noises[0])),
        report.cost_table(known),
    ):
        console.print(shown)

    pictures.stream(known, out / "stream.png")
    pictures.latency(known, unknown, out / "latency.png")
    pictures.accuracy(official, unseen, out / "accuracy.png")
    pictures.thresholds(known, unknown, out / "thresholds.png")
    seconds = time.perf_counter() - started
    settings = {"seed": seed, "quick": quick, "seconds": seconds}
    write_json(out / "results.json", report.as_json(official, unseen, timing, settings))
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
