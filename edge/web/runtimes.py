"""The runtimes that run a file in a browser: which npm packages, and how they come onto this machine, once.

They are eight to nineteen megabytes each, too much to carry along with this package. npm fetches them, from
wherever the user has set it up to fetch from; what it brings must be the very file that the tests ran with.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PATIENCE = 300  # seconds for npm
CACHE_VARIABLE = "KERAS_LSTM_PLUS_CACHE"


class Package(NamedTuple):
    """A package of the npm registry: its version, the SHA-512 of its archive, and the files that are used."""

    name: str
    version: str
    sha512: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where it lies in the cache."""
        return f"{self.name.replace('@', '').replace('/', '-')}-{self.version}"


def _litert(version: str, sha512: str) -> Package:
    kinds = ("internal", "compat_internal")  # with relaxed SIMD, and without
    wasm = tuple(f"wasm/litert_wasm_{kind}.{suffix}" for kind in kinds for suffix in ("js", "wasm"))
    return Package("@litertjs/core", version, sha512, ("dist/index.js", *wasm))


def _litert_utils(version: str, sha512: str) -> Package:
    return Package("@litertjs/wasm-utils", version, sha512, ("dist/index.js",))


# By the name of the row in `edge.targets`, the preferred first. The licence of all is Apache 2.0.
RUNTIMES: dict[str, tuple[Package, ...]] = {
    "web-litert": (
        _litert(
            "0.2.1",
            "DhoP7VY6ibcGzcQTWqH3/rbtBjq/bi8iMaR4IeGRndq7FI+v6RLwhcdtPtbV2lNv0RmjWIQbaA75K/m57gqQqw==",
        ),
        _litert_utils(
            "0.2.1",
            "38/EbAu2u7DxXz3SCQbnIKYbj68x8x9HVmWVCX+UseRydYu0EDBaMPzUWYvhQCM1r79Q3Q7mn86SiFlWvlQrZw==",
        ),
    ),
    "web-tfjs": (
        # Its own client runs a file without the rest of TensorFlow.js.
        Package(
            "@tensorflow/tfjs-tflite",
            "0.0.1-alpha.10",
            "/qmqsRBTg+XCWgNomJ/gdZIKFMpGiTEAwMhqk/7cOZEp/fTV69GuknOoSQjloYGWasQIDIriQO3bpi6T4PTEnA==",
            (
                "wasm/tflite_web_api_client.js",
                "wasm/tflite_web_api_cc.js",
                "wasm/tflite_web_api_cc.wasm",
                "wasm/tflite_web_api_cc_simd.js",
                "wasm/tflite_web_api_cc_simd.wasm",
            ),
        ),
    ),
    "compiled-model": (
        _litert(
            "2.5.3",
            "PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
        ),
        _litert_utils(
            "2.5.3",
            "4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
        ),
    ),
}


def cache_folder() -> Path:
    """Where packages are kept: `$KERAS_LSTM_PLUS_CACHE`, else a folder in the user's cache."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "keras-lstm-plus" / "web"


def is_fetched(package: Package, cache: Path) -> bool:
    """Whether all its files lie in the cache, each an ordinary file."""
    paths = [cache / package.folder / name for name in package.files]
    return all(path.is_file() and not path.is_symlink() for path in paths)


def fetch(target: str, cache: Path, report: Callable[[str], None] | None = None) -> dict[str, Path]:
    """The files of a runtime by the name under which the page asks for them; npm fetches what is missing.

    Args:
        target: a key of `RUNTIMES`.
        cache: where packages are kept.
        report: is told what is fetched, before it is.

    Raises:
        OSError: npm is not there, cannot reach its registry, or brought another file than the tests ran with.
    """
    found: dict[str, Path] = {}
    for package in RUNTIMES[target]:
        if not is_fetched(package, cache):
            if report:
                report(f"fetching {package.name} {package.version} with npm, once, into {cache}")
            _fetch(package, cache)
        for name in package.files:
            is_utils = package.name.endswith("/wasm-utils")
            found["wasm-utils.js" if is_utils else Path(name).name] = cache / package.folder / name
    return found


def _fetch(package: Package, cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise OSError(
            f"{package.name} {package.version}, which runs files in the browser, has to be fetched once, and "
            f"npm is not installed: install npm, or copy {cache} from a machine where this command has run."
        )
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
            archive = _packed(npm, package, Path(folder))
            unpacked = Path(folder) / "unpacked"
            _unpack(archive, package, unpacked)
            place = cache / package.folder
            shutil.rmtree(place, ignore_errors=True)
            unpacked.replace(place)
    except PermissionError:
        raise OSError(f"{cache} cannot be written; name another folder in ${CACHE_VARIABLE}.") from None


def _packed(npm: str, package: Package, folder: Path) -> Path:
    """The archive of a package, as npm stores it into a folder."""
    command = [
        npm,
        "pack",
        f"{package.name}@{package.version}",
        "--json",
        "--ignore-scripts",
        "--loglevel=error",
    ]
    what = f"npm could not fetch {package.name} {package.version}"
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise OSError(f"{what} within {PATIENCE} seconds; is its registry within reach?") from None
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        raise OSError(f"{what}: {_reason(done)}")
    digest = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
    if digest != package.sha512:
        raise OSError(f"{what}: its registry has another file under that name and version, which is not run.")
    return archives[0]


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """What npm says in the first line of its error."""
    try:
        error = json.loads(done.stdout)["error"]
        return str(error["summary"] or error["code"]).splitlines()[0]
    except (ValueError, KeyError, TypeError, IndexError):
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return lines[0] if lines else f"it ended with exit code {done.returncode}"


def _unpack(archive: Path, package: Package, folder: Path) -> None:
    """The files that are used, by their names: nothing else of an archive reaches the disk."""
    with tarfile.open(archive) as content:
        for name in package.files:
            source = content.extractfile(f"package/{name}")
            if source is None:
                raise OSError(f"{package.name} {package.version} has no file {name}.")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(source, file)
