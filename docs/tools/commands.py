"""The tables of docs/commands.md, from the parser of the command line itself.

python docs/tools/commands.py      writes them into the page, between their marks
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "commands.md"
sys.path.insert(0, str(ROOT))  # the house that this page is in, whichever is installed

from edge.cli.main import parser  # noqa: E402

EXIT_CODES = "exit codes"
OPTION = re.compile(r"(?<![`\w-])(--[a-z][a-z-]*)")


def tables() -> dict[str, str]:
    """What stands between the marks of the page, by mark: the table of each command, and the exit codes."""
    whole = parser()
    (choice,) = (each for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    found = {name: _table(made) for name, made in choice.choices.items()}
    return {**found, EXIT_CODES: _exit_codes(whole.epilog or "")}


def written(text: str) -> str:
    """The page with the tables of today.

    Raises:
        ValueError: it has no place for one of them, or one for a command that there is not.
    """
    today = tables()
    marks = re.findall(r"^<!-- ([a-z ]+) -->$", text, re.MULTILINE)
    if sorted(marks) != sorted(today):
        raise ValueError(f"{PAGE.name} has the tables {marks}, the commands are {list(today)}.")
    between = re.compile(r"^(<!-- ([a-z ]+) -->\n).*?(<!-- /\2 -->)$", re.DOTALL | re.MULTILINE)
    return between.sub(lambda found: f"{found[1]}{today[found[2]]}\n{found[3]}", text)


def _table(made: argparse.ArgumentParser) -> str:
    shown = [action for action in made._actions if not isinstance(action, argparse._HelpAction)]
    rows = [f"| {_name(action)} | {_words(action.help or '')} |" for action in shown]
    return "\n".join(["| argument | what it is |", "|---|---|", *rows])


def _name(action: argparse.Action) -> str:
    """As it is typed; what has to be given is in bold."""
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    if "|" in value:  # which would end a cell of the table
        shown = f"`{action.option_strings[0]}` " + " or ".join(f"`{each}`" for each in value.split("|"))
    else:
        shown = ", ".join(f"`{name} {value}`".replace(" `", "`") for name in action.option_strings)
        shown = shown or f"`{value}`"
    if action.nargs in ("+", "*"):
        shown += " ..."
    return f"**{shown}**" if action.required and action.nargs != "*" else shown


def _exit_codes(epilog: str) -> str:
    """`0 done; 1 an error` as a table."""
    meanings = sorted(re.findall(r"(\d+) (.*?)(?:; |\.$)", epilog), key=lambda row: int(row[0]))
    rows = [
        f"| {code} | {_cell(meaning)} |" for code, meaning in sorted(meanings, key=lambda row: int(row[0]))
    ]
    return "\n".join(["| code | what it says |", "|---|---|", *rows])


def _words(text: str) -> str:
    """A sentence in which options are set as such."""
    return OPTION.sub(r"`\1`", _cell(text))


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
