"""Sentences that name the arguments of Python functions, said in options of the command line.

The rooms behind the commands are functions first: they say `quantize="dynamic"`, and who typed a command has
to read `--quantize dynamic`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Arguments whose option is another word than their own name with dashes.
OTHERWISE = {
    "representative_data": "--data",
    "stream_rate_hz": "--stream",
    "destination": "--ssh",
}
# Those that every command may meet in a sentence; said as NAME=VALUE.
ARGUMENTS = (
    *("quantize", "target", "lowering", "state", "length", "batch", "input_type", "output_type"),
    *("normalization", "labels", "tolerance", "drift_steps", "threads", "runs", "limit", "runtime"),
    *("accelerate", "serial", "answers", *OTHERWISE),
)
# Words that nobody uses but for the argument: so they are it wherever they stand.
UNMISTAKABLE = ("representative_data", "drift_steps", "stream_rate_hz", "input_type", "output_type")
VALUE = r"""("[^"]*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|\.\.\.|[\w.]*\w)"""
ASSIGNED = re.compile(rf"\b({'|'.join(ARGUMENTS)})={VALUE}")
CALL = re.compile(r"(?:edge\.convert\.)?convert\(\.\.\., (.*?)\)")
ALONE = re.compile(rf"\b({'|'.join(UNMISTAKABLE)})\b(?!=)")
NEXT = re.compile(r"(--[a-z-]+ [\w-]+(?:,)? or )[\"']([\w-]+)[\"']")


def option(name: str) -> str:
    """What an argument is called on the command line."""
    return OTHERWISE.get(name, f"--{name.replace('_', '-')}")


def spoken(text: str, words: Mapping[str, str] | None = None) -> str:
    """A sentence with options in the place of arguments.

    Args:
        text: the sentence.
        words: beside those that are always said, how one of this command is: `{"labels": "--answers"}`.

    Example:
        >>> spoken("representative_data is needed, or use quantize='dynamic'.")
        '--data is needed, or use --quantize dynamic.'
        >>> spoken('convert(..., state="explicit", length=...) fits; stateful=True does not')
        'convert --state explicit --length N fits; stateful=True does not'
    """
    text = CALL.sub(lambda found: f"convert {found[1].replace(', ', ' ')}", text)
    text = ASSIGNED.sub(_assigned, text)
    text = NEXT.sub(r"\1\2", text)
    text = ALONE.sub(lambda found: option(found[1]), text)
    for name, said in (words or {}).items():
        text = re.sub(rf"(^|[.:] ){name}\b", rf"\g<1>{said}", text)
    return text


def spoken_all(value: Any) -> Any:
    """Every text in plain data, as `spoken` says it."""
    if isinstance(value, str):
        return spoken(value)
    if isinstance(value, dict):
        return {key: spoken_all(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(spoken_all, value)) if type(value) in (list, tuple) else value
    return value


def _assigned(found: re.Match[str]) -> str:
    name, value = option(found[1]), found[2].strip("\"'")
    if value == "None":
        return f"no {name}"
    if value == "...":
        return f"{name} N" if found[1] in ("length", "batch") else f"{name} ..."
    if value in ("True", "False"):
        return name if value == "True" else name.replace("--", "--no-", 1)
    return f"{name} {value}"
