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
    if (there, port) == configured:
        return True
    # Apps that share a network share its names, and then the port tells which one is meant.
    inside = {one.port_behind(own.port) for one in _containers(app, sight)} - {None}
    return there in set(_names(app, sight)) and (port is None or not inside or port in inside)


def address_of(fields: Mapping[str, Any]) -> str:
    """Return `host:port` of a download client's fields."""
    return f"{fields.get('host')}:{fields.get('port')}"


def _containers(app: str, sight: Sight) -> list[Container]:
    """Return an app's container, and the one whose network it shares."""
    container = sight.container(app)
    owner = _network_owner(container, sight) if container else None
    return [one for one in (container, owner) if one is not None]


def _names(app: str, sight: Sight) -> Iterator[str]:
    for one in _containers(app, sight):
        yield from (name for name in (one.name, one.service) if name)
        for network in ((one.raw.get("NetworkSettings") or {}).get("Networks") or {}).values():
            yield from (str(name) for name in network.get("Aliases") or [])
            yield from (str(network[key]) for key in ("IPAddress", "GlobalIPv6Address") if network.get(key))


def _network_owner(container: Container, sight: Sight) -> Container | None:
    """Return the container whose network it shares: that one's names lead to it."""
    kind, _, identity = container.network_mode.partition(":")
    return sight.containers.by_id(identity) if kind == "container" and sight.containers else None
