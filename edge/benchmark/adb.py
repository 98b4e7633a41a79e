"""An Android device through the program `adb`: its commands, and what it complains of in one sentence."""

from __future__ import annotations

import re
import secrets
import shlex
import shutil
import subprocess
from pathlib import Path

PLACE = "/data/local/tmp"  # where the shell may write and start programs, without root
PATIENCE = 60.0  # seconds for a command that should take one
SPEEDS = "/sys/devices/system/cpu/cpu*/cpufreq/cpuinfo_max_freq"

# What adb says, and what to do about it.
REFUSALS = (
    ("unauthorized", "it has not allowed this computer yet: unlock it and confirm the dialog on its screen"),
    ("authorizing", "it has not allowed this computer yet: unlock it and confirm the dialog on its screen"),
    ("offline", "it is offline: pull its cable and plug it in again, or run adb reconnect"),
    (
        "insufficient permissions",
        "this user may not use it over USB; on Debian: apt-get install adb, log in again",
    ),
    ("no permissions", "this user may not use it over USB; on Debian: apt-get install adb, log in again"),
    ("cannot connect to daemon", "adb's own server does not start; run adb kill-server, then adb devices"),
)


class Device:
    """One device, with a folder of our own on it. A context manager: the folder is removed at the end.

    Args:
        serial: as `adb devices` lists it; None: the only one there is.

    Attributes:
        folder: on the device, new and empty.
        leftover: after the end: None, or a sentence on what could not be removed.

    Raises:
        OSError: no adb, no such device, several without a serial, or one that refuses us.
    """

    def __init__(self, serial: str | None = None) -> None:
        client = shutil.which("adb")
        if client is None:
            raise FileNotFoundError(
                "There is no adb here; install it (on Debian: apt-get install adb; else Android's "
                "SDK Platform-Tools) and put it on the PATH."
            )
        self._adb = [client, *(("-s", serial) if serial else ())]
        self._serial, self._busy = serial, False
        self.leftover: str | None = None
        code, text = self._call("get-state")
        if code or text.splitlines()[-1:] != ["device"]:
            raise OSError(self._refusal(text))
        self.folder = f"{PLACE}/edge-{secrets.token_hex(4)}"

    def __enter__(self) -> Device:
        try:
            self.shell("mkdir", self.folder)
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._clean()

    def properties(self, names: dict[str, str]) -> dict[str, str]:
        """Properties of the system, by the same keys; empty where it has none of that name."""
        code, text = self._call("shell", "; ".join(f"getprop {name}" for name in names.values()))
        lines = text.split("\n")
        if code or len(lines) < len(names):
            raise OSError(f"getprop fails on the device: {_last(text)}.")
        return {key: line.strip() for key, line in zip(names, lines, strict=False)}

    def push(self, path: str | Path, name: str) -> str:
        """Copy a file into the folder, under that name: its path there."""
        there = f"{self.folder}/{name}"
        code, text = self._call("push", str(path), there, patience=10 * PATIENCE)
        if code:
            raise OSError(f"The device does not take {Path(path).name}: {_last(text)}.")
        return there

    def shell(self, *words: str) -> str:
        """What a command prints there.

        Raises:
            OSError: it fails.
        """
        code, text = self._call("shell", shlex.join(words))
        if code:
            raise OSError(f"{words[0]} fails on the device: {_last(text)}.")
        return text

    def attempt(self, words: list[str], seconds: float) -> tuple[int, str]:
        """Exit code of a long command there, and all that it prints.

        Raises:
            OSError: it takes longer than that; it is ended.
        """
        # The number of the process, which `exec` keeps, is how the end of this one can be made its end.
        command = f"echo $$ > {shlex.quote(self.folder + '/pid')}; exec {shlex.join(words)}"
        self._busy = True
        result = self._call("shell", command, patience=seconds)
        self._busy = False
        return result

    def speeds(self) -> dict[int, int]:
        """The highest frequency of each core in kHz, by its number; empty where the device does not tell."""
        _, text = self._call("shell", f"grep -H . {SPEEDS}")
        return {int(n): int(khz) for n, khz in re.findall(r"/cpu(\d+)/cpufreq/cpuinfo_max_freq:(\d+)", text)}

    def _clean(self) -> None:
        folder = shlex.quote(self.folder)
        end = f"kill $(cat {folder}/pid); " if self._busy else ""
        try:
            code, text = self._call("shell", f"{end}rm -rf {folder}")
        except OSError as error:
            code, text = 1, str(error)
        if code:
            adb = " ".join(("adb", *self._adb[1:]))
            self.leftover = (
                f"{self.folder} could not be removed from the device ({_last(text)}): "
                f"{adb} shell rm -rf {folder}."
            )

    def _call(self, *arguments: str, patience: float = PATIENCE) -> tuple[int, str]:
        """Exit code and output of a command to the device."""
        return _run([*self._adb, *arguments], patience)

    def _refusal(self, text: str) -> str:
        device = f"device {self._serial}" if self._serial else "device"
        if "more than one" in text:
            serials = self._serials()
            return f"There are several devices, {', '.join(serials)}: say which, --serial {serials[0]}."
        if "no devices" in text or "not found" in text:
            others = ", ".join(self._serials())
            if self._serial and others:
                return f"There is no device {self._serial}; there are: {others}."
            return (
                f"There is no {device if self._serial else 'Android device'} here; switch on USB debugging "
                "in its developer options and plug it in, or adb connect HOST."
            )
        for words, remedy in REFUSALS:
            if words in text:
                return f"The {device} cannot be used: {remedy}."
        return f"The {device} is not ready: adb says {_last(text)!r}; start it, unlock it and connect it."

    def _serials(self) -> list[str]:
        _, text = _run([self._adb[0], "devices"], PATIENCE)
        return [line.split()[0] for line in text.splitlines()[1:] if line.strip()]


def _run(command: list[str], patience: float) -> tuple[int, str]:
    """Exit code and output of adb. A session of its own: Ctrl-C is for us, who tidy up with it."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise OSError(
            f"The device was still busy after {patience:g} s and was stopped; if it is just slow, give it "
            "more time (--limit)."
        ) from None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return done.returncode, "\n".join(line for line in lines if not line.startswith("* daemon"))


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^(adb: )?(error: )?", "", (lines or ["it says nothing"])[-1]).rstrip(".")
