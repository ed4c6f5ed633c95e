"""Which of several instances is meant: does an address that one app holds lead to the app of the lab?"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from homelab_assets.media.containers import Container
from homelab_assets.media.probes.base import Sight


def leads_to(app: str, url: str, sight: Sight) -> bool:
    """Say whether a URL is known to lead to the app: by a name of its container, or as `lab.yaml` has it.

    False may also mean that nothing is known, so with a single candidate nobody should ask.
    """
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        there, port = parts.hostname, parts.port
        own = urlsplit(sight.settings.services[app].url)
        configured = own.hostname, own.port
    except ValueError:
        return False
    return there in set(_names(app, sight)) or (there, port) == configured


def address_of(fields: Mapping[str, Any]) -> str:
    """Return `host:port` of a download client's fields."""
    return f"{fields.get('host')}:{fields.get('port')}"


def _names(app: str, sight: Sight) -> Iterator[str]:
    container = sight.container(app)
    owner = _network_owner(container, sight) if container else None
    for one in (container, owner):
        if one is None:
            continue
        yield from (name for name in (one.name, one.service) if name)
        for network in ((one.raw.get("NetworkSettings") or {}).get("Networks") or {}).values():
            yield from (str(name) for name in network.get("Aliases") or [])
            yield from (str(network[key]) for key in ("IPAddress", "GlobalIPv6Address") if network.get(key))


def _network_owner(container: Container, sight: Sight) -> Container | None:
    """Return the container whose network it shares: that one's names lead to it."""
    kind, _, identity = container.network_mode.partition(":")
    return sight.containers.by_id(identity) if kind == "container" and sight.containers else None
