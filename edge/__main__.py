"""`python -m edge`."""

import sys

if __name__ == "__main__":
    try:
        from edge.cli.main import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        sys.exit("The command line needs two more packages: pip install typer rich")
    app(prog_name="python -m edge")
