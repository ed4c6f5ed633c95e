"""HL503: `traefik.docker.network` names the proxy network."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.variables import has_variable
from homelab_assets.repository.rules.view import PROXY_NETWORK, Context

_BASE = """\
networks:
  - proxy
  - default
labels:
  traefik.enable: "true"
  traefik.http.routers.web.rule: Host(`web.home.arpa`)
  traefik.http.routers.web.entrypoints: websecure
  traefik.http.services.web.loadbalancer.server.port: "80"
"""
_NETWORK = "networks:\n  proxy:\n    external: true\n"

META = Meta(
    id="HL503",
    title="`traefik.docker.network` names the proxy network",
    severity="warning",
    rationale=(
        "A container on several networks has several addresses; Traefik takes one at random, and may not reach it."
    ),
    remedy=f"Set `traefik.docker.network={PROXY_NETWORK}`.",
    bad=Example(service=_BASE, compose=_NETWORK),
    good=Example(service=_BASE + "  traefik.docker.network: proxy\n", compose=_NETWORK),
)


def check(context: Context) -> Iterator[Finding]:
    """Find routed services on several networks without the label, and labels that name another network."""
    for service in context.services():
        networks = service.network_names.values()
        named = {key: value for key, value in service.labels.items() if key.lower() == "traefik.docker.network"}
        if not service.routed:
            continue
        if not named and len(networks) > 1 and PROXY_NETWORK in networks:
            yield service.found("is on several networks, but has no traefik.docker.network", "labels")
        for key, value in named.items():
            if value != PROXY_NETWORK and not has_variable(value):
                yield service.found(f"{key} is {value}, not {PROXY_NETWORK}", "labels", key)
