"""`python -m edge`."""

import os
import sys


def command() -> None:
    """Parse the arguments and do what they say."""
    try:
        from edge.cli.main import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        sys.exit("The command line needs two more packages: pip install typer rich")
    app(prog_name="python -m edge")


if __name__ == "__main__":
    try:
        from edge.cli import ending

        ending.watch()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
        os._exit(130)
    ending.leave(ending.run(command))
