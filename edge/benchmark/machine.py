"""The machine that a measurement was made on, and the software."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from edge.results.benchmark import Machine
from edge.version import __version__

ROOT = Path("/")
HOT_C, BUSY = 80, 0.5  # degrees; of the cores
# Bits of the firmware's answer; 16 higher: it has happened since the board was started.
THROTTLES = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}


def describe(root: Path = ROOT) -> Machine:
    """What is known of this machine; None for what it does not tell.

    Args:
        root: where /proc, /sys and /etc are.
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


def measured_again(machine: Machine, root: Path = ROOT) -> Machine:
    """With what a measurement may have changed: `temperature_after_c` and `throttled_after`."""
    again = throttled(root) if machine.get("throttled") is not None else None
    return {**machine, "temperature_after_c": temperature_c(root), "throttled_after": again}


def software(**more: str) -> dict[str, str]:
    """The versions of what takes part in every benchmark, and of more."""
    return {"edge": __version__, "python": platform.python_version(), **more}


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


def warnings(machine: Machine) -> list[str]:
    """What about a machine makes its timings doubtful, a sentence each.

    Args:
        machine: from `describe`, `measured_again` if there was a measurement.
    """
    found = []
    if machine.get("governor") not in (None, "performance"):
        found.append(
            f"The CPU governor is {machine['governor']!r}, the clock changes while we measure; for steady "
            "figures: echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        )
    degrees = max(machine.get("temperature_c") or 0, machine.get("temperature_after_c") or 0)
    if degrees >= HOT_C:
        found.append(f"The board is at {degrees:.0f} °C; many slow down from {HOT_C} °C on.")
    before, after = machine.get("throttled") or [], machine.get("throttled_after") or []
    slow = dict.fromkeys(each for each in (*before, *after) if each.endswith("now") or each not in before)
    if slow:
        found.append(
            f"The firmware slows the board down ({', '.join(slow)}): give it cooling, or more power."
        )
    load, cores = machine.get("load"), machine.get("cores")
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
