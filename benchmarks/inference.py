"""Inference speed, side by side in one run: `python -m benchmarks.inference`.

One LSTM with the same weights on one sequence, one thread: our fused files (float, dynamic, int8) on the
runtime's own kernel and on the native engine, the stock conversion of `keras.layers.LSTM`, ONNX Runtime in
float and with 8-bit weights, and torch; where the machine has AVX-512, the engine's AVX2 build, too. The
contestants take turns, so that a noisy machine is as noisy for each. Behind each time, the fastest of all
runs, stands how many times as fast as another it is; the other statistics are in the JSON, which `python -m
edge report` draws. The errors are against Keras. What the machine allows at most is measured in the same run.
Then the examples' own models, with the engine and without it.

    python -m benchmarks.inference --docs     # measures, and writes the figures to where they are shown
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.inference_turns import in_turns
from benchmarks.roofline import Rates, Roofline, limit
from edge.aliases import Progress
from edge.benchmark import machine as board
from edge.native import NativeError, find_library
from edge.results.benchmark import BenchmarkResult, Entry
from native.build import BuildError

SIZES = [(16, 32), (64, 64), (64, 128), (128, 256), (256, 512)]  # inputs, cells
LENGTHS = (1, 100, 1000)
ROUNDS = 15
KEPT = Path(__file__).parent / "results" / "inference.json"  # what the docs show


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Turns for each contestant at each size.")] = ROUNDS,
    quick: Annotated[bool, typer.Option("--quick", help="One small size alone.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures there too.")] = None,
    docs: Annotated[
        bool,
        typer.Option("--docs", help="Keep the figures, and write them into README.md and docs/speed.md."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--kept", help="Measure nothing: show the kept figures again.")
    ] = False,
) -> None:
    """Measure our files against the stock Keras conversion, ONNX Runtime and torch."""
    from benchmarks.inference_page import speed_tables, write_docs
    from benchmarks.real_models import models
    from edge.cli.tools import Json, as_json, one_sentence, progress, write

    with one_sentence():
        if quick and docs:
            raise ValueError("--docs shows all sizes, and --quick measures one. Leave one of them out.")
        json_file = Json(str(out) if out else None)
        if again:
            result = json.loads(KEPT.read_text("utf-8"))
        else:
            with progress() as report:
                if quick:
                    result = measure(SIZES[:1], LENGTHS[:1], rounds, report)
                else:
                    result = measure(SIZES, LENGTHS, rounds, report, models())
        print(speed_tables(result), end="")
        json_file.write(result)
        if docs and not again:
            write(KEPT, as_json(result) + "\n")
        if docs:
            write_docs(result)


def measure(
    sizes: Sequence[tuple[int, int]],
    lengths: Sequence[int],
    rounds: int,
    report: Progress,
    real: Sequence[Any] = (),
) -> dict[str, Any]:
    """All contestants at all sizes and lengths, and real models: a result as `edge.results.benchmark`."""
    from benchmarks import inference_contestants as c
    from benchmarks.real_models import measure_real

    machine = board.describe()
    files: list[Entry] = []
    more: list[dict[str, Any]] = []  # what else is told of each
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
                        _contestant(name, path, x, stack) for name, path in ((c.STOCK, stock), *ours.items())
                    ]
                    for names, isa in ((c.ENGINE, ""), (c.FORCED, "avx2")):
                        if isa in engine:
                            with _forced(isa):
                                found += [
                                    _contestant(name, path, x, stack, True)
                                    for name, path in zip(names, ours.values(), strict=True)
                                ]
                    found += c.peers(layer, x)
                    group = f"{inputs} inputs, {units} cells"
                    before = _rates(roofline, units)
                    entries, slow = in_turns(found, np.asarray(layer(x))[0], rounds, length)
                    limits = _limits(before, _rates(roofline, units), inputs, units, length)
                    files += [replace(entry, group=group, length=length) for entry in entries]
                    more += [
                        {"inputs": inputs, "units": units, **limits.get(entry.name, {})} for entry in entries
                    ]
                    skipped += [f"{name} left out at {group}, {length} steps: {why}." for name, why in slow]
                done += 1
    for entry, said in measure_real(real, rounds, report) if engine else ():
        files.append(entry)
        more.append(said)
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
    for plain, said in zip(result["files"], more, strict=True):
        plain.update(said)
    return result


def _contestant(name: str, path: Path, x: np.ndarray, stack: ExitStack, accelerate: bool = False) -> Any:
    from benchmarks.inference_contestants import Worker, in_a_worker

    return in_a_worker(name, path, x, stack.enter_context(Worker(str(path), limit=600)), accelerate)


@contextmanager
def _forced(isa: str) -> Iterator[None]:
    """For the processes that are started meanwhile: the instruction set, or with "" the best one."""
    before = os.environ.pop("EDGE_NATIVE_ISA", None)
    if isa:
        os.environ["EDGE_NATIVE_ISA"] = isa
    try:
        yield
    finally:
        os.environ.pop("EDGE_NATIVE_ISA", None)
        if before is not None:
            os.environ["EDGE_NATIVE_ISA"] = before


def _engine(skipped: list[str]) -> list[str]:
    """How the native engine can take part: "", its best instruction set; "avx2" where it is not the best."""
    try:
        with _forced(""):
            return ["", *(isa for isa in find_library().isas[1:] if isa == "avx2")]
    except NativeError as error:
        skipped.append(f"The native engine left out. {error}")
        return []


def _roofline(skipped: list[str]) -> Roofline | None:
    try:
        return Roofline()
    except BuildError as error:
        skipped.append(f"What the machine allows was not measured. {error}")
        return None


def _rates(roofline: Roofline | None, units: int) -> list[Rates]:
    """With float weights, and with 8-bit ones where the machine multiplies those."""
    if roofline is None:
        return []
    weights = 4 * units * units
    rates = [roofline.rates(4 * weights), roofline.rates(weights, in_bytes=True)]
    return [each for each in rates if each.multiply_adds]


def _limits(
    before: list[Rates], after: list[Rates], inputs: int, units: int, length: int
) -> dict[str, dict[str, float]]:
    """For the engine's contestants, by the best that the machine did before and after them."""
    from benchmarks.inference_contestants import ENGINE

    found = {}
    for names, weight, *both in zip((ENGINE[:1], ENGINE[1:]), (4, 1), before, after, strict=False):
        rates = Rates(*map(max, *both))
        figures = {
            "limit_ms": limit(rates, inputs, units, length, weight) * 1e3,
            "load_gb_per_s": rates.loads / 1e9,
            "multiply_adds_per_ns": rates.multiply_adds / 1e9,
        }
        found.update(dict.fromkeys(names, figures))
    return found


if __name__ == "__main__":
    typer.run(main)
