"""Inference speed, side by side in one run: `python -m benchmarks.inference`.

One LSTM with the same weights on one sequence, one thread: our fused files (float, dynamic, int8) on the
runtime's own kernel and on the native engine, the stock conversion of `keras.layers.LSTM`, ONNX Runtime in
float and with 8-bit weights, and torch. The contestants take turns, so that a noisy machine is as noisy for
each. Behind each time, the fastest of all runs, stands how many times as fast as the stock file it is; the
other statistics are in the JSON, which `python -m edge report` draws. The errors are against Keras. What the
machine allows at most is measured in the same run.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.roofline import Rates, Roofline, limit
from edge.aliases import Progress
from edge.benchmark import machine as board
from edge.benchmark.figures import compare, statistics
from edge.native import NativeError, find_library
from edge.results.benchmark import BenchmarkResult, Entry
from native.build import BuildError

SIZES = [(16, 32), (64, 64), (64, 128), (128, 256), (256, 512)]  # inputs, cells
LENGTHS = (1, 100, 1000)
ROUNDS, TURN, MOST = 15, 0.05, 50  # seconds and inferences of a turn
TOO_SLOW = 5.0  # seconds for one inference, with which a contestant drops out


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Turns for each contestant at each size.")] = ROUNDS,
    quick: Annotated[bool, typer.Option("--quick", help="One small size alone.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
) -> None:
    """Measure our files against the stock Keras conversion, ONNX Runtime and torch."""
    from benchmarks.engine_table import print_engine
    from benchmarks.inference_table import print_inference
    from edge.cli.tools import as_json, json_target, one_sentence, progress, write

    with one_sentence():
        target = json_target(str(out) if out else None)
        with progress() as report:
            result = measure(SIZES[:1] if quick else SIZES, LENGTHS[:1] if quick else LENGTHS, rounds, report)
        print_engine(result)
        print_inference(result)
        if target is not None:
            write(target, as_json(result) + "\n")


def measure(
    sizes: Sequence[tuple[int, int]], lengths: Sequence[int], rounds: int, report: Progress
) -> dict[str, Any]:
    """All contestants at all sizes and lengths; a result as `edge.results.benchmark` says."""
    from benchmarks import inference_contestants as c

    machine = board.describe()
    files: list[Entry] = []
    sizes_of: list[dict[str, float]] = []
    skipped: list[str] = []
    engine, roofline = _engine(skipped), _roofline(skipped)
    done, total = 0, len(sizes) * len(lengths)
    for inputs, units in sizes:
        with TemporaryDirectory() as folder:
            report(done, total, f"converting {inputs} x {units}")
            layer = c.trained_layer(inputs, units)
            ours = c.fused_files(layer, Path(folder))
            for length in lengths:
                report(done, total, f"measuring {inputs} x {units}, {length} steps")
                x = np.random.default_rng(0).normal(size=(1, length, inputs)).astype("float32")
                stock = c.stock_file(layer, length, Path(folder) / "stock.tflite")
                with ExitStack() as stack:
                    found = [
                        c.in_a_worker(name, path, x, stack.enter_context(c.Worker(str(path), limit=600)))
                        for name, path in ((c.STOCK, stock), *ours.items())
                    ]
                    found += [
                        c.in_a_worker(
                            name, path, x, stack.enter_context(c.Worker(str(path), limit=600)), True
                        )
                        for name, path in zip(c.ENGINE, ours.values(), strict=True)
                        if engine
                    ]
                    found += c.peers(layer, x)
                    group = f"{inputs} inputs, {units} cells"
                    before = roofline.rates(4 * units * units * 4) if roofline else None
                    entries, slow = _interleave(found, np.asarray(layer(x))[0], rounds)
                    at_least = _limit(roofline, before, inputs, units, length)
                    files += [replace(entry, group=group, length=length) for entry in entries]
                    sizes_of += [
                        {"inputs": inputs, "units": units, **(at_least if entry.name == c.ENGINE[0] else {})}
                        for entry in entries
                    ]
                    skipped += [f"{name} left out at {group}, {length} steps: {why}." for name, why in slow]
                done += 1
    machine = board.measured_again(machine)
    versions = {"numpy": np.__version__, "tensorflow": c.tf.__version__, "keras": c.keras.__version__}
    result = BenchmarkResult(
        platform="host",
        machine=machine,
        versions=board.software(**versions),
        settings={"threads": [1], "lengths": list(lengths), "rounds": rounds, "error_against": "Keras"},
        warnings=board.warnings(machine) + skipped,
        files=files,
    ).to_dict()
    for entry, its_size in zip(result["files"], sizes_of, strict=True):
        entry.update(its_size)
    return result


def _engine(skipped: list[str]) -> bool:
    """Whether the native engine can take part; else the reason is added."""
    try:
        find_library()
    except NativeError as error:
        skipped.append(f"The native engine left out. {error}")
        return False
    return True


def _roofline(skipped: list[str]) -> Roofline | None:
    try:
        return Roofline()
    except BuildError as error:
        skipped.append(f"What the machine allows was not measured. {error}")
        return None


def _limit(
    roofline: Roofline | None, before: Rates | None, inputs: int, units: int, length: int
) -> dict[str, float]:
    """By the best that the machine did before and after the contestants."""
    if roofline is None or before is None:
        return {}
    rates = Rates(*map(max, before, roofline.rates(4 * units * units * 4)))
    return {
        "limit_ms": limit(rates, inputs, units, length) * 1e3,
        "load_gb_per_s": rates.loads / 1e9,
        "multiply_adds_per_ns": rates.multiply_adds / 1e9,
    }


def _interleave(
    contestants: Sequence[Any], wanted: np.ndarray, rounds: int
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """An entry for each, and the names of those that are too slow, with the reason."""
    firsts = [each.measure(1)[0] for each in contestants]
    slow = [
        (each.name, f"one inference takes {first:.0f} s")
        for each, first in zip(contestants, firsts, strict=True)
        if first > TOO_SLOW
    ]
    taking_part = [
        (each, first) for each, first in zip(contestants, firsts, strict=True) if first <= TOO_SLOW
    ]
    warm_ups = [each.measure(3) for each, _ in taking_part]
    durations: list[list[float]] = [[] for _ in taking_part]
    for _ in range(rounds):
        for (each, _), warm_up, mine in zip(taking_part, warm_ups, durations, strict=True):
            each.measure(1)  # the turns of the others have cooled the caches
            mine += each.measure(int(np.clip(TURN / float(np.median(warm_up)), 1, MOST)))
    entries = [
        Entry(
            name=each.name,
            size_bytes=each.size,
            runtime=each.runtime,
            threads=1,
            batch=1,
            first_ms=first * 1e3,
            warm_up_ms=statistics(warm_up),
            inference_ms=statistics(mine),
            per_step_us=float(np.median(mine)) / len(wanted) * 1e6,
            error=compare([each.answer()], [wanted]),
            engine=each.engine,
        )
        for (each, first), warm_up, mine in zip(taking_part, warm_ups, durations, strict=True)
    ]
    return entries, slow


if __name__ == "__main__":
    typer.run(main)
