"""The two pictures of a run: what is heard, and when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from edge.aliases import Array
from examples.common.pictures import BLUE, COLOURS, GREY, INK, LINE, ORANGE, SOFT, STYLE, headline, save
from examples.guitar_pedal.data import SAMPLE_RATE, Pair
from examples.guitar_pedal.realtime import Clock
from examples.guitar_pedal.report import Row

SHOWN = 0.012  # seconds of waveform
FRAME = 4096  # samples of a spectrum
LOWEST, HIGHEST = 60.0, 16000.0  # Hz


def imitation(unseen: Pair, linear: Row, learned: Row, path: Path) -> None:
    """A moment of the unseen recording, and the spectrum of all of it: the pedal, the filter and the LSTM."""
    learned_name = f"{learned.model}, {learned.form} file"
    curves = (
        (unseen.wet, "the pedal", INK, 3.6, 0.45),
        (linear.sound, "best linear filter", ORANGE, 1.8, 1.0),
        (learned.sound, learned_name, BLUE, 1.8, 1.0),
    )
    start = loudest(unseen.wet, int(SHOWN * SAMPLE_RATE))
    moment = slice(start, start + int(SHOWN * SAMPLE_RATE))
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5), width_ratios=(3, 2))
        time = 1000 * np.arange(moment.stop - moment.start) / SAMPLE_RATE
        left.plot(time, unseen.dry[moment], color=GREY, linewidth=1.6, label="the guitar")
        for sound, name, colour, width, alpha in curves:
            look = {"color": colour, "linewidth": width, "alpha": alpha}
            left.plot(time, sound[moment], label=name, **look)
            right.semilogx(*spectrum(sound), **look)
        left.set_title("a loud moment", fontsize=11, fontweight="normal", color=SOFT)
        left.set_xlabel("ms")
        left.set_ylabel("sound, 1 is full scale")
        left.margins(x=0)
        left.grid(axis="y", color=LINE)
        figure.legend(*left.get_legend_handles_labels(), loc="lower center", ncols=4, frameon=False)
        right.set_title("spectrum of the whole recording", fontsize=11, fontweight="normal", color=SOFT)
        right.set_xticks([100, 1000, 10000], ["100 Hz", "1 kHz", "10 kHz"])
        right.set_ylabel("dB")
        right.set_xlim(LOWEST, HIGHEST)
        right.grid(color=LINE)
        headline(
            figure,
            f"Of the pedal's sound, the LSTM gets {learned.plain:.1%} of the energy wrong, "
            f"the best linear filter {linear.plain:.1%}",
        )
        save(figure, path, dpi=96, foot=0.06)


def clock(clocks: Sequence[tuple[str, Clock]], path: Path) -> None:
    """The median, the 99.9th percentile and the worst block of every file as shares of the deadline."""
    forms = list(dict.fromkeys(form for form, _ in clocks))
    colours = dict(zip(forms, COLOURS, strict=False))
    sizes = list(dict.fromkeys(each.block for _, each in clocks))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(11, 0.42 * len(clocks) + 2.2))
        ticks: list[tuple[float, str]] = []
        for row, size in enumerate(sizes):
            here = [(form, each) for form, each in clocks if each.block == size]
            for number, (form, each) in enumerate(here):
                place = row * (len(forms) + 0.9) + number
                ticks.append((place, f"{form}, {size} samples"))
                median, own, worst = (
                    100 * value / each.deadline for value in (each.own_median, each.own_worst, each.worst)
                )
                axes.barh(place, median, color=colours[form], height=0.66)
                axes.plot([median, worst], [place, place], color=colours[form], linewidth=1.2, zorder=1)
                axes.plot(own, place, "|", color=colours[form], markersize=13, markeredgewidth=2.6)
                axes.plot(worst, place, "o", color=colours[form], markersize=6)
        axes.axvline(100, color=INK, linewidth=1.6)
        axes.text(100 * 1.06, 1.01, "too late", transform=axes.get_xaxis_transform(), color=INK)
        axes.set_xscale("log")
        axes.set_xlim(left=0.1, right=max(200.0, axes.get_xlim()[1]))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}%")
        axes.set_yticks([place for place, _ in ticks], [text for _, text in ticks], color=INK)
        axes.invert_yaxis()
        axes.grid(axis="x", color=LINE)
        axes.set_axisbelow(True)
        axes.set_xlabel(
            "share of the time there is for a block\n"
            "bar: median of its own work    |: worst of its own work    dot: worst by the clock on the wall"
        )
        form, first = clocks[0]
        late = "no block is" if first.own_worst <= first.deadline else "some blocks are"
        headline(
            figure,
            f"In blocks of {first.block} samples the {form} file works {first.factor:.0f} times as fast as "
            f"the sound plays:\n{late} late by its own work, {first.late / first.blocks:.1%} by the clock on "
            "the wall",
        )
        save(figure, path)


def loudest(sound: Array, length: int) -> int:
    """Where the `length` samples with the greatest energy begin."""
    energy = np.cumsum(np.concatenate([[0.0], np.asarray(sound, float) ** 2]))
    return int(np.argmax(energy[length:] - energy[:-length]))


def spectrum(sound: Array) -> tuple[Array, Array]:
    """Centres of bands a sixth of an octave wide, in Hz, and the mean power in each, in dB of full scale."""
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(sound, float), FRAME)[:: FRAME // 2]
    power = (np.abs(np.fft.rfft(frames * np.hanning(FRAME))) ** 2).mean(axis=0) / (FRAME / 4) ** 2
    frequency = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE)
    edges = LOWEST * 2 ** np.arange(0, np.log2(HIGHEST / LOWEST) + 1 / 6, 1 / 6)
    bands = [(low, high, power[(frequency >= low) & (frequency < high)]) for low, high in pairwise(edges)]
    kept = [(np.sqrt(low * high), band.mean()) for low, high, band in bands if len(band)]
    centres, levels = np.array(kept).T
    return centres, 10 * np.log10(levels + 1e-12)
