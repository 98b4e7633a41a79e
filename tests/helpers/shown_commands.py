"""The commands that a text shows: in its blocks, and between backticks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# ```, what the language is, the block. No command is looked for in a block of a programming language.
FENCE = re.compile(r"^([ ]*)```([^\n]*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
OF_A_SHELL = ("", "sh", "bash", "console")
INLINE = re.compile(r"`([^`]+)`")
PROGRAM = re.compile(r"(?:.*/)?(python|pip|make|lstm-edge)[\d.]*$")
ASSIGNED = re.compile(r"[A-Z][A-Z_]*=")
OPTION = re.compile(r"--[a-z][a-z-]*")
IN_A_SOURCE = re.compile(r"^[ \t]*(?:\$ )?((?:python3?|make|lstm-edge) .*)$", re.MULTILINE)


class Shown(NamedTuple):
    """A command.

    Attributes:
        where: the file that shows it.
        program: python, pip, make or lstm-edge.
        arguments: all that follows.
        is_whole: whether it stands there to be typed; between backticks it may be the beginning of one.
    """

    where: Path
    program: str
    arguments: tuple[str, ...]
    is_whole: bool

    def __str__(self) -> str:
        return f"{self.where}: {shlex.join((self.program, *self.arguments))}"


def in_markdown(path: Path) -> Iterator[Shown]:
    """Those of a page."""
    text = path.read_text(encoding="utf-8")
    for _, language, block in FENCE.findall(text):
        if language.strip() in OF_A_SHELL:
            for line in block.replace("\\\n", " ").splitlines():
                yield from _commands(path, line, True)
    for written in _inline(text):
        yield from _commands(path, written, False)


def in_source(path: Path) -> Iterator[Shown]:
    """Those of a source: of docstrings, messages and recipes, each as far as it stands on one line."""
    text = re.sub(r"\$\(PY(THON)?\)", "python", path.read_text(encoding="utf-8"))
    text = re.sub(r"\$\((\w+)\)", r"\1", text)
    for line in IN_A_SOURCE.findall(text):
        yield from _commands(path, re.split(r"`|\"\"\"| {2,}", line)[0], False)
    for line in text.splitlines():
        for written in INLINE.findall(line):
            if "{" not in written:  # of an f-string
                yield from _commands(path, written, False)


def options_alone(path: Path) -> set[str]:
    """The options that the sentences of a page name without a command: `--quick`."""
    written = _inline(path.read_text(encoding="utf-8"))
    return {option for each in written if each.startswith("--") for option in OPTION.findall(each)}


def _inline(text: str) -> list[str]:
    """What stands between backticks, which may go over the end of a line; in a table | is written \\|."""
    paragraphs = re.split(r"\n\s*\n", FENCE.sub("\n\n", text))
    return [
        " ".join(each.replace("\\|", "|").split()) for part in paragraphs for each in INLINE.findall(part)
    ]


def _commands(where: Path, line: str, is_whole: bool) -> Iterator[Shown]:
    """Each of a line of a shell: joined by |, && or ;, behind variables, its files left out."""
    if not re.search(r"(python|pip|make|lstm-edge)", line):
        return
    lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # an apostrophe: a sentence
        return
    command: list[str] = []
    skips = False
    for word in [*words, ";"]:
        if set(word) <= set("<>"):
            skips = True
        elif set(word) <= set("();|&"):
            found = PROGRAM.fullmatch(command[0]) if command else None
            if found:
                yield Shown(where, found[1], tuple(command[1:]), is_whole)
            command = []
        elif skips:
            skips = False
        elif command or not ASSIGNED.match(word):
            command.append(word)
