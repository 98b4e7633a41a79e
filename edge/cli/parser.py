"""The command line as values: parsers that say in a sentence what they do not understand; types."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

EXIT_CODES = (
    "Exit codes: 0 done; 1 an error, in one sentence on stderr; 2 a command that is not understood; "
    "70 a fault of this program; 130 Ctrl-C; 141 nobody reads the output."
)
MISUNDERSTOOD = 2
JSON_HELP = "Write all of it as JSON to this file; - is standard output, and nothing else is printed there."


class Parser(argparse.ArgumentParser):
    """One that takes options by their whole names, and ends with a usage and a sentence where it cannot."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Say it and end with exit code 2."""
        words = message[:1].upper() + message[1:]
        self.print_usage(sys.stderr)
        self.exit(MISUNDERSTOOD, f"Error: {words.rstrip('.')}. {self.prog} --help says more.\n")

    def format_usage(self) -> str:
        """With a capital, like all that is said here."""
        return f"Usage: {super().format_usage().removeprefix('usage: ')}"


class Commands:
    """Where each command adds itself.

    Args:
        subparsers: of the whole command line.
        program: what that is started by.
    """

    def __init__(self, subparsers: Any, program: str) -> None:
        self._subparsers, self._program = subparsers, program

    def add(
        self,
        name: str,
        run: Callable[[argparse.Namespace], None],
        usage: str,
        about: str,
        exit_codes: str = EXIT_CODES,
    ) -> Parser:
        """A command.

        Args:
            name: as it is typed.
            run: is called with what was given.
            usage: its arguments in short.
            about: what it does, a sentence.
            exit_codes: the last paragraph of its help.
        """
        made: Parser = self._subparsers.add_parser(
            name, prog=f"{self._program} {name}", help=about, description=about, epilog=exit_codes
        )
        made.usage = f"{made.prog} {usage} [options]"
        made.set_defaults(run=run, parser=made)
        return made


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`, which is the same wherever it is."""
    parser.add_argument("--json", metavar="PATH", help=JSON_HELP)


def add_data(parser: argparse.ArgumentParser, what: str) -> None:
    """`--data`, which is the same wherever it is; `what` is what it is for."""
    parser.add_argument(
        "--data",
        action="append",
        type=Path,
        metavar="FILE",
        help=f"{what}: a .npy (samples, time, features); a .csv, a row a time step, or a row a sample where "
        "the model takes no sequences; for several inputs a .npz with an array for each name, or --data "
        "several times in their order.",
    )


def add_target(parser: argparse.ArgumentParser, targets: Sequence[str]) -> None:
    """`--target`, a row of `targets`."""
    parser.add_argument(
        "--target",
        metavar="NAME",
        type=one_of(targets),
        help="Where the file shall run; the command `targets` lists them.",
    )


def one_of(choices: Sequence[str | None]) -> Callable[[str], str]:
    """A type: one of these words."""

    def check(value: str) -> str:
        if value not in choices:
            known = ", ".join(each for each in choices if each)
            raise argparse.ArgumentTypeError(f"{value!r} is not one of {known}")
        return value

    return check


def number(least: float, most: float = float("inf"), whole: bool = False) -> Callable[[str], Any]:
    """A type: a number from `least` to `most`."""

    def check(value: str) -> Any:
        try:
            found = int(value) if whole else float(value)
        except ValueError:
            found = float("nan")
        if not least <= found <= most or found == float("inf"):
            kind, limit = ("a whole number" if whole else "a number"), f"{least:g} at least"
            limit = limit if most == float("inf") else f"from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"{value!r} is not {kind}, {limit}")
        return found

    return check


def whole_numbers(value: str) -> list[int]:
    """A type: one or several positive integers, `1,2,4`."""
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isdecimal() and part.isascii() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"{value!r}: one or several positive integers are needed, as 1,2,4")
    return [int(part) for part in parts]


def lengths_of(written: str) -> int | dict[str, int]:
    """A type: `14` as a number, `source=14,target=11` as numbers by name."""
    pairs = [part.rpartition("=") for part in written.split(",")]
    counts = {name.strip(): int(steps) for name, _, steps in pairs if steps.strip().isdecimal()}
    one_for_all = len(pairs) == 1 and "" in counts
    if len(counts) < len(pairs) or 0 in counts.values() or ("" in counts and not one_for_all):
        raise argparse.ArgumentTypeError(f"{written!r} is neither a number of steps nor NAME=N,NAME=N")
    return counts[""] if one_for_all else counts
