"""Where data comes from: a copy on this machine, else a download, else one sentence."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import warnings
from pathlib import Path
from typing import Any
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


def copy_of(url: str, *names: str) -> Path | None:
    """The copy of a download on this machine, by one of its names; None if it has to be downloaded, and can.

    Raises:
        FileNotFoundError: there is no copy, and the server does not answer.
    """
    copy = next(filter(None, map(local_copy, names)), None)
    if copy is not None:
        return copy
    host = str(urlsplit(url).hostname)
    try:
        socket.create_connection((host, 443), TIMEOUT).close()
    except OSError as error:
        raise FileNotFoundError(
            f"{names[-1]} is not on this machine and {host} cannot be reached ({error}). Put a copy of it "
            f"from {url} into a folder and name that folder in the environment variable {VARIABLE}."
        ) from error
    return None


def prepared(name: str, data_dir: str | Path | None, url: str | None = None, *names: str) -> Any:
    """The builder of a TFDS set, which is prepared where it is not yet, without a word.

    Args:
        name: of the set.
        data_dir: where TFDS keeps it; None: its own choice, ~/tensorflow_datasets.
        url, names: of its download, see `copy_of`; None: it has none, its data is in a package.

    Raises:
        FileNotFoundError: it is not prepared, and its download is nowhere.
    """
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # pydub looks for ffmpeg, which a wav does not need
        builder = tfds.builder(name, data_dir=data_dir and str(data_dir))
        if not builder.info.splits:
            copy = url and copy_of(
                url, *names
            )  # so that a missing network is said before TFDS tries for minutes
            config = tfds.download.DownloadConfig(manual_dir=copy and str(copy.parent))
            builder.download_and_prepare(download_config=config)
    return builder
