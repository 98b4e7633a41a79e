"""`python -m edge`."""

import sys

from edge.cli import ending


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
    ending.watch()
    sys.exit(ending.run(command))
