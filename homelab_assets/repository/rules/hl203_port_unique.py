"""HL203: host ports are unique on a host."""

from collections.abc import Iterator

from homelab_assets.model import Json
from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context, ServiceView

_OTHER = """\
services:
  dns:
    image: nginx:1.27.3
    restart: unless-stopped
    environment: {TZ: Europe/Brussels}
    healthcheck: {test: [CMD, nginx, -t]}
    ports: ["53:53/udp"]
"""

META = Meta(
    id="HL203",
    title="Host ports are unique on a host",
    severity="error",
    rationale="The engine gives a port to one container; the second service that wants it can't start.",
    remedy="Publish one of them on another port or address.",
    bad=Example(
        service='ports:\n  - "53:53/udp"',
        files={
            "stack-targets.yml": "app: host-a\nother: host-a\n",
            "stacks/other/docker-compose.yml": _OTHER,
            "stacks/other/.env.sample": "",
        },
    ),
    good=Example(
        service='ports:\n  - "53:53/udp"',
        files={
            "stack-targets.yml": "app: host-a\nother: host-b\n",
            "stacks/other/docker-compose.yml": _OTHER,
            "stacks/other/.env.sample": "",
        },
    ),
)

_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound


def check(context: Context) -> Iterator[Finding]:
    """Find ports that an earlier service on the same endpoint publishes already; ports from `.env` are not judged."""
    taken: dict[tuple[str, str, int], list[tuple[str, ServiceView]]] = {}
    for service in context.services():
        for number, port in service.entries("ports"):
            address, protocol = str(port.get("host_ip") or ""), str(port.get("protocol") or "tcp").lower()
            for endpoint in service.endpoints or (f"?{service.stack}",):
                for published in _numbers(port):
                    others = taken.setdefault((endpoint, protocol, published), [])
                    clash = next((o for there, o in others if _meet(address, there) and service.runs_beside(o)), None)
                    if clash:
                        where = "" if endpoint.startswith("?") else f" on {endpoint}"
                        yield service.found(
                            f"port {published}/{protocol} is also published by {clash.stack}/{clash.name}{where}",
                            "ports",
                            str(number),
                        )
                        break
                    others.append((address, service))


def _meet(one: str, other: str) -> bool:
    # Without an address it is every one of both kinds; `0.0.0.0` and `::` are every one of their own.
    if one == other or not (one and other):
        return True
    return (one in _ANY or other in _ANY) and (":" in one) == (":" in other)


def _numbers(port: Json) -> tuple[int, ...]:
    """Return the published port of an entry. A range means any free one out of it, and never clashes for sure."""
    published = str(port.get("published") or "")
    return (int(published),) if published.isdigit() else ()
