"""Where data comes from: a copy on this machine, else a download, else one sentence."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

VARIABLE = "KERAS_LSTM_PLUS_DATA"
ROOT = Path(__file__).parents[2]
TIMEOUT = 5.0  # seconds; a download that is tried without a network takes minutes to fail


def folders() -> list[Path]:
    """Where copies are looked for: `$KERAS_LSTM_PLUS_DATA`, else shared/data beside the checkout."""
    named = os.environ.get(VARIABLE)
    places = [Path(named)] if named else [ROOT.parent / "shared" / "data"]
    return [folder for place in places for folder in (place, place / "tfds_manual") if folder.is_dir()]


def local_copy(name: str) -> Path | None:
    """The file of that name among the copies on this machine; None if there is none."""
    found = (folder / name for folder in folders())
    return next((path for path in found if path.is_file()), None)


def check_reachable(url: str, name: str) -> None:
    """Before a download: whether its server answers at all.

    Args:
        url: of the download.
        name: of the file, under which a copy would be found.

    Raises:
        FileNotFoundError: it does not answer, and there is no copy.
    """
    host = str(urlsplit(url).hostname)
    try:
        socket.create_connection((host, 443), TIMEOUT).close()
    except OSError as error:
        raise FileNotFoundError(
            f"{name} is not on this machine and {host} cannot be reached ({error}). Put a copy of it from "
            f"{url} into a folder and name that folder in the environment variable {VARIABLE}."
        ) from error
