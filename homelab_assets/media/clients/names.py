"""Look up the names among the home's addresses (dynamic DNS), bounded in time."""

import socket
from collections.abc import Sequence

from homelab_assets.media.clients.transport import within


def resolved(addresses: Sequence[str]) -> Sequence[str]:
    """Return addresses and prefixes as they are, and each DNS name as the addresses that it has now, if any.

    A variable that was left without a value leads to none.
    """
    found: list[str] = []
    for text in addresses:
        if "${" in text:
            continue
        if any(character.isalpha() for character in text) and ":" not in text:
            found += within(2.0, lambda name=text: _look_up(name), [])  # type: ignore[misc]
        else:
            found.append(text)
    return found


def _look_up(name: str) -> list[str]:
    try:
        return sorted({str(info[4][0]) for info in socket.getaddrinfo(name, None)})
    except OSError:
        return []
