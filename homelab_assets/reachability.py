"""Whether things answer now: TCP connections side by side, each given a moment, all together bounded."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from homelab_assets.documentation.status import Ping
from homelab_assets.lab.settings import Lab

SECONDS, BUDGET = 1.0, 4.0
_PORTS = {"http": 80, "https": 443, "ssh": 22, "tcp": 2376}
_AT_ONCE = 64


def targets(lab: Lab, catalog: Mapping[str, Any] | None) -> list[tuple[str, str, int]]:
    """Return what to ask: hosts, media applications, and web pages of the catalog, as (name, address, port)."""
    found = [(name, host.docker) for name, host in lab.hosts.items() if host.docker.startswith(("ssh://", "tcp://"))]
    found += [(name, str(app.get("url") or "")) for name, app in (lab.media.get("services") or {}).items()]
    if not lab.demo:
        found += [
            (str(entry.get("service")), str(entry.get("url") or "")) for entry in (catalog or {}).get("services") or ()
        ]
    asked: dict[tuple[str, int], str] = {}
    for name, url in found:
        if place := _place(url):
            asked.setdefault(place, name)
    return [(name, address, port) for (address, port), name in asked.items()]


def _place(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        return (parts.hostname, port) if parts.hostname and port else None
    except ValueError:
        return None


def ping_all(asked: Sequence[tuple[str, str, int]]) -> list[Ping]:
    """Connect to each (name, address, port); results in the same order. Takes at most about `BUDGET` seconds."""
    answers: dict[int, Ping] = {}
    rest = iter(list(enumerate(asked)))
    turn = threading.Lock()

    def work() -> None:
        for number, target in _taken(rest, turn):
            answers[number] = _ping(*target)

    # Looking up a name can't be interrupted: threads that still wait for it are left behind.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(_AT_ONCE, len(asked)))]
    deadline = time.monotonic() + BUDGET
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [
        answers.get(number) or Ping(name=name, address=f"{address}:{port}", milliseconds=None, error="not in time")
        for number, (name, address, port) in enumerate(asked)
    ]


def _taken(rest: Iterator[Any], turn: threading.Lock) -> Iterable[Any]:
    while True:
        with turn:
            item = next(rest, None)
        if item is None:
            return
        yield item


def _ping(name: str, address: str, port: int) -> Ping:
    begin, place = time.monotonic(), f"{address}:{port}"
    try:
        with socket.create_connection((address, port), timeout=SECONDS):
            return Ping(name=name, address=place, milliseconds=round((time.monotonic() - begin) * 1000))
    except TimeoutError:
        error = f"nothing within {SECONDS:g} s"
    except socket.gaierror:
        error = "the name is not known"
    except (OSError, UnicodeError) as failed:
        error = (getattr(failed, "strerror", None) or "no connection").lower()
    return Ping(name=name, address=place, milliseconds=None, error=error)
