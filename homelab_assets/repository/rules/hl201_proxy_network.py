"""HL201: routed services are on the external network `proxy`."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import PROXY_NETWORK, Context

_LABELS = """\
labels:
  traefik.enable: "true"
  traefik.docker.network: proxy
  traefik.http.routers.web.rule: Host(`web.home.arpa`)
  traefik.http.routers.web.entrypoints: websecure
  traefik.http.services.web.loadbalancer.server.port: "80"
"""

META = Meta(
    id="HL201",
    title=f"Routed services are on the external network `{PROXY_NETWORK}`",
    severity="error",
    rationale=(
        "Traefik reaches only containers on a network that it shares; otherwise the route answers with a "
        "gateway timeout."
    ),
    remedy=f"Add `networks: [{PROXY_NETWORK}]` to the service, and declare the network as `external: true`.",
    bad=Example(service=_LABELS),
    good=Example(service=_LABELS + "networks:\n  - proxy\n", compose="networks:\n  proxy:\n    external: true\n"),
)


def check(context: Context) -> Iterator[Finding]:
    """Find routed services that are not on the network, or on one of that name that the stack makes for itself."""
    for service in context.services():
        if not service.routed or service.config.get("network_mode"):
            continue
        if PROXY_NETWORK not in _names(service.config.get("networks")):
            yield service.found(f"is routed by Traefik, but not on the network {PROXY_NETWORK}", "networks")
        elif not (service.networks.get(PROXY_NETWORK) or {}).get("external"):
            yield service.found(f"the network {PROXY_NETWORK} is not declared as external", "networks", PROXY_NETWORK)


def _names(networks: object) -> list[str]:
    return [str(name) for name in networks] if isinstance(networks, dict | list | tuple) else []
