"""The table of the zoo, in a terminal and as docs/models.md."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping

from tests.zoo.architecture import Architecture
from tests.zoo.judge import BY_SPREAD, FAULT, OK, REFUSED, WRONG, Trial

Trials = Mapping[tuple[str, str], Trial]  # of one architecture, by layer and form
TITLES = {
    "keras": "in Keras",
    "float": "float",
    "float16": "float16",
    "dynamic": "dynamic",
    "int8": "int8",
    "micro": "microcontroller",
}
CLASSES = {  # whether all were tried with both
    True: "with `keras.layers.LSTM` and with `LSTMPlus` in its place",
    False: "with `keras.layers.LSTM`",
}
LONGEST = 420  # characters of a refusal in the page
PAGE = """# Models that people build

{count} networks with an LSTM as they are published, from Keras's own examples to papers and much copied
repositories, rebuilt in [`tests/zoo/`](../tests/zoo/), with random weights of the size that training leaves.
Each is converted {classes}, and the file is compared with
Keras on data that it was not calibrated with, longer ones where the length is free, on ai-edge-litert and, in
float, on tflite-runtime. The last column is an int8 file for `target="microcontroller"`, run by TensorFlow
Lite Micro. `python -m tests.zoo --markdown docs/models.md` prints this page.

**Float:** the largest error, of the largest value of the output (of 1 where that is smaller). **Others:** the
rms error in standard deviations of the output, the worst output of each model. A bold letter is a refusal,
its sentence is [at the end](#what-is-refused); a figure beside it came out of doing what the sentence says.
Weights that nobody trained are harder to round than others: compare the figures, and measure your own model.

{summary}

<!-- models -->
{tables}
<!-- /models -->

## What is refused

{sentences}
"""


def form_of(trials: Trials) -> str:
    """What became of the recurrent layers, as the first file says: `2 fused`, `1 fused, 1 unrolled`."""
    lowered = next((trial.lowered for trial in trials.values() if trial.lowered), ())
    return ", ".join(f"{count} {form}" for form, count in Counter(lowered).items()) or "–"


def cell(trials: Trials, form: str) -> str:
    """One form of both classes of layers: the larger error, or both where one goes another way."""
    found = {layer: trial for (layer, each), trial in trials.items() if each == form}
    words = {layer: _word(form, trial) for layer, trial in found.items()}
    statuses = {trial.status for trial in found.values()}
    if len(statuses) > 1:
        return " / ".join(f"{layer}: {word}" for layer, word in words.items())
    worst = max(found, key=lambda layer: found[layer].error or 0.0, default=None)
    return words[worst] if worst else ""


def _word(form: str, trial: Trial) -> str:
    if trial.status == REFUSED or (trial.error is None and trial.status != OK):
        return trial.status
    figure = "ok" if trial.error is None else _figure(form, trial.error)
    return figure if trial.status == OK else f"{trial.status} {figure}"


def _figure(form: str, error: float) -> str:
    return f"{error:.1%}" if form in BY_SPREAD and error < 100 else f"{error:.0e}"


def lines(architecture: Architecture, trials: Trials, forms: list[str]) -> list[str]:
    """An architecture in a terminal: a row, and below it what is refused or wrong."""
    row = "  ".join(f"{TITLES[form]} {cell(trials, form)}" for form in forms)
    said = [f"{architecture.name:28} {form_of(trials)}: {row}"]
    for words, where in _sentences(trials).items():
        said.append(f"    {', '.join(where)}: {words}")
    return said


def _sentences(trials: Trials) -> dict[str, list[str]]:
    """What is not ok, by its words: in which layers and forms."""
    found: dict[str, list[str]] = {}
    for (layer, form), trial in trials.items():
        if trial.status != OK:
            found.setdefault(f"{trial.status}: {trial.words}", []).append(f"{layer} {form}")
    return found


def markdown(zoo: Mapping[str, tuple[Architecture, Trials]], forms: list[str]) -> str:
    """The page: a table for each family."""
    shown = [form for form in forms if form != "keras"]
    header = ["model", "from", "LSTMs", *(TITLES[form] for form in shown)]
    letters: dict[str, str] = {}
    families: dict[str, list[list[str]]] = {}
    for architecture, trials in zoo.values():
        scaled = f" (here smaller than {architecture.scaled})" if architecture.scaled else ""
        cells = [_page_cell(trials, form, letters) for form in shown]
        row = [f"`{architecture.name}`", architecture.source + scaled, form_of(trials), *cells]
        families.setdefault(_title(architecture), []).append(row)
    ruler = ["---"] * len(header)
    tables = [
        f"## {title}\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in (header, ruler, *rows))
        for title, rows in families.items()
    ]
    sentences = "\n".join(f"- **{letter}** {words}" for words, letter in letters.items())
    return PAGE.format(
        count=len(zoo),
        classes=CLASSES[all(any(layer == "plus" for layer, _ in trials) for _, trials in zoo.values())],
        summary=summary(zoo, shown),
        tables="\n\n".join(tables),
        sentences=sentences or "Nothing.",
    )


def _title(architecture: Architecture) -> str:
    """What its family says of itself, up to the first colon or full stop."""
    words = str(sys.modules[architecture.build.__module__].__doc__)
    return re.split(r"[:.;]", words)[0]


def _page_cell(trials: Trials, form: str, letters: dict[str, str]) -> str:
    word = cell(trials, form)
    for layer in ("stock", "plus"):
        trial = trials.get((layer, form))
        if trial is None or not trial.words or trial.status not in (OK, REFUSED):
            continue
        letter = f"**{letters.setdefault(_shortened(trial.words), _letter(len(letters)))}**"
        word = word.replace(REFUSED, letter, 1)
        if trial.status == OK and letter not in word.split():  # it goes by the way out of the sentence
            word += f" {letter}"
    return word


def _letter(number: int) -> str:
    return (chr(ord("a") + number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST else words[: words.rfind(" ", 0, LONGEST)].rstrip(",;:") + " …"


def summary(zoo: Mapping[str, tuple[Architecture, Trials]], forms: list[str]) -> str:
    """How many of how many are right, by form."""
    parts = []
    for form in forms:
        tried = [trials for _, trials in zoo.values() if any(each == form for _, each in trials)]
        statuses = [_status(trials, form) for trials in tried]
        counts = [f"{statuses.count(OK)} of {len(statuses)} right"]
        counts += [f"{statuses.count(each)} {each}" for each in (REFUSED, WRONG, FAULT) if each in statuses]
        parts.append(f"{TITLES[form]} {', '.join(counts)}")
    return "; ".join(parts) + "."


def _status(trials: Trials, form: str) -> str:
    """The worse of both classes of layers."""
    statuses = [trial.status for (_, each), trial in trials.items() if each == form]
    return max(statuses, key=(OK, REFUSED, WRONG, FAULT).index, default=OK)
