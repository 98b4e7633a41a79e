"""`python -m edge` in this process: what it prints and how it ends."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple
from unittest import mock

from edge.cli.main import main


class Ended(NamedTuple):
    """How a command ended; `exception`: what came out of it instead of an exit code."""

    exit_code: int
    stdout: str
    stderr: str
    exception: BaseException | None = None


def invoke(arguments: Sequence[Any], columns: int = 80) -> Ended:
    """Run a command."""
    out, err = io.StringIO(), io.StringIO()
    code, escaped = 0, None
    sized = mock.patch.dict(os.environ, {"COLUMNS": str(columns)})
    with sized, redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(each) for each in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except Exception as error:
            escaped = error
    return Ended(code, out.getvalue(), err.getvalue(), escaped)


def run(*arguments: Any, columns: int = 80) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    return invoke(arguments, columns)[:3]
