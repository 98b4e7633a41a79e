"""The machine that a measurement was made on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path("/")
HOT_C, BUSY = 80, 0.5  # degrees; of the cores
# Bits of the firmware's answer; 16 higher: it has happened since the board was started.
THROTTLES = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}


def describe(root: Path = ROOT) -> dict[str, Any]:
    """What is known of this machine; None for what it does not tell.

    Args:
        root: where /proc, /sys and /etc are.

    Returns:
        `cpu`: the model; `arch`; `cores`: those this process may use; `memory_mb`; `board`: of a Raspberry Pi
        and its like; `os`; `governor`: how Linux sets the clock; `temperature_c`: of the hottest sensor;
        `load`: how many processes wanted to run in the last minute; `throttled`: what slows a Raspberry Pi
        down now, or has since it was started, a list.
    """
    return {
        "cpu": _cpu(root),
        "arch": platform.machine() or None,
        "cores": _cores(),
        "memory_mb": _memory_mb(root),
        "board": _text(root / "proc/device-tree/model"),
        "os": _os_name(root),
        "governor": _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "temperature_c": temperature_c(root),
        "load": _load(root),
        "throttled": throttled(root),
    }


def changes(before: dict[str, Any], root: Path = ROOT) -> dict[str, Any]:
    """What a measurement may have changed: `temperature_after_c` and `throttled_after`."""
    return {
        "temperature_after_c": temperature_c(root),
        "throttled_after": throttled(root) if before.get("throttled") is not None else None,
    }


def temperature_c(root: Path = ROOT) -> float | None:
    """The hottest sensor in degrees Celsius."""
    readings = (_text(path) for path in (root / "sys/class/thermal").glob("thermal_zone*/temp"))
    degrees = [int(text) / 1000 for text in readings if text and text.lstrip("-").isdigit()]
    return max(degrees, default=None)


def throttled(root: Path = ROOT) -> list[str] | None:
    """What the firmware of a Raspberry Pi says of its power and heat; None elsewhere."""
    if "Raspberry Pi" not in (_text(root / "proc/device-tree/model") or ""):
        return None
    try:
        answer = subprocess.run(
            ["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):  # not installed, or not for this user
        return None
    found = re.search(r"throttled=(0x[0-9a-fA-F]+)", answer)
    if found is None:
        return None
    bits = int(found[1], 16)
    now = [f"{word} now" for bit, word in THROTTLES.items() if bits >> bit & 1]
    return now + [f"{word} since the start" for bit, word in THROTTLES.items() if bits >> (bit + 16) & 1]


def warnings(machine: dict[str, Any]) -> list[str]:
    """What about a machine makes its timings doubtful, a sentence each.

    Args:
        machine: from `describe`, with what `changes` found after the measurement, if there was one.
    """
    found = []
    if machine["governor"] not in (None, "performance"):
        found.append(
            f"The CPU governor is {machine['governor']!r}, the clock changes while we measure; for steady "
            "figures: echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        )
    degrees = max(machine["temperature_c"] or 0, machine.get("temperature_after_c") or 0)
    if degrees >= HOT_C:
        found.append(f"The board is at {degrees:.0f} °C; many slow down from {HOT_C} °C on.")
    before, after = machine.get("throttled") or [], machine.get("throttled_after") or []
    slow = dict.fromkeys(each for each in (*before, *after) if each.endswith("now") or each not in before)
    if slow:
        found.append(
            f"The firmware slows the board down ({', '.join(slow)}): give it cooling, or more power."
        )
    load, cores = machine.get("load"), machine["cores"]
    if load and cores and load > BUSY * cores:
        found.append(
            f"The machine was busy before we began: {load:.1f} processes on {cores} cores; compare ratios, "
            "not times."
        )
    return found


def peak_memory_mb() -> float | None:
    """The most memory this process has held, in MiB; None where the system does not say (Windows)."""
    # ru_maxrss of a young process is that of its parent, so Linux's own record comes first.
    recorded = _field(ROOT / "proc/self/status", "VmHWM")
    if recorded is not None:
        return int(recorded.split()[0]) / 1024
    try:
        import resource
    except ImportError:
        return None
    unit = 2**20 if platform.system() == "Darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _cpu(root: Path) -> str | None:
    cpuinfo = root / "proc/cpuinfo"
    named = _field(cpuinfo, "model name") or _field(cpuinfo, "Model") or _field(cpuinfo, "Hardware")
    return named or platform.processor() or None


def _cores() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count()


def _memory_mb(root: Path) -> int | None:
    total = _field(root / "proc/meminfo", "MemTotal")
    return int(total.split()[0]) // 1024 if total else None


def _load(root: Path) -> float | None:
    words = (_text(root / "proc/loadavg") or "").split()
    try:
        return float(words[0]) if words else None
    except ValueError:
        return None


def _os_name(root: Path) -> str:
    pretty = _field(root / "etc/os-release", "PRETTY_NAME", separator="=")
    kernel = f"{platform.system()} {platform.release()}"
    return f"{pretty.strip(chr(34))}, {kernel}" if pretty else kernel


def _field(path: Path, name: str, separator: str = ":") -> str | None:
    for line in (_text(path) or "").splitlines():
        key, _, value = line.partition(separator)
        if key.strip() == name and value.strip():
            return value.strip()
    return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip(" \n\0") or None
    except OSError:
        return None
