"""`python -m edge`, or `lstm-edge`: from a Keras model to a measured file."""

from __future__ import annotations

from collections.abc import Sequence

from edge.cli import benchmark, card, convert, inspect, report, serve, targets, verify
from edge.cli.parser import EXIT_CODES, Commands, Parser
from edge.version import __version__

ABOUT = "Convert Keras models with an LSTM, check them, and look into and measure TensorFlow Lite files."
# In the order in which they are used.
MODULES = (convert, verify, inspect, benchmark, report, card, serve, targets)
USUAL = "python -m edge"


def parser(program: str = USUAL) -> Parser:
    """The whole command line; `program` is what it is started by."""
    made = Parser(
        prog=program, description=ABOUT, epilog=f"{EXIT_CODES[:-1]}; 3 (verify) {verify.DIFFERS_WORDS}."
    )
    made.usage = f"{program} COMMAND ..."
    made.add_argument("--version", action="version", version=f"keras-lstm-plus {__version__}")
    commands = Commands(made.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser), program)
    for module in MODULES:
        module.add(commands)
    return made


def main(arguments: Sequence[str] | None = None, program: str = USUAL) -> None:
    """Do what the command line says.

    Raises:
        SystemExit: with the exit code of what went wrong.
    """
    whole = parser(program)
    given = whole.parse_args(arguments)
    if given.command is None:
        whole.print_help()
        raise SystemExit(0)
    given.program = program
    given.run(given)
