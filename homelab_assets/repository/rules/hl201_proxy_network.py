"""HL201: routed services are on the external network `proxy`."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.variables import has_variable
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
    """Find routed services that are not on the network, or on one of that name that the stack makes for itself. A
    network whose name comes from `.env` is not judged."""
    for service in context.services():
        if not service.routed or service.config.get("network_mode"):
            continue
        names = service.network_names
        external = {key: name for key, name in names.items() if (service.networks.get(key) or {}).get("external")}
        if any(name == PROXY_NETWORK or has_variable(name) for name in external.values()):
            continue
        key = next((key for key, name in names.items() if PROXY_NETWORK in (key, name)), None)
        if key is None:
            yield service.found(f"is routed by Traefik, but not on the network {PROXY_NETWORK}", "networks")
        elif key in external:
            yield service.found(f"the network {key} is {names[key]} on the host, not {PROXY_NETWORK}", "networks", key)
        else:
            yield service.found(f"the network {key} is not declared as external", "networks", key)
