"""The house's import rules as a table: who may take what, in every folder however deep."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

PACKAGES = ("edge", "keras_lstm_plus")
GROUND = (
    *("edge.aliases", "edge.errors", "edge.files", "edge.micro_operators", "edge.quiet", "edge.targets"),
    "edge.version",
)
FACE = ("edge.runtime", "edge.search", "edge.tflite", "edge.cli")
WORKSTATION = ("tensorflow", "keras", "flatbuffers", "ai_edge_litert")

# By package or module: what it may take beside itself, the standard library and NumPy. The longest name that
# fits a module is its rule; a name allows all below it.
RULES: dict[str, tuple[str, ...]] = {
    "edge": (*GROUND, *FACE),  # the face, and `python -m edge`
    "edge.aliases": (),
    "edge.errors": (),
    "edge.files": ("edge.aliases",),
    "edge.quiet": (),
    "edge.micro_operators": (),
    "edge.targets": ("edge.micro_operators",),
    "edge.version": (),
    "edge.results": ("edge.aliases", "edge.errors", "edge.targets"),
    "edge.tflite": ("edge.aliases", "edge.errors"),
    "edge.native": ("edge.errors", "edge.version"),
    "edge.runtime": (
        *("edge.aliases", "edge.errors", "edge.native", "edge.tflite"),  # a runtime by its name, no import
    ),
    "edge.search": ("edge.aliases", "edge.errors"),
    "edge.inspection": ("edge.aliases", "edge.errors", "edge.micro_operators", "edge.targets", "edge.tflite"),
    "edge.web": (*GROUND, "edge.inspection", "edge.tflite"),
    "edge.benchmark": (*GROUND, "edge.native", "edge.runtime", "edge.tflite", "edge.results"),
    "edge.benchmark.browser": (*GROUND, "edge.benchmark", "edge.results", "edge.web"),
    "edge.report": (*GROUND, "edge.results", "edge.tflite.variables", "rich"),
    "edge.report.drawing": (*GROUND, "edge.report", "edge.results", "matplotlib"),
    "edge.report.pictures": (*GROUND, "edge.report", "edge.results", "matplotlib"),
    "edge.devices": (*GROUND, "edge", "edge.tflite", "edge.runtime"),
    "edge.devices.raspberry_pi.sensors": ("edge.aliases", "edge.devices", "smbus2"),
    "edge.cli": ("edge", "typer", "rich"),
    "edge.convert": (
        *GROUND,
        *("edge.tflite", "edge.runtime", "edge.results", "edge.inspection", "edge"),
        *WORKSTATION,
        "keras_lstm_plus",
    ),
}
# Inside of a package: who may take whom of its rooms, beside itself.
ROOMS: dict[str, dict[str, tuple[str, ...]]] = {
    "edge.convert": {
        "graph": (),
        "request": (),
        "keras_model": ("tf_private",),
        "tf_private": (),
        "samples": ("keras_model",),
        "gathered": ("keras_model",),
        "material": ("keras_model", "samples"),
        "target_operators": (),
        "refusals": ("request", "keras_model"),
        "plan": ("refusals", "request", "keras_model"),
        "ways_out": ("request",),
        "raw_errors": ("keras_model",),
        "arrangement": (
            "keras_model",
            "plan",
            "refusals",
            "request",
            "tracing",
            "verification",
            "ways_out",
        ),
        "tracing": ("plan", "keras_model", "graph", "tf_private"),
        "edits": ("graph", "keras_model", "tracing"),
        "quantization": ("edits", "graph", "keras_model", "tracing", "samples", "tf_private"),
        "verification": (
            "gathered",
            "keras_model",
            "material",
            "request",
            "samples",
            "tf_private",
            "tracing",
        ),
        "job": (
            "arrangement",
            "keras_model",
            "material",
            "plan",
            "quantization",
            "request",
            "samples",
            "tracing",
            "verification",
        ),
        "passes": ("edits", "graph", "job", "quantization", "tracing"),
        "beyond": ("job", "material", "samples", "verification"),
        "making": (
            "beyond",
            "graph",
            "job",
            "passes",
            "quantization",
            "request",
            "samples",
            "tf_private",
            "tracing",
            "verification",
            "target_operators",
        ),
        "pipeline": (
            "gathered",
            "job",
            "keras_model",
            "making",
            "raw_errors",
            "request",
            "verification",
        ),
        "__init__": ("pipeline", "verification"),
    },
    "keras_lstm_plus": {
        "aliases": (),
        "spec": (),
        "variants": ("spec",),
        "step": ("aliases", "spec"),
        "private": ("aliases",),
        "dropout": ("aliases", "private", "spec"),
        "cell": ("aliases", "dropout", "spec", "step", "variants", "private"),
        "native": ("aliases", "spec"),
        "path": (),
        "whole_sequence": ("aliases", "cell", "native", "path", "private", "spec", "step"),
        "scan": ("aliases",),
        "recurrence": ("aliases", "cell", "path", "scan", "step", "whole_sequence"),
        "forward_mode": ("aliases", "cell", "private"),
        "cudnn": ("aliases", "cell", "private", "recurrence", "spec"),
        "layer": ("aliases", "cell", "cudnn", "forward_mode", "path", "recurrence", "spec", "private"),
        "grid_lstm": ("aliases", "cell", "spec", "variants"),
        "gates": ("aliases", "cell", "private", "recurrence", "spec", "step"),
        "gate_plot": ("aliases", "gates", "spec"),
        "attention": ("aliases", "grid_lstm", "private", "scan", "spec"),
        "catalogue": ("spec", "variants"),
        "interop": ("aliases", "cell", "grid_lstm", "layer", "private", "spec", "step", "variants"),
        "__init__": ("aliases", "cell", "gate_plot", "gates", "grid_lstm", "layer", "spec", "variants"),
    },
}
FRAMEWORKS = {  # of the layer: TensorFlow where nothing else would do
    "keras_lstm_plus": ("keras",),
    "keras_lstm_plus.native": (),
    "keras_lstm_plus.private": ("keras", "tensorflow"),
    "keras_lstm_plus.scan": ("tensorflow",),
    "keras_lstm_plus.forward_mode": ("tensorflow",),
    "keras_lstm_plus.cudnn": ("keras", "tensorflow"),
    "keras_lstm_plus.whole_sequence": ("keras", "tensorflow"),
    "keras_lstm_plus.gate_plot": ("matplotlib",),
    "keras_lstm_plus.attention.alignment_plot": ("matplotlib",),
    "keras_lstm_plus.interop.torch_lstm": ("keras", "torch"),
    "keras_lstm_plus.interop": ("keras", "onnx"),
}
RULES |= {name: ("keras_lstm_plus", *more) for name, more in FRAMEWORKS.items()}
LONGEST = 300  # lines of a file
GROUND_FLOOR = 11  # modules on the ground floor of `edge`
TREES = (*PACKAGES, "examples", "tests", "benchmarks")


@cache
def modules() -> dict[str, Path]:
    """Every module of the two packages by its dotted name."""
    return {name_of(path): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imported(path: Path) -> frozenset[str]:
    """The modules that a file imports, wherever in it: ours by their own names, others by their first."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {
                name if (name := f"{node.module}.{alias.name}") in known_names() else str(node.module)
                for alias in node.names
            }
    return frozenset(name if name.split(".")[0] in PACKAGES else name.split(".")[0] for name in found)


