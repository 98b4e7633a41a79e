"""The table of the zoo, in a terminal and as docs/models.md."""

from __future__ import annotations

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
SHORT = 160  # characters of a refusal in the page
PAGE = """# Models that people build

Networks with an LSTM as they are published, from Keras's own examples to papers and much copied repositories,
rebuilt in `tests/zoo/`, untrained, with random weights of the size that a training leaves. Each is converted
with `keras.layers.LSTM` and with `LSTMPlus` in its place, and the file is compared with Keras on data that it
was not calibrated with, longer ones where the length is free, on ai-edge-litert and, in float, on
tflite-runtime; the last column is an int8 file for `target="microcontroller"`, run by TensorFlow Lite Micro.
`python -m tests.zoo --markdown docs/models.md` wrote this page.

Float: the largest error, of the largest value of the output (of 1 where that is smaller). Others: the rms
error in standard deviations of the output, the worst output of each model. A letter stands for a sentence
below; a figure with a letter came out of doing what the sentence says.

{summary}

<!-- models -->
{table}
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
    """The page."""
    shown = [form for form in forms if form != "keras"]
    letters: dict[str, str] = {}
    rows = []
    for architecture, trials in zoo.values():
        scaled = f" (here smaller than {architecture.scaled})" if architecture.scaled else ""
        cells = [_page_cell(trials, form, letters) for form in shown]
        rows.append([f"`{architecture.name}`", architecture.source + scaled, form_of(trials), *cells])
    header = ["model", "from", "LSTMs", *(TITLES[form] for form in shown)]
    table = "\n".join("| " + " | ".join(row) + " |" for row in (header, ["---"] * len(header), *rows))
    sentences = "\n".join(f"- **{letter}** {words}" for words, letter in letters.items())
    return PAGE.format(summary=summary(zoo, shown), table=table, sentences=sentences or "Nothing.")


def _page_cell(trials: Trials, form: str, letters: dict[str, str]) -> str:
    word = cell(trials, form)
    for layer in ("stock", "plus"):
        trial = trials.get((layer, form))
        if trial is None or not trial.words or trial.status not in (OK, REFUSED):
            continue
        letter = letters.setdefault(_shortened(trial.words), _letter(len(letters)))
        word = word.replace(REFUSED, letter, 1)
        if trial.status == OK and letter not in word.split():  # it goes by the way out of the sentence
            word += f" {letter}"
    return word


def _letter(number: int) -> str:
    return (chr(ord("a") + number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _shortened(words: str) -> str:
    return words if len(words) <= SHORT else words[: words.rfind(" ", 0, SHORT)].rstrip(",;:") + " …"


def summary(zoo: Mapping[str, tuple[Architecture, Trials]], forms: list[str]) -> str:
    """How many of how many are right, by form."""
    parts = []
    for form in forms:
        statuses = [_status(trials, form) for _, trials in zoo.values()]
        counts = [f"{statuses.count(OK)} of {len(statuses)} right"]
        counts += [f"{statuses.count(each)} {each}" for each in (REFUSED, WRONG, FAULT) if each in statuses]
        parts.append(f"{TITLES[form]} {', '.join(counts)}")
    return "; ".join(parts) + "."


def _status(trials: Trials, form: str) -> str:
    """The worse of both classes of layers."""
    statuses = [trial.status for (_, each), trial in trials.items() if each == form]
    return max(statuses, key=(OK, REFUSED, WRONG, FAULT).index, default=OK)
