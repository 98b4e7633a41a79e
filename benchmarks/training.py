"""Training speed, side by side in one run: `python -m benchmarks.training`.

One gradient step (forward and backward, with respect to all weights) on the same data and weights; an epoch
of `model.fit`, the last step shown and all of them; a stream of batches of twenty lengths; what short epochs
wait for tf.data's autotuner; how the cost grows with time and batch; the peak memory. The contestants take
turns, so that a noisy machine is as noisy for each. Behind a time stands how many times as fast it is as
`keras.layers.LSTM` in its own best setting (plain graph or XLA).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.training_tables import machine_lines, markdown, sheets
from edge.aliases import Progress

# batch, time, inputs, units: a sensor, a keyboard, speech, a long recording, a language model
FIVE = [(32, 100, 32, 64), (64, 100, 64, 128), (32, 50, 256, 512), (16, 400, 16, 32), (128, 30, 128, 256)]
SEVEN = [
    *FIVE,
    (1, 1000, 16, 32),
    (256, 20, 64, 64),
]  # and one sequence alone, and short ones in large batches
STREAMS = [(32, 32, 64), (64, 64, 128)]  # batch, inputs, units
SHOWN = {"the last step": False, "every step": True}
FEEDING = (32, 100, 32, 64)
QUICK_RUNS = 5
MARKS = ("<!-- training -->\n", "\n<!-- /training -->")


def main(
    runs: Annotated[int, typer.Option(min=1, help="Counted rounds for each size.")] = 15,
    quick: Annotated[bool, typer.Option("--quick", help="Two small sizes and one small epoch.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
    page: Annotated[
        Path | None, typer.Option("--markdown", help="Put the tables into this page, between its two marks.")
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option("--kept", help="Measure nothing: the tables of this JSON of an earlier run."),
    ] = None,
) -> None:
    """Measure LSTMPlus against keras.layers.LSTM, BlockLSTM and torch.nn.LSTM."""
    from edge.cli.tools import Json, one_sentence, write

    with one_sentence():
        json_file, text = Json(str(out) if out else None), None
        if page is not None:
            text = page.read_text(encoding="utf-8")
            into(text, "")  # better to know before the work
        if kept is not None:
            results = json.loads(kept.read_text(encoding="utf-8"))
        else:
            results = measure(
                runs, quick, lambda done, total, what: typer.echo(f"{done}/{total} {what}", err=True)
            )
        for sheet in sheets(results):
            sheet.print()
        for line in machine_lines(results):
            typer.echo(line)
        json_file.write(results)
        if page is not None and text is not None:
            write(page, into(text, markdown(results)))


def measure(runs: int, quick: bool, report: Progress) -> dict[str, Any]:
    """All figures, as plain dictionaries; milliseconds and MB."""
    from benchmarks import contestants, feeding, fitting
    from benchmarks.memory import peak_memory
    from benchmarks.turns import interleave
    from edge.benchmark import machine as board

    machine = board.describe()
    runs = min(runs, QUICK_RUNS) if quick else runs
    sizes, streams = ([FIVE[0], SEVEN[-1]], []) if quick else (SEVEN, STREAMS)
    epochs = {"the last step": [FIVE[0]]} if quick else dict.fromkeys(SHOWN, FIVE)
    lengths, batches = ((), ()) if quick else ((100, 1000, 10_000), (16, 64, 256))
    total = (
        len(sizes)
        + sum(map(len, epochs.values()))
        + len(streams)
        + (not quick)
        + len(batches)
        + 2 * len(lengths)
    )
    done = 0

    def now(what: str, *size: int) -> str:
        nonlocal done
        done += 1
        name = " x ".join(map(str, size))
        report(done, total, f"{what} {name}")
        return name

    results: dict[str, Any] = {
        "machine": machine,
        "versions": board.software(**_versions()),
        "warnings": board.warnings(machine),
        "marked": [" x ".join(map(str, size)) for size in FIVE],
        "steps": {
            now("gradient step", *size): interleave(contestants.gradient_steps(*size), runs) for size in sizes
        },
        "fit": {
            shown: {
                now(f"epoch, {shown}", *size): interleave(
                    fitting.epochs(*size, SHOWN[shown]), max(1, runs // 2)
                )
                for size in epochs[shown]
            }
            for shown in epochs
        },
        "streams": {now("stream", *size): fitting.streams(*size) for size in streams},
        "feeding": {},
        "growth": {},
        "memory": {},
    }
    if not quick:
        size = now("feeding", *FEEDING)
        results["feeding"] = {"size": size, "ways": interleave(feeding.ways(*FEEDING), runs)}
        small = max(1, runs // 3)
        results["growth"] = {
            "time": {now("time", t): interleave(contestants.ours(16, t, 16, 32), small) for t in lengths},
            "batch": {now("batch", b): interleave(contestants.ours(b, 100, 16, 32), small) for b in batches},
        }
        results["memory"] = {now("memory, time", t): peak_memory(16, t, 16, 32) for t in lengths}
    return results


def into(text: str, tables: str) -> str:
    """A page with these tables between its two marks.

    Raises:
        ValueError: the page has not both.
    """
    first, last = MARKS
    start, end = text.find(first), text.find(last)
    if start < 0 or end < start:
        raise ValueError(
            f"The page has no place for the tables: put a line {first.strip()} and below it a line "
            f"{last.strip()} where they are to stand."
        )
    return text[: start + len(first)] + tables + text[end:]


def _versions() -> dict[str, str]:
    import keras
    import tensorflow as tf

    found = {"tensorflow": tf.__version__, "keras": keras.__version__}
    try:
        import torch
    except ImportError:
        return found
    return {**found, "torch": torch.__version__}


if __name__ == "__main__":
    typer.run(main)
