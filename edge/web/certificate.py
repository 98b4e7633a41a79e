"""A certificate that this machine signs itself, so that a phone's browser gives its sensors to the page."""

from __future__ import annotations

import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

DAYS = 30


def self_signed(folder: Path, host: str) -> tuple[Path, Path]:
    """Make a certificate and its key, valid for `DAYS` days, with openssl.

    Args:
        folder: for both files; nobody but this user should be able to read it.
        host: name or address by which browsers find the server.

    Returns:
        The paths of the certificate and of the key.

    Raises:
        OSError: openssl is not there, or refuses.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise OSError("--https makes a certificate with openssl, which is not installed.")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    name = f"{'IP' if _is_address(host) else 'DNS'}:{host}"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", str(DAYS), "-subj", "/CN=python -m edge serve", "-addext", f"subjectAltName={name}"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise OSError(f"openssl could not make a certificate: {lines[-1]}")
    return certificate, key


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
