"""`python -m edge card`: what a file is, on one page."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.cli.language import spoken_all
from edge.cli.parser import Commands, add_json
from edge.cli.tools import Json, one_sentence, say, write
from edge.files import check_target

ABOUT = "Write the card of a model: what it is, how near, what it was made for, where it runs and how fast."


def add(commands: Commands) -> None:
    """The command."""
    parser = commands.add("card", run, "MODEL.tflite [RESULT.json...]", ABOUT)
    parser.add_argument("file", type=Path, metavar="MODEL.tflite", help="A model file, of any tool.")
    parser.add_argument(
        "results",
        nargs="*",
        type=Path,
        metavar="RESULT.json",
        help="What convert, verify and benchmark have written of it by --json.",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE.md",
        help="Where to write it, in Markdown; else it is printed.",
    )
    add_json(parser)


def run(given: argparse.Namespace) -> None:
    """Put it together."""
    with one_sentence():
        json = Json(given.json)
        if given.output is not None:
            check_target(given.output)
        from edge.card import card, card_markdown

        content = card(given.file, given.results)
        text = card_markdown(spoken_all(content))
        if given.output is not None:
            write(given.output, text)
        elif not json.is_alone:
            say(text.rstrip("\n"))
        json.write(content)
