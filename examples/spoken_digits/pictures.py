"""The four pictures of a run. A title is the finding, and is computed from what was found."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from PIL import Image

from edge.files import write_whole
from examples.common.pictures import BLUE, GREY, INK, LINE, ORANGE, RED, SOFT, STYLE, headline, save
from examples.spoken_digits.events import Tally, tally, together
from examples.spoken_digits.experiment import Outcome, Stream, chosen
from examples.spoken_digits.report import BASELINE_OFFICIAL, BASELINE_UNSEEN, mean_unseen
from examples.spoken_digits.settings import DECIDER, DIGITS, FEATURES, RATE

SECONDS = 14.0  # of the recording that are shown
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def stream(streams: Sequence[Stream], path: Path) -> None:
    """The beginning of a long recording: samples, features, probabilities, and the decisions on all three."""
    shown = next(each for each in streams if each.form == "int8")
    with plt.rc_context(STYLE):
        figure, (top, middle, bottom) = plt.subplots(
            3, 1, figsize=(13, 7.6), sharex=True, height_ratios=(1, 1.1, 1.1), layout="constrained"
        )
        _waveform(top, shown)
        features = shown.heard.features
        # A frame is drawn over the hop at whose end it is known.
        first = (FEATURES.frame_samples - FEATURES.hop_samples) / RATE
        step = FEATURES.hop_samples / RATE
        extent = (first, first + len(features) * step, 0, FEATURES.mels)
        middle.imshow(features.T, origin="lower", aspect="auto", cmap="magma", extent=extent)
        middle.set_ylabel("mel band\n60 to 3800 Hz")
        middle.set_yticks([])
        times = first + step * np.arange(1, len(features) + 1)
        for digit in range(len(DIGITS)):
            bottom.plot(times, shown.heard.probabilities[:, digit], color=BLUE, alpha=0.8, linewidth=1.3)
        bottom.axhline(DECIDER.threshold, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        bottom.set_ylabel("probability\nof each digit")
        bottom.set_ylim(0, 1.36)
        bottom.set_yticks([0, 0.5, 1], ["0", "50%", "100%"])
        bottom.set_xlabel("seconds")
        written = -SECONDS
        for sample, decision in zip(shown.heard.samples, shown.heard.decisions, strict=True):
            second = sample / RATE
            if second > SECONDS - 0.4:
                break
            for axes, colour in ((top, RED), (middle, "white"), (bottom, RED)):
                axes.axvline(second, color=colour, linewidth=1.3)
            # Over the next where it would be written into it.
            height = 1.26 if second - written < 0.6 else 1.12
            bottom.text(second + 0.06, height, decision.label, color=RED, fontweight="bold", va="center")
            written = second if height < 1.2 else -SECONDS
        top.set_xlim(0, SECONDS)
        found = shown.tally
        headline(
            figure,
            f"The int8 file hears {found.right} of {len(found.said)} digits of {shown.speaker}, "
            f"{in_time(found.latencies)}, with {alarms(found)}",
        )
        save(figure, path, dpi=90)
        fewer_colours(path)


def fewer_colours(path: Path) -> None:
    """A picture of a spectrogram in 64 colours: a third of the size, and nobody sees it."""
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(64).save(buffer, format="png", optimize=True)
    write_whole(path, buffer.getvalue())


def _waveform(axes: Any, shown: Stream) -> None:
    """The samples, and which words were said where."""
    samples = shown.recording.audio[: int(SECONDS * RATE)] / 32768
    # Two values for each column of the picture are all that can be seen.
    columns = samples[: len(samples) // 40 * 40].reshape(-1, 40)
    axes.fill_between(
        np.arange(len(columns)) * 40 / RATE,
        columns.min(axis=1),
        columns.max(axis=1),
        color=INK,
        linewidth=0.4,
    )
    limit = 1.15 * np.abs(samples).max()
    axes.set_ylim(-limit, 1.45 * limit)
    for word in shown.recording.words:
        if word.end / RATE > SECONDS:
            break
        colour = GREY if word.digit is None else BLUE
        axes.axvspan(word.start / RATE, word.end / RATE, color=colour, alpha=0.16, linewidth=0)
        text = "backwards" if word.digit is None else DIGITS[word.digit]
        middle = (word.start + word.end) / 2 / RATE
        axes.text(
            middle, 1.22 * limit, text, color=SOFT if word.digit is None else BLUE, ha="center", fontsize=10
        )
    axes.set_yticks([])
    axes.set_ylabel("samples, and\nwhat was said")
    axes.spines["left"].set_visible(False)


def in_time(latencies: np.ndarray) -> str:
    """When half of what was heard is known, in words."""
    if not len(latencies):
        return "none in time"
    middle = np.median(latencies)
    side = "before" if middle < 0 else "after"
    return f"half by {abs(middle):.0f} ms {side} the end of the word"


def alarms(found: Tally) -> str:
    """How many false alarms, in words."""
    count = len(found.false_alarms)
    return f"{count or 'no'} false alarm{'' if count == 1 else 's'}"


def latency(known: Sequence[Stream], unknown: Sequence[Stream], path: Path) -> None:
    """How late each digit is known, a dot for each time that it was said, and what was not known."""
    groups = {"voices known": chosen(known, "int8", known[0].noise)}
    groups["voices unknown"] = chosen(unknown, "int8", unknown[0].noise)
    with plt.rc_context(STYLE):
        figure, both = plt.subplots(1, 2, figsize=(12, 5.4), sharey=True, sharex=True, layout="constrained")
        rng = np.random.default_rng(0)
        for axes, (name, found), colour in zip(both, groups.items(), (BLUE, ORANGE), strict=True):
            for digit in range(len(DIGITS)):
                said = [each for each in found.said if each.digit == digit]
                values = found._replace(said=said).latencies
                place = digit + rng.uniform(-0.22, 0.22, len(values))
                axes.scatter(values, place, s=14, color=colour, alpha=0.45, linewidths=0)
                if len(values):
                    axes.vlines(np.median(values), digit - 0.34, digit + 0.34, color=INK, linewidth=2)
                share = f"{len(values)} of {len(said)}"
                axes.annotate(
                    share,
                    (1.01, digit),
                    xycoords=("axes fraction", "data"),
                    va="center",
                    color=SOFT,
                    fontsize=10,
                )
            axes.axvline(0, color=GREY, linewidth=1)
            axes.grid(axis="x", color=LINE)
            axes.set_axisbelow(True)
            axes.set_xlabel("ms after the last sample of the word")
            axes.set_title(
                f"{name}: {found.right / len(found.said):.0%} right, {alarms(found)}", fontsize=11.5
            )
        both[0].set_yticks(range(len(DIGITS)), DIGITS, color=INK)
        both[0].invert_yaxis()
        everything = np.concatenate([found.latencies for found in groups.values()])
        headline(figure, f"Of all digits that are heard, {in_time(everything)}")
        save(figure, path)


def accuracy(official: Outcome, unseen: Mapping[str, Outcome], path: Path) -> None:
    """Clips right by the int8 file, for known voices and for each speaker left out."""
    rows = [("known voices: official test", official.scores["int8"].accuracy, BLUE)]
    rows += [
        (f"{speaker}, left out", each.scores["int8"].accuracy, ORANGE) for speaker, each in unseen.items()
    ]
    mean = mean_unseen(unseen, "int8")
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(10, 0.55 * len(rows) + 1.9))
        places = np.arange(len(rows), dtype=float)
        places[1:] += 0.5
        values = [value for _, value, _ in rows]
        axes.barh(places, values, color=[colour for *_, colour in rows], height=0.62)
        for place, value in zip(places, values, strict=True):
            # At the foot of the bar, where no dashed line runs through it.
            inside: Any = {"ha": "left", "va": "center", "color": "white", "fontweight": "bold"}
            axes.text(0.012, place, f"{value:.1%}", **inside)
        for value, low, high in (
            (BASELINE_OFFICIAL, -0.42, 0.42),
            (BASELINE_UNSEEN, 1.05, places[-1] + 0.42),
        ):
            axes.vlines(value, low, high, color=INK, linewidth=1.6, linestyle=(0, (3, 2)))
        axes.annotate(
            f"dashed: earlier baselines, {BASELINE_OFFICIAL:.1%} and {BASELINE_UNSEEN:.0%}",
            (0, -0.08),
            xycoords="axes fraction",
            color=SOFT,
            fontsize=10,
        )
        axes.set_yticks(places, [name for name, *_ in rows], color=INK)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.09)
        axes.set_xticks([])
        axes.spines[["bottom", "left"]].set_visible(False)
        who = f"{len(unseen)} speakers left out in turn" if len(unseen) > 1 else "the speaker left out"
        axes.set_title(f"Right on {values[0]:.1%} of clips of known voices, on {mean:.1%} of {who}", pad=14)
        save(figure, path)


def thresholds(known: Sequence[Stream], unknown: Sequence[Stream], path: Path) -> None:
    """Digits not heard rightly against false alarms a minute, for thresholds from low to high."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(9.5, 5.6))
        titles = []
        for name, streams, colour in (("known", known, BLUE), ("unknown", unknown, ORANGE)):
            every = list(dict.fromkeys(each.noise for each in streams))
            noises = list(dict.fromkeys([every[0], every[-1]]))
            for noise, style in zip(noises, ("-", (0, (4, 2))), strict=False):
                those = [each for each in streams if (each.form, each.noise) == ("int8", noise)]
                curve = [at_threshold(those, threshold) for threshold in THRESHOLDS]
                rates = np.array([60 * len(found.false_alarms) / found.seconds for found in curve])
                lost = np.array([1 - found.right / len(found.said) for found in curve])
                axes.plot(
                    rates, lost, color=colour, linestyle=style, linewidth=2, label=f"{name} voices, {noise}"
                )
                here = THRESHOLDS.index(DECIDER.threshold)
                axes.plot(rates[here], lost[here], "o", color=colour, markersize=7)
                titles.append((name, noise, rates[here], lost[here]))
        axes.set_xlabel("false alarms a minute, one word in six being a backward one")
        axes.set_ylabel("digits missed or taken for another")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(color=LINE)
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=10)
        first, other = titles[0], next(each for each in titles if each[0] == "unknown")
        axes.set_title(
            f"At the threshold of {DECIDER.threshold:.0%} (dots), {first[3]:.0%} of digits are lost\n"
            f"of known voices and {other[3]:.0%} of unknown ones, in the room",
            pad=14,
        )
        save(figure, path)


def at_threshold(streams: Sequence[Stream], threshold: float) -> Tally:
    """What the same probabilities give at another threshold; decisions come at the end of their frame."""
    decide = replace(DECIDER, threshold=threshold)
    tallies = []
    for each in streams:
        decided = [
            (FEATURES.frame_samples + decision.step * FEATURES.hop_samples, decision.class_index)
            for decision in decide(each.heard.probabilities)
        ]
        tallies.append(tally(each.recording.words, decided, len(each.recording.audio)))
    return together(tallies)
