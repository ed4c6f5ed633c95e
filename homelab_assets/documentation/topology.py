"""Diagrams of what runs where: the hosts, and the services of each."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from homelab_assets.documentation.catalog import version_of
from homelab_assets.documentation.estate import UNJUDGED, Estate, HostFacts, Service
from homelab_assets.documentation.mermaid import Chart, Style
from homelab_assets.rendering.nouns import counted

MOST_NODES = 30
"""Boxes that people still take in at once: about two screens high."""

_AUDIT = ("drift-detector", "audits and compares")
Item = TypeVar("Item")


def split(items: Sequence[Item], draw: Callable[[Sequence[Item]], Chart]) -> list[tuple[Sequence[Item], Chart]]:
    """Draw items, in several charts where one would be too large to read or to render."""
    chart = draw(items)
    if len(items) < 2 or (chart.fits and chart.nodes <= MOST_NODES):
        return [(items, chart)] if chart.fits else []
    middle = len(items) // 2
    return [*split(items[:middle], draw), *split(items[middle:], draw)]


def style_of(service: Service) -> Style | None:
    """Return the colour that a service deserves: red does not run well, amber is not as git says."""
    if service.health == "unhealthy" or service.state in {"stopped", "restarting", "missing", "paused"}:
        return None if service.drift == "clean" and service.state == "stopped" else "bad"
    return "odd" if service.drift not in {"clean", "not audited", *UNJUDGED} else None


def condition_of(service: Service) -> str:
    """Say in a word or two what is not as it should be; "" where all is well."""
    if service.health == "unhealthy":
        return "unhealthy"
    if service.state not in {"running", "unknown"}:
        return service.state
    return service.drift if service.drift not in {"clean", "not audited"} else ""


def hosts_charts(estate: Estate) -> list[tuple[Sequence[HostFacts], Chart]]:
    """Draw the hosts: which repository deploys there, and how the audit reaches each engine."""
    return split(list(estate.hosts), lambda hosts: _hosts(estate, hosts))


def _hosts(estate: Estate, hosts: Sequence[HostFacts]) -> Chart:
    # What is read stands left of who reads it: arrows that cross would lay their words over one another.
    chart = Chart(direction="LR")
    deployed: dict[tuple[str, str], set[str]] = {}
    for service in estate.services:
        if service.declared:
            deployed.setdefault((service.declared.repository, service.host), set()).add(service.declared.stack)
    shown = {host.name for host in hosts}
    for repository in sorted({repository for repository, host in deployed if host in shown}):
        chart.node(("git", repository), repository, "git", shape="cylinder", style="data")
    for host in hosts:
        services = estate.on(host.name)
        odd = sum(style_of(service) is not None for service in services)
        facts = counted(len(services), "service")
        facts += f", {odd} need{'s' if odd == 1 else ''} attention" if odd else ""
        lines = (host.name, host.address if host.address != host.name else "", host.description, facts)
        chart.node(
            host.name,
            *(lines if host.captured else (*lines[:3], "not reachable")),
            style=None if host.captured else "bad",
        )
    runs = (estate.runs_on, "drift-detector audits and compares") if estate.runs_on else _AUDIT
    chart.node("audit", *runs, shape="stadium", style="proxy")
    for (repository, name), stacks in sorted(deployed.items()):
        if name in shown:
            chart.edge(("git", repository), name, counted(len(stacks), "stack"), dashed=True)
    for host in hosts:
        chart.edge(host.name, "audit", host.connection)
    # Once, where there are several charts.
    if list(hosts[:1]) == list(estate.hosts[:1]):
        for repository in idle_repositories(estate):
            chart.node(("git", repository), repository, "git", shape="cylinder", style="data")
            chart.edge(("git", repository), "audit", "no stacks", dashed=True)
    return chart


def idle_repositories(estate: Estate) -> list[str]:
    """Return the repositories that deploy nothing, such as one of Ansible roles."""
    busy = {service.declared.repository for service in estate.services if service.declared}
    return [repository for repository in estate.repositories if repository not in busy]


def services_charts(estate: Estate, host: str) -> list[tuple[Sequence[str], Chart]]:
    """Draw the services of a host as a tree: host, stacks, services. Returns (stacks, chart)."""
    stacks = estate.stacks(host)

    def draw(names: Sequence[str]) -> Chart:
        chart = Chart(direction="LR")
        chart.node(host, host, style="proxy")
        for name in names:
            chart.node(("stack", name), name or "started by hand", shape="stadium", style="data")
            chart.edge(host, ("stack", name))
            for service in stacks[name]:
                line = f"{service.name} {version_of(service)[0]}"
                chart.node(service.key, line, condition_of(service), shape="round", style=style_of(service))
                chart.edge(("stack", name), service.key)
        return chart

    return split(list(stacks), draw)
