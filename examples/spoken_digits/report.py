"""What a run found: the tables for people and the JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from examples.common.files import Cost
from examples.common.tables import price, table
from examples.spoken_digits.clips import LONGEST, TAIL
from examples.spoken_digits.events import Tally, together
from examples.spoken_digits.experiment import Outcome, Stream, chosen
from examples.spoken_digits.settings import DIGITS, FEATURES

# Of this project, before: LSTM(64) on 32 log-mels, 25,000 parameters, each clip alone, padded at the front.
BASELINE_OFFICIAL, BASELINE_UNSEEN = 0.973, 0.59
FRAMES_A_CLIP = (LONGEST + TAIL - FEATURES.frame_samples) // FEATURES.hop_samples + 1


def official_table(outcome: Outcome, clips: int, cost: Mapping[str, Cost]) -> Table:
    """Accuracy, size and time of the model and every file."""
    rows = [["earlier baseline, Keras", f"{BASELINE_OFFICIAL:.1%}", *price(None)], []]
    for form, found in outcome.scores.items():
        path = outcome.paths.get(form)
        rows.append([form, f"{found.accuracy:.1%}", *price(cost[str(path)] if path else None)])
    columns = ["runs as", "clips\nright", "size\nKiB", "median\nms a clip", "speed\nto float"]
    return table(f"Known voices: the official test set, {clips} clips", columns, rows)


def unseen_table(outcomes: Mapping[str, Outcome]) -> Table:
    """Accuracy on all clips of each speaker when he was the one left out."""
    rows = []
    for speaker, outcome in outcomes.items():
        rows.append([speaker, *(f"{found.accuracy:.1%}" for found in outcome.scores.values())])
    forms = list(next(iter(outcomes.values())).scores)
    means = [mean_unseen(outcomes, form) for form in forms]
    rows += [[], ["mean", *(f"{mean:.1%}" for mean in means)]]
    rows += [["earlier baseline", f"{BASELINE_UNSEEN:.0%}", *[""] * (len(forms) - 1)]]
    return table("Voices never heard: each left out", ["unseen", *forms], rows)


def mean_unseen(outcomes: Mapping[str, Outcome], form: str) -> float:
    """Mean accuracy over the speakers left out, each counting once."""
    return float(np.mean([outcome.scores[form].accuracy for outcome in outcomes.values()]))


def stream_table(groups: Mapping[str, Sequence[Stream]]) -> Table:
    """Long recordings through the int8 files: a row for each kind of voice and of sound."""
    rows: list[list[str]] = []
    for voices, streams in groups.items():
        if rows:
            rows.append([])
        for noise in dict.fromkeys(each.noise for each in streams):
            found = chosen(streams, "int8", noise)
            said, heard = str(len(found.said)), f"{found.right / len(found.said):.1%}"
            alarms = f"{len(found.false_alarms)} ({found.backward_alarms})"
            counts = [str(found.wrong), str(found.missed), alarms]
            rows.append([voices, noise, said, heard, *counts, *latency_cells(found.latencies)])
    columns = [
        "voices",
        "sound",
        "said",
        "right",
        "wrong",
        "missed",
        "false\nalarms",
        "median\nms",
        "95 %\nms",
    ]
    title = "Long recordings, int8 (false alarms on backward words in brackets)"
    return table(title, columns, rows, left=2)


def digit_table(found: Tally) -> Table:
    """What became of each digit."""
    rows = []
    for digit, name in enumerate(DIGITS):
        said = [each for each in found.said if each.digit == digit]
        mine = found._replace(said=said)
        alarms = str(found.false_alarms.count(digit))
        counts = [str(len(said)), str(mine.right), str(mine.wrong), str(mine.missed), alarms]
        rows.append([name, *counts, *latency_cells(mine.latencies)])
    columns = ["digit", "said", "right", "wrong", "missed", "false\nalarms", "median\nms", "95 %\nms"]
    return table("Each digit, known voices in the room, int8; ms after its end", columns, rows)


def latency_cells(latencies: np.ndarray) -> list[str]:
    """Median and 95th percentile in ms."""
    return [f"{np.percentile(latencies, share):.0f}" for share in (50, 95)] if len(latencies) else ["", ""]


def cost_table(streams: Sequence[Stream]) -> Table:
    """Each stream file on the same recordings: what it hears, and ms of one thread for a second of sound."""
    rows = []
    for form in dict.fromkeys(each.form for each in streams):
        mine = [each for each in streams if each.form == form]
        found = together([each.tally for each in mine])
        parts = np.sum([each.heard.seconds for each in mine], axis=0)
        parts = parts / sum(each.heard.duration for each in mine)
        heard = [f"{found.right / len(found.said):.1%}", str(len(found.false_alarms))]
        rows.append([form, *heard, *(f"{1000 * part:.1f}" for part in parts), f"{parts.sum():.4f}"])
    units = ["features\nms", "network\nms", "decisions\nms", "real-time\nfactor"]
    columns = ["file", "right", "false\nalarms", *units]
    return table("Known voices, all sounds; one thread, for each second of sound", columns, rows)


def as_json(
    official: Outcome, unseen: Mapping[str, Outcome], timing: dict[str, Any], settings: dict[str, Any]
) -> dict[str, Any]:
    """Everything as plain values."""
    return {
        "settings": settings,
        "earlier_baseline": {"official": BASELINE_OFFICIAL, "unseen_speaker": BASELINE_UNSEEN},
        "official": _outcome(official),
        "unseen_speakers": {speaker: _outcome(outcome) for speaker, outcome in unseen.items()},
        "mean_unseen": {form: mean_unseen(unseen, form) for form in next(iter(unseen.values())).scores},
        "benchmark": timing,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "clips": {
            form: {"accuracy": found.accuracy, "confusion": found.confusion.tolist()}
            for form, found in outcome.scores.items()
        },
        "streams": [_stream(each) for each in outcome.streams],
        "loss": outcome.loss,
    }


def _stream(stream: Stream) -> dict[str, Any]:
    found, heard = stream.tally, stream.heard
    return {
        "speaker": stream.speaker,
        "file": stream.form,
        "sound": stream.noise,
        "seconds": found.seconds,
        "digits": len(found.said),
        "right": found.right,
        "wrong": found.wrong,
        "missed": found.missed,
        "false_alarms": len(found.false_alarms),
        "on_backward_words": found.backward_alarms,
        "backward_words": found.backward,
        "latency_ms": found.latencies.tolist(),
        "real_time_factor": heard.real_time_factor,
    }
