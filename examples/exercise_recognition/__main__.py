"""`python -m examples.exercise_recognition`: recordings, training, files, verdict, from top to bottom."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

NEEDED = ("tensorflow", "keras", "tensorflow_datasets", "seglearn", "matplotlib")
EPOCHS = 24
QUICK_EPOCHS = 4


def main(
    quick: Annotated[bool, typer.Option("--quick", help="One variant, few epochs: under a minute.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Hold out each of five pairs of people in turn.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder for files, pictures and results.json.")] = Path(
        "results/exercise_recognition"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where TFDS keeps the recordings; its own choice if not given.")
    ] = None,
) -> None:
    """Train a network to recognise seven shoulder exercises from a smartwatch, write it as float, dynamic and
    int8 files, and judge and time every file on people it has never seen."""
    started = time.perf_counter()
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SystemExit(f'This demonstration needs {", ".join(missing)}: pip install ".[examples]"')
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SystemExit(f"Nothing can be written to --out {out}: {error.strerror}.") from error
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    console = Console()
    with console.status("Waking TensorFlow"), quiet_stderr():
        from edge.benchmark import benchmark
        from examples.exercise_recognition import pictures, report
        from examples.exercise_recognition.data import FOLDS
        from examples.exercise_recognition.experiment import WINDOW, run
        from examples.exercise_recognition.files import write_whole

    outcomes = []
    for unseen in FOLDS if full else FOLDS[-1:]:
        folder = out / ("files_unseen_" + "_".join(map(str, unseen)))
        variants = ("standard",) if quick else ("standard", "peephole")
        outcomes.append(
            run(unseen, variants, QUICK_EPOCHS if quick else EPOCHS, seed, folder, data_dir, console)
        )
    rows, histories = outcomes[-1]

    with console.status("") as status:
        timing = benchmark(
            [row.path for row in rows if row.path is not None],
            length=WINDOW,
            progress=lambda done, total, text: status.update(f"timing, side by side: {text}"),
        )
    costs = report.costs(timing)
    console.print()
    console.print(report.final_table(rows, costs))
    everything = [row for outcome in outcomes for row in outcome.rows]
    if full:
        console.print(report.fold_table(everything))

    pictures.training_curve(histories, out / "training_curve.png")
    pictures.confusion(rows, out / "confusion_int8.png")
    pictures.latency_and_size(rows, costs, out / "latency_size.png")
    seconds = time.perf_counter() - started
    found = report.as_json(
        everything, histories, timing, {"seed": seed, "window": WINDOW, "seconds": seconds}
    )
    write_whole(out / "results.json", json.dumps(found, indent=2).encode())
    console.print(f"{seconds:.0f} s. Files, pictures and results.json: {out}", soft_wrap=True)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Nothing from the C++ of TensorFlow, which talks while it starts, before it reads its log level."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


if __name__ == "__main__":
    typer.run(main)
