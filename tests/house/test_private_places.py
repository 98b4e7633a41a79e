"""What is not public is used in the files of the table alone, and all of it is in the table."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.places import ROOT
from tests.house.test_private import TABLE

PRIVATE_MODULE = re.compile(r"(keras\.src|tensorflow\.(python|lite\.python|compiler)|.*\b_pywrap)\b.*")
# Of named tuples, of os, and what every Python has had to end itself.
PUBLIC_AFTER_ALL = {"_asdict", "_fields", "_make", "_replace", "_exit", "_run_exitfuncs"}


def tree_of(file: str | Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text("utf-8"))


def private_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if PRIVATE_MODULE.fullmatch(name))


def private_attributes(tree: ast.AST) -> set[str]:
    """Attributes with an underscore that the file uses and does not define."""
    nodes = list(ast.walk(tree))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    own = {node.attr for node in attributes if isinstance(node.ctx, ast.Store) and is_self(node.value)}
    own |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used = {node.attr for node in attributes if re.match("_(?!_)", node.attr)}
    return used - own - PUBLIC_AFTER_ALL


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def test_no_other_file_uses_them() -> None:
    users = {}
    for folder in ("keras_lstm_plus", "edge", "examples"):
        for path in (ROOT / folder).rglob("*.py"):
            if names := {*private_modules(tree := tree_of(path)), *private_attributes(tree)}:
                users[path.relative_to(ROOT).as_posix()] = names
    assert set(users) == set(TABLE), users


def test_the_table_has_all_of_them() -> None:
    for file, rows in TABLE.items():
        used = {*private_modules(tree_of(file)), *private_attributes(tree_of(file))}
        used -= {"_calibrator"}  # what Calibrator is taken for
        listed = {row.name for row in rows}
        for name in used:
            assert any(row.replace(":", ".").endswith(name) for row in listed), f"{name} of {file}"
