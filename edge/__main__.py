"""`python -m edge`."""

import os
import sys
from typing import NoReturn


def command(program: str = "python -m edge") -> None:
    """Parse the arguments and do what they say; `program` is what was typed."""
    try:
        from edge.cli.main import main
    except ModuleNotFoundError as error:
        if error.name != "rich":
            raise
        sys.exit("The command line needs one more package: pip install rich")
    main(program=program)


def run(program: str = "python -m edge") -> NoReturn:
    """The whole process, to its exit code."""
    try:
        from edge.cli import ending

        ending.watch()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
        os._exit(130)
    ending.leave(ending.run(lambda: command(program)))


if __name__ == "__main__":
    run()
