"""`python -m edge benchmark`: measure files, print tables, write JSON."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edge.arrays import End, read_arrays
from edge.cli.language import spoken_all
from edge.cli.parser import Commands, add_data, add_json, number, whole_numbers
from edge.cli.tools import Json, Shown, one_sentence, progress
from edge.cli.verify import ANSWERS

ABOUT = "Measure size, start, speed, memory and error of files, side by side, on random input or on data."


class Place(NamedTuple):
    """Where files can be measured.

    Attributes:
        option: that chooses it.
        function: of `edge.benchmark`, imported when it is chosen.
        files: its argument for them.
        takes: beside what all take, its argument for each option.
    """

    option: str
    function: str
    files: str
    takes: dict[str, str]


OF_LINUX = {
    "--threads": "threads",
    "--runtime": "runtime",
    "--stream": "stream_rate_hz",
    "--accelerate": "accelerate",
    "--data": "data",
    "--answers": "answers",
}
OVER_SSH = {"--ssh": "destination", "--ssh-python": "python"}
OF_A_PHONE = {"--benchmark-model": "benchmark_model", "--serial": "serial"}
# The one whose option is given; the first without one.
PLACES = (
    Place("", "benchmark", "paths", OF_LINUX),
    Place("--ssh", "benchmark_over_ssh", "files", {**OF_LINUX, **OVER_SSH}),
    Place("--adb", "benchmark_on_android", "files", {**OF_A_PHONE, "--threads": "threads"}),
    Place("--tflm", "benchmark_on_micro", "files", {}),
)
CHOOSES = tuple(place.option for place in PLACES[1:])
DEFAULTS = {"--threads": [1], "--accelerate": "auto", "--ssh-python": "python3"}


def place_for(options: dict[str, Any]) -> Place:
    """Where to measure.

    Args:
        options: all that concern the place, by name; None for what is not given.

    Raises:
        ValueError: several places at once, or an option that would do nothing at that place.
    """
    chosen = [place for place in PLACES[1:] if options[place.option]]
    if len(chosen) > 1:
        names = " and ".join(place.option for place in chosen)
        raise ValueError(f"{names} are two places: one at a time, and `report` joins the results.")
    place = chosen[0] if chosen else PLACES[0]
    known = dict.fromkeys(name for each in PLACES for name in each.takes if name not in CHOOSES)
    for name in known:
        if options[name] is None or name in place.takes or (name, options[name]) == ("--threads", [1]):
            continue
        homes = [each.option for each in PLACES if name in each.takes]
        raise ValueError(
            f"{name} belongs to {homes[0]}." if len(homes) == 1 else f"{name} is not for {place.option}."
        )
    return place


def check_use(files: Sequence[Path], options: dict[str, Any]) -> None:
    """Refuse what would do nothing with these files.

    Raises:
        ModelFileError: a file is missing or damaged.
        ValueError: an option that means nothing to any of them.
    """
    from edge.benchmark.subjects import look

    subjects = [look(path) for path in files]
    if options["--length"] and not any(each.is_free or each.steps or each.by_step for each in subjects):
        raise ValueError("--length would do nothing: no file takes sequences.")
    if options["--accelerate"] is not None and not any(each.interface.lstms for each in subjects):
        raise ValueError(
            "--accelerate and --no-accelerate would do nothing: no file has a fused LSTM, which the native "
            "engine could run."
        )


def arrays(files: Sequence[Path], options: dict[str, Any]) -> dict[str, Any]:
    """Data and answers as arrays, by option; a table becomes what the first file takes."""
    from edge.tflite import describe

    if options["--data"] is None:
        return {}
    ends = [End(each.name, each.shape, not each.is_real) for each in describe(files[0]).inputs]
    answers = options["--answers"]
    return {
        "--data": read_arrays(options["--data"], ends),
        "--answers": None if answers is None else read_arrays([answers]),
    }


def add(commands: Commands) -> None:
    """The command."""
    parser = commands.add("benchmark", run, "MODEL.tflite...", ABOUT)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="MODEL.tflite", help="Model files, side by side."
    )
    add_data(parser, "Real inputs, on which errors are measured; else noise")
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help=f"{ANSWERS} Shows how often each file is right."
    )
    parser.add_argument(
        "--threads",
        type=whole_numbers,
        metavar="N[,N...]",
        help="Threads that the kernels may use; several: each file with each. Else 1.",
    )
    parser.add_argument(
        "--length",
        type=whole_numbers,
        metavar="N[,N...]",
        help="Time steps in a sequence, where the file leaves it open; several: each.",
    )
    parser.add_argument(
        "--runs",
        type=number(1, whole=True),
        metavar="N",
        help="Inferences for each file; else two seconds' worth.",
    )
    parser.add_argument(
        "--stream",
        type=number(1),
        metavar="RATE_HZ",
        help="Measure streams, too: so many samples a second.",
    )
    parser.add_argument(
        "--limit",
        type=number(0.001),
        default=60.0,
        metavar="SECONDS",
        help="After which a file that does not end is stopped. Else 60.",
    )
    add_json(parser)
    parser.add_argument("--runtime", help="ai-edge-litert or tflite-runtime; else the best installed.")
    parser.add_argument(
        "--accelerate",
        action=argparse.BooleanOptionalAction,
        help="Without the native engine and with it, side by side; or without. Else with it where it is.",
    )
    parser.add_argument(
        "--ssh", metavar="USER@HOST", help="Measure there: a Raspberry Pi, or any Linux with Python."
    )
    parser.add_argument(
        "--ssh-python",
        metavar="PATH",
        help="With --ssh: a Python there that has NumPy and a runtime; else python3.",
    )
    parser.add_argument("--adb", action="store_true", help="Measure on an Android phone that adb reaches.")
    parser.add_argument(
        "--benchmark-model",
        type=Path,
        metavar="PATH",
        help="With --adb: the Interpreter's tool, android_aarch64_benchmark_model.",
    )
    parser.add_argument("--serial", help="With --adb: which phone, as `adb devices` lists them.")
    parser.add_argument(
        "--tflm",
        action="store_true",
        help="Run on TensorFlow Lite Micro, here: the arena, and what it refuses.",
    )


def run(given: argparse.Namespace) -> None:
    """Measure, and show."""
    if given.answers and not given.data:
        given.parser.error("--answers are those to --data, which is not given")
    if given.length and given.data:
        given.parser.error("--length is that of --data")
    options = {f"--{name.replace('_', '-')}": value for name, value in vars(given).items()}
    with one_sentence({"length": "--length"}):
        place = place_for(options)
        check_use(given.files, options)
        options |= arrays(given.files, options)
        json = Json(given.json)
        from edge import benchmark as measures

        with progress() as bar:
            result = getattr(measures, place.function)(
                **{place.files: given.files},
                **{
                    argument: DEFAULTS.get(name) if options[name] is None else options[name]
                    for name, argument in place.takes.items()
                },
                length=given.length,
                runs=given.runs,
                progress=bar,
                limit=given.limit,
            )
        if not json.is_alone:
            from edge.report.benchmark import benchmark_report
            from edge.results.benchmark import BenchmarkResult

            said = {**result, "warnings": spoken_all(result["warnings"])}
            Shown().print(benchmark_report(BenchmarkResult.of(said)))
        json.write(result)
