"""A real ssh server on the loopback: own keys, an unprivileged port, all of it in a temporary folder."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVER = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

# Python there imports this first; what it names cannot be imported, or is older than it is.
SITE = """
import os, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in os.environ.get('BLOCKED', '').split(','):
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Block())
if 'VERSION' in os.environ:
    sys.version_info = (*map(int, os.environ['VERSION'].split('.')), 0, 'final', 0)
"""


class Device:
    """What answers: `pi` is its name for the client.

    Attributes:
        config: of the client; it also knows `stranger` (a host key that is not known), `locked` (a key that
            is refused) and `off` (nothing listens).
        temporary: the only folder for temporary files that a session there knows.
    """

    def __init__(self, folder: Path) -> None:
        self.config, self.temporary, self._folder = folder / "client", folder / "temporary", folder
        self.temporary.mkdir()
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(SITE)

    def python(self, name: str = "python", noise: str = "", **environment: str) -> str:
        """A Python there, with a name of its own and an environment."""
        path = self._folder / name
        words = " ".join(f"{key}='{value}'" for key, value in environment.items())
        path.write_text(
            f'#!/bin/sh\n{noise}\nexec env PYTHONPATH={self._folder / "site"} {words} {sys.executable} "$@"\n'
        )
        path.chmod(0o755)
        return str(path)

    def left_behind(self, seconds: float = 10) -> list[str]:
        """Files and processes that are still there after that time."""
        end = time.monotonic() + seconds
        while (left := self._left()) and time.monotonic() < end:
            time.sleep(0.05)
        return left

    def _left(self) -> list[str]:
        left = [str(path) for path in self.temporary.iterdir()]
        for process in Path("/proc").glob("[0-9]*"):
            try:
                where = os.readlink(process / "cwd")
            except OSError:
                continue
            left += [f"process {process.name} in {where}"] * where.startswith(str(self.temporary))
        return left


@contextmanager
def device(folder: Path) -> Iterator[Device]:
    """The server runs as long as the context."""
    if SERVER is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh server or client here; on Debian: apt-get install openssh-server openssh-client")
    found = Device(folder)
    for key in ("host", "user", "other"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", folder / key], check=True
        )
    with socket.socket() as probe, socket.socket() as silent:
        probe.bind(("127.0.0.1", 0))
        silent.bind(("127.0.0.1", 0))
        port, closed = probe.getsockname()[1], silent.getsockname()[1]
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    (folder / "server").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder / 'host'}\nPidFile none\n"
        f"AuthorizedKeysFile {folder / 'authorized'}\nStrictModes no\nUsePAM no\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"SetEnv TMPDIR={found.temporary}\n"
    )
    common = (
        f"  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  IdentitiesOnly yes\n"
        "  IdentityAgent none\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n"
    )
    trusted = f"  UserKnownHostsFile {folder / 'known'}\n"
    found.config.write_text(
        f"Host pi\n{trusted}  IdentityFile {folder / 'user'}\n{common}"
        f"Host stranger\n  UserKnownHostsFile /dev/null\n  IdentityFile {folder / 'user'}\n{common}"
        f"Host locked\n{trusted}  IdentityFile {folder / 'other'}\n{common}"
        f"Host off\n  HostName 127.0.0.1\n  Port {closed}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # the server insists on it
    log = folder / "log"
    with log.open("w") as output:
        server = subprocess.Popen([SERVER, "-D", "-e", "-f", folder / "server"], stderr=output)
    try:
        _wait(server, port, log)
        yield found
    finally:
        server.terminate()
        server.wait()


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"sshd does not start: {log.read_text()}")
