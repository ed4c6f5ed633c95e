"""HL502: routed services say everything that a route needs."""

import re
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context, ServiceView

_BASE = """\
networks:
  - proxy
labels:
  traefik.enable: "true"
  traefik.docker.network: proxy
  traefik.http.routers.web.rule: Host(`web.home.arpa`)
"""
_NETWORK = "networks:\n  proxy:\n    external: true\n"

META = Meta(
    id="HL502",
    title="Routed services say everything that a route needs",
    severity="warning",
    rationale=(
        "What the labels leave out Traefik guesses: every entry point, the first exposed port, the container's name."
    ),
    remedy="Set `traefik.enable=true`, and `rule`, `entrypoints` and `loadbalancer.server.port` of router and service.",
    bad=Example(service=_BASE + '  traefik.http.services.web.loadbalancer.server.port: "80"\n', compose=_NETWORK),
    good=Example(
        service=_BASE
        + "  traefik.http.routers.web.entrypoints: websecure\n"
        + '  traefik.http.services.web.loadbalancer.server.port: "80"\n',
        compose=_NETWORK,
    ),
)

_ROUTER = re.compile(r"traefik\.(?P<protocol>http|tcp|udp)\.routers\.(?P<name>[^.]+)\.(?P<option>.+)", re.IGNORECASE)
_PORT = re.compile(r"traefik\.(?:http|tcp|udp)\.services\.[^.]+\.loadbalancer\.server\.(?:port|url)", re.IGNORECASE)
_FOREIGN = re.compile(r"[^@]+@(?!docker$).+", re.IGNORECASE)


def check(context: Context) -> Iterator[Finding]:
    """Find routers without rule or entry points, routed services without a port, and routers that nothing enables."""
    for service in context.services():
        routers = _routers(service)
        if not service.routed:
            if routers and not any(key.lower() == "traefik.enable" for key in service.labels):
                yield service.found("has a router, but no `traefik.enable=true`", "labels")
            continue
        if not routers:
            yield service.found("sets `traefik.enable`, but has no router", "labels", "traefik.enable")
        for (protocol, name), options in routers.items():
            for option in ("rule", "entrypoints"):
                if option not in options and not (protocol == "udp" and option == "rule"):
                    yield service.found(f"router {name} has no {option}", "labels")
        # A service of another provider (api@internal, nas@file) is described there.
        led_away = routers and all(_FOREIGN.fullmatch(options.get("service", "")) for options in routers.values())
        if not led_away and not any(_PORT.fullmatch(key) for key in service.labels):
            yield service.found("has no loadbalancer.server.port", "labels")


def _routers(service: ServiceView) -> dict[tuple[str, str], dict[str, str]]:
    routers: dict[tuple[str, str], dict[str, str]] = {}
    for key, value in service.labels.items():
        if match := _ROUTER.fullmatch(key):
            options = routers.setdefault((match["protocol"].lower(), match["name"]), {})
            options[match["option"].lower()] = value
    return routers
