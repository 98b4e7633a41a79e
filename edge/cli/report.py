"""`python -m edge report`: results as tables, pictures and one page, and which file to take."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.cli.parser import Commands, add_json
from edge.cli.tools import Json, one_sentence, progress, say

ABOUT = (
    "Put results together, of any platform: which file to take and why, as Markdown, PNG and one HTML page "
    "that stands alone."
)


def add(commands: Commands) -> None:
    """The command."""
    parser = commands.add("report", run, "RESULT.json...", ABOUT)
    parser.add_argument(
        "results",
        nargs="+",
        type=Path,
        metavar="RESULT.json",
        help="What convert, verify and benchmark have written by --json, and the page of serve.",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("report"),
        metavar="FOLDER",
        help="Where to write; made if need be. Else `report`.",
    )
    add_json(parser)


def run(given: argparse.Namespace) -> None:
    """Read, draw, write, and say what came of it."""
    with one_sentence():
        json = Json(given.json)
        from edge.report.choice import choose
        from edge.report.pages import write_report
        from edge.results.saved import read_saved

        with progress() as bar:
            bar(0, 0, f"drawing {len(given.results)} results")
            choice = choose([read_saved(path) for path in given.results])
            files = write_report(given.results, given.output)
        if not json.is_alone:
            for line in (*map(str, files), *choice.sentences):
                say(line)
        json.write({"files": list(map(str, files)), **choice.to_dict()})
