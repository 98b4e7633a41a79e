"""Whether a program of this repository understands a command line, found out without doing what it says."""

from __future__ import annotations

import argparse
import io
import re
import runpy
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import typer

from edge.cli.main import parser as edge_parser
from tests.helpers.places import ROOT

PARSES = re.compile(r"typer\.run\(|\bapp\(\)|parse_args\(")
MISSING = re.compile(r"Missing (argument|option)|(argument|one)s? .*(is|are) required")
CONTEXT = typer.Context.__mro__[1]  # of click, which typer has inside it or beside it


class UnderstoodError(BaseException):
    """The command line has been parsed, and nothing else is to happen."""


def complaint(program: Path, arguments: tuple[str, ...], is_whole: bool, known: set[str]) -> str:
    """What a program says against its arguments; nothing where it understands them.

    Args:
        program: a module as a file.
        arguments: of it.
        is_whole: whether nothing may be missing.
        known: takes the names of all options that the program has.
    """
    is_edge = program == ROOT / "edge" / "__main__.py"
    text = program.read_text(encoding="utf-8")
    if not is_edge and not PARSES.search(text):
        # One that takes what is given as it comes, or one that takes nothing.
        takes = "sys.argv" in text or not arguments
        return "" if takes else f"takes no arguments, {' '.join(arguments)}"
    said = io.StringIO()
    argv = mock.patch.object(sys, "argv", [str(program), *arguments])
    with argv, _parsed_alone(is_whole, known), redirect_stderr(said), redirect_stdout(said):
        try:
            edge_parser().parse_args(arguments) if is_edge else _start(program)
        except UnderstoodError:
            return ""
        except SystemExit as end:
            words = " ".join(said.getvalue().split())
            forgiven = not is_whole and MISSING.search(words)
            return "" if not end.code or forgiven else words or str(end.code)
    return "never reads its command line"


def _start(program: Path) -> None:
    # A room may import what is run here as a program.
    warnings.filterwarnings("ignore", ".* found in sys.modules", RuntimeWarning)
    module = ".".join(program.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    is_module = (program.parent / "__init__.py").exists()
    runpy.run_module(module, run_name="__main__") if is_module else runpy.run_path(
        str(program), None, "__main__"
    )


@contextmanager
def _parsed_alone(is_whole: bool, known: set[str]) -> Iterator[None]:
    """Parsers of argparse end after they have parsed; those of typer call none of the functions."""
    parse = argparse.ArgumentParser.parse_args

    def parse_args(self: Any, *given: Any) -> None:
        for each in _parsers(self):
            known.update(each._option_string_actions)
            for action in () if is_whole else (*each._actions, *each._mutually_exclusive_groups):
                action.required = False
        parse(self, *given)
        raise UnderstoodError

    def invoke(self: Any, *_: Any, **__: Any) -> None:
        for command in (self.command, *getattr(self.command, "commands", {}).values()):
            known.update(option for each in command.params for option in each.opts)

    argparses = mock.patch.object(argparse.ArgumentParser, "parse_args", parse_args)
    with argparses, mock.patch.object(CONTEXT, "invoke", invoke), warnings.catch_warnings():
        yield


def _parsers(parser: Any) -> Iterator[Any]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _parsers(each)
