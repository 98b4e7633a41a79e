"""`python -m edge targets`: where files run."""

from __future__ import annotations

import argparse

from edge.cli.parser import Commands, add_json
from edge.cli.tools import STDOUT, Json, Shown, one_sentence, say
from edge.targets import TARGETS


def add(commands: Commands) -> None:
    """The command."""
    parser = commands.add("targets", run, "", "Show where converted files run, and what each place accepts.")
    add_json(parser)
    parser.add_argument("--markdown", action="store_true", help="Print it as tables in Markdown.")


def run(given: argparse.Namespace) -> None:
    """Print the table."""
    if given.markdown and given.json == STDOUT:
        given.parser.error("--markdown and --json - both print; give --json a file")
    with one_sentence():
        json = Json(given.json)
        from edge.report.targets import targets_markdown, targets_report

        if given.markdown:
            say(targets_markdown())
        elif not json.is_alone:
            Shown().print(targets_report())
        json.write({name: row.to_dict() for name, row in TARGETS.items()})
