"""HL202: no host port is published without need."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.variables import has_variable, written
from homelab_assets.repository.rules.view import Context, ServiceView

META = Meta(
    id="HL202",
    title="No host port is published without need",
    severity="warning",
    rationale=(
        "A published port bypasses Traefik with its certificates and authentication, and Docker opens it past "
        "the firewall."
    ),
    remedy="Route the service through Traefik, bind the port to 127.0.0.1, or write down why it is needed: "
    "`# homelab: ignore[HL202] reason`.",
    bad=Example(service='ports:\n  - "8080:80"'),
    good=Example(service='ports:\n  - "127.0.0.1:8080:80"\n  - "53:53/udp"'),
)

_INGRESS = ("traefik", "caddy", "nginx-proxy", "haproxy", "swag", "nginx-proxy-manager")
_DNS = frozenset({"53", "853"})
_LOOPBACK = ("127.", "::1", "localhost")


def check(context: Context) -> Iterator[Finding]:
    """Find published TCP ports, besides those of the ingress, of DNS and of VPN gateways, whose own ports and those of
    the services behind them lead nowhere else. UDP is taken for VPN and the like."""
    for service in context.services():
        if _is_ingress(service) or _is_vpn(service):
            continue
        for number, port in service.entries("ports"):
            published, address = str(port.get("published") or ""), str(port.get("host_ip") or "")
            if str(port.get("protocol") or "tcp").lower() != "tcp" or address.startswith(_LOOPBACK):
                continue
            if published in _DNS or str(port.get("target")) in _DNS or has_variable(address):
                continue
            also = ", although Traefik routes it" if service.routed else ""
            yield service.found(
                f"publishes port {written(published) or 'a random one'}/tcp{also}", "ports", str(number)
            )


def _is_vpn(service: ServiceView) -> bool:
    devices = (str(device.get("source")) for _, device in service.entries("devices"))
    return "/dev/net/tun" in devices and any("NET_ADMIN" in str(cap) for cap in service.config.get("cap_add") or ())


def _is_ingress(service: ServiceView) -> bool:
    name = service.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return name in _INGRESS or service.name in _INGRESS
