"""`python -m edge convert`: a Keras model as a file."""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from edge.cli.language import spoken
from edge.cli.parser import Commands, add_data, add_json, add_target, lengths_of, number, one_of
from edge.cli.tools import Json, Shown, one_sentence, progress
from edge.cli.workstation import has_table, samples, workstation
from edge.results.benchmark import now
from edge.targets import LOWERINGS, QUANTIZE, STATES, TARGETS

ENDS = ("float32", "int8", "int16")
MODEL = "A saved Keras model (.keras, .h5)."
ABOUT = "Write a Keras model as a .tflite file, its LSTMs as fused operators, and check it against Keras."


def add(commands: Commands) -> None:
    """The command."""
    parser = commands.add("convert", run, "MODEL.keras -o FILE.tflite", ABOUT)
    parser.add_argument("model", type=Path, metavar="MODEL.keras", help=MODEL)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", required=True, help="The file to write.")
    _choice(parser, "--quantize", "Numbers; int8 and int16x8 need --data.", QUANTIZE)
    add_data(parser, "Inputs like those in use")
    add_target(parser, list(TARGETS))
    _choice(
        parser, "--lowering", "Form of an LSTM; else the best that the target runs.", ("auto", *LOWERINGS)
    )
    _choice(parser, "--state", "Each call anew; going on from call to call; as inputs and outputs.", STATES)
    parser.add_argument(
        "--length",
        type=lengths_of,
        metavar="N|NAME=N,...",
        help="Time steps, where the model leaves them open; of each input, where they differ.",
    )
    parser.add_argument(
        "--batch", type=number(1, whole=True), metavar="N", help="Sequences at a time; else one."
    )
    _choice(parser, "--input-type", "Type of the inputs.", ENDS)
    _choice(parser, "--output-type", "Type of the outputs.", ENDS)
    parser.add_argument(
        "--labels",
        metavar="FILE|A,B,...",
        help="Names of the classes: a text file, one a line; or a list.",
    )
    parser.add_argument(
        "--normalization",
        type=Path,
        metavar="FILE.json",
        help='Noted in the file: {"mean": [...], "std": [...]} of the features.',
    )
    parser.add_argument(
        "--c-array", type=Path, metavar="DIR", help="Write a C array and its header there, too."
    )
    add_json(parser)


def _choice(parser: argparse.ArgumentParser, name: str, words: str, choices: tuple[str | None, ...]) -> None:
    names = "|".join(choice for choice in choices if choice)
    parser.add_argument(name, metavar=names, type=one_of(choices), help=words)


def run(given: argparse.Namespace) -> None:
    """Convert, and show what came of it and what to type next."""
    with one_sentence({"labels": "--labels"}):
        from edge.files import read_json, read_names

        json = Json(given.json)
        if given.c_array is not None and not given.c_array.is_dir():
            raise NotADirectoryError(f"--c-array {given.c_array}: there is no such folder.")
        same = ("quantize", "target", "lowering", "state", "length", "batch", "input_type", "output_type")
        options: dict[str, Any] = {name: getattr(given, name) for name in same}
        options["labels"] = read_names(given.labels) if given.labels else None
        options["normalization"] = read_json(given.normalization) if given.normalization else None
        table = has_table(given.data)
        if not table:
            options["representative_data"] = samples(given.data)
        chosen = {name: value for name, value in options.items() if value is not None}
        with workstation(given.model) as (edge_convert, stderr), progress(stderr) as bar:
            model: Any = given.model
            if table:
                bar(0, 0, f"reading {given.model.name}")
                model = import_module("edge.convert.keras_model.load").load_keras(given.model)
                chosen["representative_data"] = samples(given.data, model)
            result = edge_convert.convert(model, given.output, **chosen, progress=bar)
        written = []
        if given.c_array is not None:
            from edge.devices.microcontroller.c_array import write_c_array

            written = write_c_array(given.output, given.c_array)
        if not json.is_alone:
            from edge.report.conversion import Commands as Next
            from edge.report.conversion import conversion_report, next_steps

            said = replace(result, notes=tuple(map(spoken, result.notes)))
            Shown().print(conversion_report(said, written))
            data = tuple(map(str, given.data or ()))
            following = Next(given.program, str(given.model), str(given.output), data, given.target)
            Shown().print(next_steps(following), soft_wrap=True)
        files = [str(path) for path in written]
        json.write({"schema": 1, "created": now(), **result.to_dict(), "c_array": files})