@cache
def known_names() -> frozenset[str]:
    return frozenset(name_of(path) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def breaches(name: str, path: Path) -> set[str]:
    """What a module imports and may not."""
    rule = max((package for package in RULES if is_below(name, package)), key=len)
    # `import edge` gives the face, not all that is in it.
    allowed = [each for each in RULES[rule] if each != "edge"] + [rule] * (rule != "edge")
    free = {*sys.stdlib_module_names, "numpy", *(("edge",) if "edge" in RULES[rule] else ())}
    if rule == "edge.cli":
        allowed.append("edge")
    return {
        other
        for other in imported(path)
        if other not in free and not any(is_below(other, each) for each in allowed)
    }


@pytest.mark.parametrize("name", sorted(known_names()))
def test_a_module_imports_what_its_package_may(name: str) -> None:
    assert breaches(name, modules()[name]) == set()


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_of_a_package_import_one_way(package: str) -> None:
    rooms = ROOMS[package]
    for name, path in modules().items():
        if not is_below(name, package):
            continue
        room = name.removeprefix(package).lstrip(".").split(".")[0] or "__init__"
        assert room in rooms, f"{name} is in no room of the table"
        taken = {
            other.removeprefix(package).lstrip(".").split(".")[0]
            for other in imported(path)
            if is_below(other, package)
        } - {room, ""}
        assert taken <= set(rooms[room]), f"{name} takes {taken - set(rooms[room])}"


def test_there_is_no_circle_of_imports() -> None:
    """Between modules, and so between rooms; a package counts as its `__init__`."""
    done: set[str] = set()

    def follow(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name in done:
            return
        for other in sorted(imported(modules()[name]) & known_names()):
            if other != name:
                follow(other, (*way, name))
        done.add(name)

    for name in sorted(known_names()):
        follow(name, ())


def test_there_is_no_circle_between_rooms() -> None:
    """A room is a folder of `edge`, or a module on its ground floor."""
    taken: dict[str, set[str]] = {}
    for name, path in modules().items():
        if is_below(name, "edge"):
            taken.setdefault(room_of(name), set()).update(map(room_of, imported(path) & known_names()))
    open_rooms = {room: others - {room} for room, others in taken.items()}
    while free := [room for room, others in open_rooms.items() if not others & set(open_rooms)]:
        for room in free:
            del open_rooms[room]
    assert open_rooms == {}


def room_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("name", sorted(n for n in known_names() if modules()[n].name == "__init__.py"))
def test_no_module_bears_the_name_of_a_function_that_its_package_exports(name: str) -> None:
    package = importlib.import_module(name)
    exported = [
        each for each in getattr(package, "__all__", ()) if inspect.isfunction(getattr(package, each))
    ]
    assert not [each for each in exported if f"{name}.{each}" in known_names()]


def test_no_file_is_too_long_to_read() -> None:
    paths = [path for tree in TREES for path in (ROOT / tree).rglob("*.py")]
    paths += [path for kind in ("*.py", "*.cc", "*.h") for path in (ROOT / "native").rglob(kind)]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert {str(path): count for path, count in lengths.items() if count > LONGEST} == {}


def test_the_ground_floor_is_small() -> None:
    assert len(list((ROOT / "edge").glob("*.py"))) <= GROUND_FLOOR
