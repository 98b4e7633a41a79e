"""`python -m edge convert` and `verify`: the commands of the workstation.

TensorFlow is imported when one of them runs, not before, and by name: `edge.convert` is not there in a folder
that was copied to a device.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TextIO

import typer

from edge.cli import ending
from edge.cli.tools import Shown, as_json, json_target, lengths_of, one_of, one_sentence, progress, write
from edge.quiet import quiet
from edge.targets import LOWERINGS, QUANTIZE, STATES, TARGETS

ENDS = ("float32", "int8", "int16")
DIFFERS = 3  # exit code of `verify`

Model = Annotated[Path, typer.Argument(metavar="MODEL.keras", help="A saved Keras model (.keras, .h5).")]
Data = Annotated[
    list[Path] | None,
    typer.Option(
        help="Inputs like those in use: a .npy (samples, time, features); for several inputs a .npz with an "
        "array for each name, or --data several times in their order."
    ),
]
TargetName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Where the file runs; `targets` lists them.", callback=one_of(list(TARGETS))
    ),
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="PATH", help="Write all of it there as JSON; - is stdout.")
]


def _choice(help_text: str, choices: tuple[str | None, ...]) -> Any:
    names = "|".join(choice for choice in choices if choice)
    return typer.Option(metavar=names, help=help_text, callback=one_of(choices))


def convert(
    model: Model,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    quantize: Annotated[str | None, _choice("Numbers; int8, int16x8 need --data.", QUANTIZE)] = None,
    data: Data = None,
    target: TargetName = None,
    lowering: Annotated[
        str | None, _choice("Form of an LSTM; else the best that the target runs.", ("auto", *LOWERINGS))
    ] = None,
    state: Annotated[
        str | None, _choice("Each call anew; going on from call to call; as inputs and outputs.", STATES)
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            metavar="N|NAME=N,...",
            help="Time steps, where the model leaves them open; of each input, where they differ.",
        ),
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Sequences at a time; else one.")] = None,
    input_type: Annotated[str | None, _choice("Type of the inputs.", ENDS)] = None,
    output_type: Annotated[str | None, _choice("Type of the outputs.", ENDS)] = None,
    labels: Annotated[
        str | None,
        typer.Option(metavar="FILE|A,B,...", help="Class names: a text file, one a line; or a list."),
    ] = None,
    normalization: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json", help='Noted in the file: {"mean": [...], "std": [...]} of the features.'
        ),
    ] = None,
    c_array: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a C array and its header there, too.")
    ] = None,
    json_path: Json = None,
) -> None:
    """Write a Keras model as a .tflite file, its LSTMs as fused operators, and check it against Keras."""
    with one_sentence():
        from edge.files import read_arrays, read_json, read_names

        place = json_target(json_path)
        if c_array is not None and not c_array.is_dir():
            raise NotADirectoryError(f"--c-array {c_array}: there is no such folder.")
        options = {
            "quantize": quantize,
            "representative_data": read_arrays(data) if data else None,
            "target": target,
            "lowering": lowering,
            "state": state,
            "length": lengths_of(length),
            "batch": batch,
            "input_type": input_type,
            "output_type": output_type,
            "labels": read_names(labels) if labels else None,
            "normalization": read_json(normalization) if normalization else None,
        }
        given = {name: value for name, value in options.items() if value is not None}
        with workstation(model) as (edge_convert, stderr), progress(stderr) as bar:
            bar(0, 0, f"converting {model.name}")
            result = edge_convert.convert(model, output, **given)
        written = []
        if c_array is not None:
            from edge.devices.microcontroller.c_array import write_c_array

            written = write_c_array(output, c_array)
        content = as_json({"schema": 1, **result.to_dict(), "c_array": [str(path) for path in written]})
        if json_path == "-":
            typer.echo(content)
            return
        from edge.report.conversion import Commands, conversion_report, next_steps

        commands = Commands(str(model), str(output), tuple(str(path) for path in data or ()), target)
        Shown().print(conversion_report(result, written))
        Shown().print(next_steps(commands), soft_wrap=True)
        if place is not None:
            write(place, content + "\n")


def verify(
    model: Model,
    file: Annotated[Path, typer.Argument(metavar="MODEL.tflite", help="A file made from it, by any tool.")],
    data: Data = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="The right classes, .npy (.npz by output): shows the accuracy of both."),
    ] = None,
    drift_steps: Annotated[
        int, typer.Option(min=0, help="Steps over which the error may grow; 0: do not look.")
    ] = 100_000,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="Largest error that is right. Float: in units of the largest output, at least of 1 (usual: "
            "1e-5; float16 2e-3). Integers: rms, in standard deviations of the output (usual: 0.03).",
        ),
    ] = None,
    target: TargetName = None,
    json_path: Json = None,
) -> None:
    """Compare a file with the Keras model it was made from: errors, decisions, and drift over time."""
    with one_sentence():
        from edge.files import read_arrays

        place = json_target(json_path)
        x = read_arrays(data) if data else None
        y = read_arrays([labels]) if labels else None
        with workstation(model) as (_, stderr), progress(stderr) as bar:
            result = import_module("edge.convert.verification.verifier").verify(
                model, file, x, y, drift_steps, target, bar, tolerance=tolerance
            )
        content = as_json(result.to_dict())
        if json_path == "-":
            typer.echo(content)
        else:
            from edge.report.conversion import verification_report

            Shown().print(verification_report(result))
            if place is not None:
                write(place, content + "\n")
    if not result.is_ok:
        raise typer.Exit(DIFFERS)


# Ends in a sentence of ours, or by the user's own hand: what TensorFlow muttered says no more.
EXPLAINED = (ValueError, TypeError, ImportError, OSError, KeyboardInterrupt)


class Workstation(NamedTuple):
    """`edge.convert`, and the stderr on which to show progress."""

    edge_convert: Any
    stderr: TextIO


@contextmanager
def workstation(model: Path) -> Iterator[Workstation]:
    """Import TensorFlow and Keras and keep what their C++ code says to themselves, unless something breaks.

    Raises:
        ValueError: the model, for what TensorFlow or the converter has against it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    explained = EXPLAINED if ending.wants_traceback() else (BaseException,)
    refused: tuple[type[Exception], ...] = ()
    with quiet(*explained) as stderr, progress(stderr) as bar:
        bar(0, 0, "starting TensorFlow")
        edge_convert = import_module("edge.convert")
        refused = (edge_convert.ConversionError, import_module("tensorflow").errors.OpError)
    with quiet(*explained) as stderr:
        try:
            yield Workstation(edge_convert, stderr)
        except refused as error:
            words = str(getattr(error, "message", error)).strip().splitlines()[0]
            origin = "" if isinstance(error, edge_convert.ConversionError) else "TensorFlow cannot run it: "
            raise ValueError(f"{model}: {origin}{words}") from None
