"""`python -m edge inspect`: what is in a file."""

from __future__ import annotations

import argparse

from edge.cli.language import spoken_all
from edge.cli.parser import Commands, add_json, add_target
from edge.cli.tools import Json, Shown, one_sentence
from edge.targets import TARGETS

ABOUT = "Show operators, inputs and outputs, state and size of a file, and why it may be slow or refused."


def add(commands: Commands) -> None:
    """The command."""
    parser = commands.add("inspect", run, "MODEL.tflite", ABOUT)
    parser.add_argument("file", metavar="MODEL.tflite", help="A model file, of any tool.")
    add_target(parser, list(TARGETS))
    add_json(parser)


def run(given: argparse.Namespace) -> None:
    """Look, and show."""
    with one_sentence():
        json = Json(given.json)
        from edge.inspection.overview import inspect as look

        result = look(given.file, given.target)
        if not json.is_alone:
            from edge.report.inspection import inspect_report

            Shown().print(inspect_report(spoken_all(result)))
        json.write(result)
