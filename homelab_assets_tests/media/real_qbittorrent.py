"""A real qBittorrent on loopback: `qbittorrent-nox`, with a profile of its own."""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from homelab_assets.media.settings import Service

PASSWORD = "only-for-this-test"


def require() -> str:
    """Return the program's path; skip with the reason where it is missing, or fail where the lab is required."""
    found = shutil.which("qbittorrent-nox")
    if found is None and os.environ.get("HOMELAB_LAB_REQUIRED") == "1":
        pytest.fail("qbittorrent-nox is not installed")
    return found or pytest.skip("qbittorrent-nox is not installed")


@contextmanager
def qbittorrent(folder: Path, **options: str) -> Iterator[Service]:
    """Run one until the block ends.

    Args:
        options: more entries of `[Preferences]` in its configuration, `WebUI\\` left out.
    """
    program = require()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _configure(folder, port, options)
    process = subprocess.Popen(
        [program, f"--profile={folder}", f"--webui-port={port}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
    )
    try:
        _wait(port)
        yield Service(url=f"http://127.0.0.1:{port}", username="admin", password=PASSWORD)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _configure(folder: Path, port: int, options: dict[str, str]) -> None:
    salt = bytes(16)
    key = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 100_000)
    stored = f"@ByteArray({base64.b64encode(salt).decode()}:{base64.b64encode(key).decode()})"
    lines = [
        "[LegalNotice]",
        "Accepted=true",
        "[BitTorrent]",
        "Session\\DHTEnabled=false",
        "Session\\LSDEnabled=false",
        "Session\\Port=0",
        f"Session\\DefaultSavePath={folder}/downloads",
        "[Preferences]",
        "WebUI\\Address=127.0.0.1",
        f"WebUI\\Port={port}",
        "WebUI\\Username=admin",
        f'WebUI\\Password_PBKDF2="{stored}"',
        "WebUI\\LocalHostAuth=true",
        *(f"WebUI\\{name}={value}" for name, value in options.items()),
    ]
    file = folder / "qBittorrent" / "config" / "qBittorrent.conf"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines) + "\n")


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/app/version", timeout=2).close()
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("qbittorrent-nox did not come up")
