"""Sentences of functions, in the words of the command line."""

from __future__ import annotations

import ast
import re

import pytest

from edge.cli.language import ARGUMENTS, spoken, spoken_all
from tests.helpers.places import ROOT

# Keras's own arguments stay: they are not of the command line.
PYTHON = re.compile(rf"\b({'|'.join(ARGUMENTS)})=")


@pytest.mark.parametrize(
    ("python", "typed"),
    [
        ('use quantize="dynamic", which', "use --quantize dynamic, which"),
        ("representative_data with padding", "--data with padding"),
        ("(state='carry'), since", "(--state carry), since"),
        ('state="carry" or "explicit"', "--state carry or explicit"),
        ("does not run quantize=None", "does not run no --quantize"),
        ("convert with length=... and batch=...", "convert with --length N and --batch N"),
        ("edge.convert.convert(..., target='web-tfjs')", "convert --target web-tfjs"),
        ("input_type=int8 does not fit.", "--input-type int8 does not fit."),
        ("Use input_type='float32'.", "Use --input-type float32."),
        ("accelerate=False", "--no-accelerate"),
        ("Input((4,), batch_size=1), stateful=True", "Input((4,), batch_size=1), stateful=True"),
        ("call edge.convert with the model", "call edge.convert with the model"),
    ],
)  # fmt: skip
def test_arguments_become_options(python: str, typed: str) -> None:
    assert spoken(python) == typed


def test_a_word_that_means_several_things_is_said_at_the_head_of_a_sentence_only() -> None:
    words = {"labels": "--answers"}
    assert spoken("labels for output 'y' do not fit", words) == "--answers for output 'y' do not fit"
    assert (
        spoken("m.keras: labels do not fit: two labels", words) == "m.keras: --answers do not fit: two labels"
    )


def test_plain_data_keeps_its_shape() -> None:
    assert spoken_all({"a": ["use quantize='int8'", 1, None]}) == {"a": ["use --quantize int8", 1, None]}


def test_no_sentence_of_the_rooms_behind_the_commands_keeps_an_argument() -> None:
    """Every text that is in the code there, with a value where a value is put in."""
    seen = 0
    for room in ("convert", "inspection", "benchmark", "runtime"):
        for path in (ROOT / "edge" / room).rglob("*.py"):
            for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
                if PYTHON.search(text) and " " in text and "\n" not in text:
                    seen += 1
                    assert not PYTHON.search(spoken(text)), (path, text, spoken(text))
    assert seen > 20


def texts(tree: ast.AST) -> list[str]:
    """The texts of a file that are no docstring and no part of another; `x` stands for what is put in."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
            found.append("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            found.append(node.value)
    return found
