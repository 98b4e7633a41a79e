"""The card of a model in Markdown, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from edge.report.style import number, size
from edge.report.tables import PLATFORMS, UNKNOWN
from edge.results.words import share
from edge.tflite.variables import DESCRIPTIONS

NUMBERS = {
    None: "32-bit floating point",
    "float16": "16-bit weights, computed in 32-bit floating point",
    "dynamic": "8-bit weights, computed in floating point",
    "int8": "8-bit integers",
    "int16x8": "16-bit integers with 8-bit weights",
}
UNVERIFIED = "Not verified: `python -m edge verify MODEL.keras {name} --data x.npy --json verify.json`"
UNMEASURED = "Not measured: `python -m edge benchmark {name} --json benchmark.json`"


def card_markdown(content: dict[str, Any]) -> str:
    """A card, as `card` gives it, in Markdown."""
    parts = [
        f"# {escaped(content['name'])}",
        _what(content),
        "## What goes in and comes out",
        _ends(content),
        *_meaning(content),
        "## How near it is to the model",
        *_errors(content),
        "## What it was made for",
        *_ranges(content),
        "## Where it runs",
        _targets(content["targets"]),
        *(f"- {escaped(_sentence(hint))}" for hint in content["hints"]),
        "## How fast it is",
        *_measurements(content),
        "## What is in it",
        _inside(content),
    ]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """A name is no markup, and ends no line of a table."""
    text = " ".join(str(text).split())
    for each in "\\`*_[]<>|":
        text = text.replace(each, f"\\{each}")
    return text


def _what(content: dict[str, Any]) -> str:
    layers = [
        ", ".join(
            filter(
                None, (str(each.get("variant") or each.get("kind") or "recurrent"), _units(each.get("units")))
            )
        )
        for each in content["layers"]
    ]
    counted = [f"{layers.count(each)} × {each}" for each in dict.fromkeys(layers)]
    numbers = (
        NUMBERS.get(content["quantize"], "numbers unknown") if content["is_ours"] else "see what is in it"
    )
    rows = [
        ("size", f"{size(content['size_bytes'])} ({content['size_bytes']:,} bytes)"),
        ("recurrent layers", "; ".join(counted) or "none"),
        ("numbers", numbers),
        ("state", DESCRIPTIONS[content["state"]]),
        ("SHA-256", content["sha256"]),
        ("this card", content["created"][:10]),
    ]
    return _table(("fact", "of this file"), rows)


def _units(units: Any) -> str | None:
    return None if units is None else f"{units} units"


def _ends(content: dict[str, Any]) -> str:
    rows = [
        (
            way,
            each["name"],
            f"[{', '.join('any' if n < 0 else str(n) for n in each['shape'])}]",
            each["dtype"],
        )
        for way in ("inputs", "outputs")
        for each in content[way]
    ]
    return _table(("end", "name", "shape", "type"), [(way[:-1], *rest) for way, *rest in rows])


def _meaning(content: dict[str, Any]) -> Iterable[str]:
    if content["labels"]:
        names = "; ".join(f"{n} {escaped(name)}" for n, name in enumerate(content["labels"]))
        yield f"Classes: {names}."
    if content["normalization"]:
        pairs = zip(content["normalization"]["mean"], content["normalization"]["std"], strict=True)
        listed = "; ".join(f"{n}: {mean:.4g}, {std:.4g}" for n, (mean, std) in enumerate(pairs))
        yield f"Features are scaled, (x - mean) / std, by mean and std of each: {listed}."


def _errors(content: dict[str, Any]) -> Iterable[str]:
    verification, conversion = content["verification"], content["conversion"]
    if verification:
        verdict = "agrees with" if verification["is_ok"] else "**differs from**"
        date = _date(verification)
        yield (
            f"It {verdict} the Keras model {escaped(verification['model'])}, on "
            f"{verification['samples']:,} samples of {verification['checked_on']}{date}."
        )
        header = (
            "output",
            "largest error",
            "rms error",
            "rms/σ",
            "same decision",
            "right, Keras",
            "right, file",
        )
        keys = ("agreement", "accuracy_keras", "accuracy_file")
        yield _table(
            header,
            [(*_figures(each), *(_share(each[key]) for key in keys)) for each in verification["outputs"]],
        )
    elif conversion:
        yield f"Compared with Keras when it was converted, on {conversion['checked_on']}{_date(conversion)}."
        yield _table(
            ("output", "largest error", "rms error", "rms/σ"),
            [_figures(each) for each in conversion["errors"]],
        )
    if not verification:
        yield UNVERIFIED.format(name=content["name"])


def _date(saved: dict[str, Any]) -> str:
    return f", {saved['created'][:10]}" if saved["created"] else ""


def _figures(error: dict[str, Any]) -> tuple[str, ...]:
    values = [UNKNOWN if error[key] is None else f"{error[key]:.2g}" for key in ("max_abs", "rms")]
    return (error["name"], *values, _share(error["relative"]))


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else share(value)


def _ranges(content: dict[str, Any]) -> Iterable[str]:
    found = content["calibration"]
    if found:
        held = f"judged on {found['held_out']:,} others" if found["held_out"] else "judged on the same"
        yield (
            f"Its integers were calibrated on {found['samples']:,} samples, {held}; a state went through "
            f"{found['steps']:,} steps. What lies outside of these ranges is clipped:"
        )
        yield _table(
            ("input", "from", "to"),
            [(each["name"], f"{each['low']:.4g}", f"{each['high']:.4g}") for each in found["inputs"]],
        )
    else:
        yield "No ranges: nothing in it was calibrated."
    if content["checks"]:
        rows = [(each["kind"], f"{each['steps']:,}", _far(each["error"])) for each in content["checks"]]
        yield "Its rms error on data of other kinds than it was checked with:"
        yield _table(("data", "steps", "rms/σ"), rows)


def _far(error: float | None) -> str:
    return "infinite" if error is None else share(error)


def _targets(targets: dict[str, Any]) -> str:
    rows = [
        (name, found["verdict"], "; ".join(f"{_sentence(each)}" for each in found["reasons"]) or UNKNOWN)
        for name, found in targets.items()
    ]
    return _table(("target", "verdict", "why"), rows)


def _sentence(said: Any) -> str:
    if not isinstance(said, dict):
        return str(said)
    return ": ".join(str(said[key]) for key in ("what", "way_out") if said.get(key)) or str(said)


def _measurements(content: dict[str, Any]) -> Iterable[str]:
    found = content["measurements"]
    if not found:
        yield UNMEASURED.format(name=content["name"])
        return
    rows = []
    for each in found:
        machine = each["machine"]
        times, stream, error = each["inference_ms"], each["stream"], each["error"]
        runtime = " ".join(filter(None, (each["runtime"]["name"], each["runtime"]["version"])))
        engine = f", engine {each['engine']['isa']}" if each.get("engine") else ""
        rows.append(
            (
                each["date"],
                machine.get("board") or machine.get("cpu") or PLATFORMS[each["platform"]],
                f"{runtime}{engine}",
                _known(each["threads"]),
                _known(each["length"]),
                number(times["median"]),
                number(times["p95"]),
                number(each["per_step_us"]),
                number(each["added_memory_mb"]),
                UNKNOWN if not stream else number(stream["real_time_factor"]),
                UNKNOWN if each["accuracy"] is None else share(each["accuracy"], 1),
                UNKNOWN if not error or not error["relative"] else share(error["relative"]),
            )
        )
    header = ("date", "on", "runtime", "threads", "steps", "median, ms", "p95, ms", "µs/step", "memory, MiB")
    yield _table((*header, "real-time factor", "right", "error/σ"), rows)
    against = dict.fromkeys(str(each["error_against"]) for each in found)
    yield f"Error: against {escaped(' or '.join(against))}. Real-time factor: below 1 a stream keeps up."


def _known(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _inside(content: dict[str, Any]) -> str:
    weights = ", ".join(f"{size(count)} {dtype}" for dtype, count in content["weights"].items())
    operators = ", ".join(f"{count} {name}" for name, count in content["operators"].items())
    return f"Constants: {escaped(weights) or 'none'}. Operators: {escaped(operators)}."


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *(list(map(escaped, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
