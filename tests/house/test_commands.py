"""Every command that a page or a source shows is one that its program understands."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.helpers.doc_tools import tool
from tests.helpers.markdown import MARKDOWN, name
from tests.helpers.places import ROOT
from tests.helpers.shown_commands import Shown, in_markdown, in_source, options_alone
from tests.helpers.understanding import complaint

HOUSE = ("benchmarks", "docs", "edge", "examples", "keras_lstm_plus", "native", "tests")
SOURCES = [
    *(path for room in HOUSE[:-1] for path in (ROOT / room).rglob("*.py")),
    *(
        ROOT / each
        for each in ("Makefile", "lstm_edge.py", "setup.py", "tests/wide.py", "tests/lottery/__main__.py")
    ),
    *(ROOT / "docs").rglob("*.ipynb"),
]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = {each for line in re.findall(r"^([\w .-]+):(?!=)", MAKEFILE, re.MULTILINE) for each in line.split()}
VARIABLES = set(re.findall(r"^(\w+) \?=", MAKEFILE, re.MULTILINE))
# In a sentence, for whatever somebody has.
PLACEHOLDER = re.compile(r"[A-Z][A-Z._]*|\.\.\.|…")
_known: set[str] = set()


@cache
def extras() -> set[str]:
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    given = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "extras_require"
    ]
    return set(ast.literal_eval(ast.unparse(ast.List(given[0].keys))))  # type: ignore[attr-defined]


def wrong(shown: Shown) -> str:
    """What is wrong with a command; nothing where all of it is understood."""
    return PROGRAMS[shown.program](shown) or _files(shown)


def _make(shown: Shown) -> str:
    for word in shown.arguments:
        variable, is_set, _ = word.partition("=")
        if PLACEHOLDER.fullmatch(word):
            continue
        if variable not in (VARIABLES if is_set else TARGETS):
            return f"the Makefile has no {variable}"
    return ""


def _pip(shown: Shown) -> str:
    ours = re.compile(r"(?:\.|keras-lstm-plus|.*keras_lstm_plus.*\.whl)\[([\w,-]+)\]")
    asked = [found[1].split(",") for word in shown.arguments if (found := ours.fullmatch(word))]
    unknown = {extra for each in asked for extra in each} - extras()
    return f"setup.py has no extra {', '.join(sorted(unknown))}" if unknown else ""


def _edge(shown: Shown) -> str:
    return _ours(shown, ROOT / "edge" / "__main__.py", shown.arguments)


def _python(shown: Shown) -> str:
    program, *more = (*(each for each in shown.arguments if not re.fullmatch("-[A-Z]", each)), "")
    if program == "-m":
        module, *arguments = more[:-1]
        if module == "pip":
            return _pip(shown)
        place = ROOT / module.replace(".", "/")
        if place.relative_to(ROOT).parts[0] not in HOUSE or PLACEHOLDER.search(module.rpartition(".")[2]):
            return ""
        files = [path for path in (place.with_suffix(".py"), place / "__main__.py") if path.exists()]
        return _ours(shown, files[0], tuple(arguments)) if files else f"there is no module {module}"
    if program.split("/")[0] in HOUSE and program.endswith(".py"):
        place = ROOT / program
        return _ours(shown, place, tuple(more[:-1])) if place.exists() else f"there is no {program}"
    return ""


PROGRAMS: dict[str, Callable[[Shown], str]] = {
    "make": _make,
    "pip": _pip,
    "lstm-edge": _edge,
    "python": _python,
}


@cache
def _said(program: Path, arguments: tuple[str, ...], is_whole: bool) -> str:
    return complaint(program, arguments, is_whole, _known)


def _ours(shown: Shown, program: Path, arguments: tuple[str, ...]) -> str:
    # In a sentence N is a number, COMMAND and ... are anything, and what may be left out is in brackets.
    if not shown.is_whole:
        words = (each.strip("[]") for each in arguments if each not in ("COMMAND", "...", "…"))
        arguments = tuple("1" if each == "N" else each for each in words)
    return _said(program, arguments, shown.is_whole)


def _files(shown: Shown) -> str:
    """What is of this repository is there."""
    for word in shown.arguments:
        room, *rest = word.split("/")
        if room in HOUSE and rest and not (ROOT / word).exists():
            return f"there is no {word}"
    return ""


def shown_by(paths: list[Path], read: Callable[[Path], Iterator[Shown]]) -> list[Shown]:
    return [shown for path in paths for shown in read(path)]


def test_those_of_the_pages_are_understood() -> None:
    shown = shown_by(MARKDOWN, in_markdown)
    assert len(shown) > 150
    assert {str(each): said for each in shown if (said := wrong(each))} == {}


def test_those_of_docstrings_and_messages_are_understood() -> None:
    shown = shown_by(SOURCES, in_source)
    assert len(shown) > 60
    assert {str(each): said for each in shown if (said := wrong(each))} == {}


def test_the_page_of_commands_is_what_they_say_of_themselves() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == tool("commands").written(page), "stale: python docs/tools/commands.py"
    for command in set(tool("commands").tables()) - {"exit codes"}:
        section = page.split(f"\n## {command}\n")[1].split("\n## ")[0]
        assert re.search(rf"```\npython -m edge {command}\b", section)
        assert f"[`{command}`](#{command})" in page


def test_an_option_in_a_sentence_is_one_of_some_command() -> None:
    for each in shown_by(MARKDOWN, in_markdown):
        wrong(each)
    assert {name(path): unknown for path in MARKDOWN if (unknown := options_alone(path) - _known)} == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```\npython -m edge convert m.keras -o m.tflite --quantise int8\n```", "--quantise"),
        ("```sh\npython -m edge convert m.keras\n```", "required"),
        ("```\nlstm-edge convert m.keras -o m.tflite --quantize int4\n```", "int4"),
        ("`python -m edge measure`", "measure"),
        ("`python -m edge benchmark --adb\n--banchmark-model PATH`", "--banchmark-model"),
        ("```\nEDGE_ISA=avx2 ~/python -m examples.language_model perdict 'a' # guesses\n```", "perdict"),
        ("`python -m examples.grid --quickly`", "--quickly"),
        ("```\npython -m examples.agreement.brown fifty\n```", "valid integer"),
        ("`python -m keras_lstm_plus.catalogue --all`", "takes no arguments"),
        ("`python -m benchmarks.interference`", "no module"),
        ("`python native/bild.py --out DIR`", "native/bild.py"),
        ("`python native/build.py --out DIR --traning`", "--traning"),
        ("```\ncat x | python -m edge.devices.raspberry_pi.stream m.tflite --evry 5 > y\n```", "--evry"),
        ("```\nmake tests\n```", "no tests"),
        ("`make lottery M=3`", "no M"),
        ('```\npip install ".[trian]"\n```', "no extra trian"),
        ("```\npython -m edge report benchmarks/results/interference.json\n```", "interference.json"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_seen(text: str, words: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    (shown,) = in_markdown(page)
    assert words in wrong(shown)
