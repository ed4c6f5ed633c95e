"""Diagrams of who talks through what: Traefik's routes, networks, and shared network namespaces."""

from collections.abc import Sequence

from homelab_assets.documentation.access import Access
from homelab_assets.documentation.estate import Estate, Key, Service
from homelab_assets.documentation.mermaid import Chart
from homelab_assets.documentation.topology import condition_of, split, style_of


def routing_charts(estate: Estate, host: str, access: Access) -> list[tuple[Sequence[Service], Chart]]:
    """Draw what Traefik routes on a host: host names that are known, and services. Empty without a Traefik there."""
    proxy = next((proxy for proxy in access.proxies if proxy.service.host == host), None)
    routed = [s for s in estate.on(host) if any(router.rule for router in access.routers(s))] if proxy else []
    if proxy is None or not routed:
        return []
    ports = ", ".join(f"{port.host}/{port.protocol}" for port in proxy.service.ports)

    def draw(services: Sequence[Service]) -> Chart:
        chart = Chart(direction="LR")
        chart.node("people", "people", shape="cloud")
        chart.node("proxy", proxy.service.name, f"ports {ports}" if ports else "", shape="hexagon", style="proxy")
        chart.edge("people", "proxy")
        for service in services:
            names = access.names(service)
            if service.key == proxy.service.key:
                chart.node(service.key, "its own dashboard", shape="round")
            else:
                chart.node(service.key, service.name, service.stack or "", shape="round", style=style_of(service))
            more = f" and {len(names) - 2} more" if len(names) > 2 else ""
            chart.edge("proxy", service.key, ", ".join(names[:2]) + more)
        return chart

    return split(routed, draw)


def network_charts(estate: Estate, host: str) -> list[tuple[Sequence[str], Chart]]:
    """Draw the networks that several services of a host share, and who is attached. Returns (networks, chart)."""
    members = network_members(estate, host)

    def draw(names: Sequence[str]) -> Chart:
        chart = Chart(direction="LR")
        for name in names:
            chart.node(("network", name), name, *_facts(estate, host, name), shape="stadium", style="data")
            for service in members[name]:
                chart.node(service.key, service.name, shape="round", style=style_of(service))
                chart.edge(service.key, ("network", name), plain=True)
        return chart

    shared = [name for name, services in members.items() if len(services) > 1]
    return split(shared, draw) if shared else []


def namespace_charts(estate: Estate, host: str) -> list[tuple[Sequence[Service], Chart]]:
    """Draw who lives in whose network namespace, as clients of a VPN do. Returns (owners, chart)."""
    sharers = {parent.key: services for parent, services in namespaces(estate, host)}

    def draw(parents: Sequence[Service]) -> Chart:
        chart = Chart(direction="LR")
        chart.node("outside", "the internet", shape="cloud")
        for parent in parents:
            chart.open(f"network of {parent.name}")
            for service in sharers[parent.key]:
                chart.node(service.key, service.name, condition_of(service), shape="round", style=style_of(service))
            ports = ", ".join(f"{port.host}/{port.protocol}" for port in parent.ports)
            chart.node(parent.key, parent.name, f"ports {ports}" if ports else "", shape="hexagon", style="vpn")
            chart.close()
            for service in sharers[parent.key]:
                chart.edge(service.key, parent.key, "all traffic")
            chart.edge(parent.key, "outside")
        return chart

    parents = [parent for parent, _ in namespaces(estate, host)]
    return split(parents, draw) if parents else []


def network_members(estate: Estate, host: str) -> dict[str, list[Service]]:
    """Return who is attached to each network of a host; the host's own network under `host`."""
    members: dict[str, list[Service]] = {}
    for service in estate.on(host):
        for network in service.networks:
            members.setdefault(network, []).append(service)
        if service.namespace == "host":
            members.setdefault("host", []).append(service)
    return dict(sorted(members.items()))


def namespaces(estate: Estate, host: str) -> list[tuple[Service, list[Service]]]:
    """Return who lives in the network namespace of whom: the owner of each namespace, and the others in it."""
    found: dict[Key, tuple[Service, list[Service]]] = {}
    for service in estate.on(host):
        if parent := estate.host_of_namespace(service):
            found.setdefault(parent.key, (parent, []))[1].append(service)
    return list(found.values())


def _facts(estate: Estate, host: str, name: str) -> Sequence[str]:
    if name == "host":
        return ("the host's own network",)
    network = next((one for one in estate.networks if (one.host, one.name) == (host, name)), None)
    if network is None:
        return ()
    return (network.driver + (", no way out" if network.internal else ""),)
