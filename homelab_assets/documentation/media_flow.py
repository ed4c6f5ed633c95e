"""The way of a film or a series: request, search, download, import, library. Roles come from the images that run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from homelab_assets.documentation.dependencies import Map
from homelab_assets.documentation.estate import Estate, Key, Service
from homelab_assets.documentation.mermaid import Chart
from homelab_assets.documentation.purposes import application_of
from homelab_assets.documentation.topology import MOST_NODES, condition_of, style_of

Role = Literal["requests", "managers", "indexers", "clients", "servers", "statistics", "subtitles", "solvers"]
_ROLES: Mapping[Role, frozenset[str]] = {
    "requests": frozenset({"overseerr", "jellyseerr", "seerr", "ombi"}),
    "managers": frozenset({"radarr", "sonarr", "lidarr", "readarr", "whisparr"}),
    "indexers": frozenset({"prowlarr", "jackett", "nzbhydra2"}),
    "solvers": frozenset({"flaresolverr"}),
    "clients": frozenset({"qbittorrent", "transmission", "deluge", "rutorrent", "sabnzbd", "nzbget"}),
    "servers": frozenset({"plex", "jellyfin", "emby"}),
    "subtitles": frozenset({"bazarr"}),
    "statistics": frozenset({"tautulli"}),
}
# From role to role: what flows. It is how these applications work; whether these two do is what evidence says.
_FLOWS: Sequence[tuple[Role, Role, str]] = (
    ("requests", "managers", "requests"),
    ("managers", "indexers", "searches"),
    ("indexers", "solvers", "browser challenges"),
    ("managers", "clients", "downloads"),
    ("managers", "subtitles", "titles"),
    ("servers", "statistics", "what is played"),
)
_WATCHED = "films and series"
# Of more applications of a kind next door, which one is meant can't be guessed.
_MOST_NEAR = 4


class Flow(Struct, frozen=True, kw_only=True):
    """Something that passes from one service (or folder of `host`) to another. `seen`: evidence shows the link."""

    host: str
    source: Service | str
    target: Service | str
    what: str
    seen: bool


def media_services(estate: Estate) -> dict[Role, list[Service]]:
    """Return the services of the media pipeline by role; roles that nothing fills are left out."""
    roles: dict[Role, list[Service]] = {}
    for service in estate.services:
        application = application_of(service.image)
        for role, names in _ROLES.items():
            if application and application.name in names:
                roles.setdefault(role, []).append(service)
    return roles


def media_flows(estate: Estate, dependencies: Map) -> list[Flow]:
    """Return what flows between the media services: by their roles, and through the folders that they share."""
    roles = media_services(estate)
    linked: dict[Key, set[Key]] = {}
    for known in dependencies.dependencies:
        if known.kind in {"service", "application"}:
            linked.setdefault(known.source, set()).add(known.target)
            linked.setdefault(known.target, set()).add(known.source)
    flows = []
    for source, target, what in _FLOWS:
        others = _by_key(roles.get(target, ()))
        by_host: dict[str, set[Key]] = {}
        for key in others:
            by_host.setdefault(key[0], set()).add(key)
        alone = set(others if len(others) == 1 else ())
        for one in roles.get(source, ()):
            seen = linked.get(one.key, set()) & others.keys()
            for key in sorted(seen | _meant(one, by_host.get(one.host, alone))):
                flows.append(Flow(host=one.host, source=one, target=others[key], what=what, seen=key in seen))
    return [*flows, *_through_folders(roles, dependencies)]


def _meant(one: Service, near: set[Key]) -> set[Key]:
    """Return those that are meant where nothing is evidence: those of its own stack, else the few next door."""
    own = {key for key in near if key[1] == (one.stack or "")} or near
    return own if len(own) <= _MOST_NEAR else set()


def _through_folders(roles: Mapping[Role, Sequence[Service]], dependencies: Map) -> Iterable[Flow]:
    """Yield what passes through folders: files into downloads, imports into libraries, from there to the server."""
    clients, managers, servers = (_by_key(roles.get(role, ())) for role in ("clients", "managers", "servers"))
    downloads: dict[tuple[str, str], set[str]] = {}
    libraries: dict[tuple[str, str], set[str]] = {}
    for place in dependencies.shared:
        host, folder = place.host, place.place
        moving = {managers[key].name for key in place.writers if key in managers}
        writing = [clients[key] for key in place.writers if key in clients]
        reading = [servers[key] for key in (*place.writers, *place.readers) if key in servers]
        if moving and writing:
            downloads[host, folder] = moving
            yield from (Flow(host=host, source=one, target=folder, what="files", seen=True) for one in writing)
        elif moving and reading and not any(at == host and folder.startswith(f"{outer}/") for at, outer in libraries):
            # A folder inside one that says the same already would only repeat it.
            libraries[host, folder] = moving
            yield from (Flow(host=host, source=folder, target=one, what=_WATCHED, seen=True) for one in reading)
    for (host, source), importers in downloads.items():
        for (where, target), filers in libraries.items():
            if where == host and (both := sorted(importers & filers)):
                yield Flow(host=host, source=source, target=target, what=f"import by {', '.join(both)}", seen=True)


def _by_key(services: Iterable[Service]) -> dict[Key, Service]:
    return {service.key: service for service in services}


def media_charts(flows: Sequence[Flow], gateways: Mapping[Key, str]) -> list[tuple[Sequence[Flow], Chart]]:
    """Draw the flow, by host where one chart would be too large. Returns (flows, chart).

    Args:
        gateways: name of the VPN container by key of the service that lives in its network.
    """
    whole = _chart(flows, gateways)
    if whole.fits and whole.nodes <= MOST_NODES:
        return [(flows, whole)]
    by_host: dict[str, list[Flow]] = {}
    for flow in flows:
        by_host.setdefault(flow.host, []).append(flow)
    charts = [(some, _chart(some, gateways)) for some in by_host.values()]
    return [(some, chart) for some, chart in charts if chart.fits]


def _chart(flows: Sequence[Flow], gateways: Mapping[Key, str]) -> Chart:
    chart = Chart(direction="TB")
    if flows:
        chart.node("people", "people", shape="cloud")
    for flow in flows:
        for end in (flow.source, flow.target):
            if isinstance(end, str):
                chart.node(_key(flow, end), end, shape="cylinder", style="data")
            else:
                through = f"through {gateways[end.key]}" if end.key in gateways else ""
                style = style_of(end) or ("vpn" if through else None)
                chart.node(end.key, end.name, through, condition_of(end), shape="round", style=style)
    asked = {flow.source.key for flow in flows if isinstance(flow.source, Service) and flow.what == "requests"}
    for key in sorted(asked):
        chart.edge("people", key, "ask")
    told: set[tuple[object, str]] = set()
    for flow in flows:
        # Said once where several arrows of one kind meet.
        said = "" if (_key(flow, flow.target), flow.what) in told else flow.what
        told.add((_key(flow, flow.target), flow.what))
        chart.edge(_key(flow, flow.source), _key(flow, flow.target), said, dashed=not flow.seen)
    for key in sorted(
        {flow.target.key for flow in flows if isinstance(flow.target, Service) and flow.what == _WATCHED}
    ):
        chart.node("screen", "screen", shape="cloud")
        chart.edge(key, "screen", "shows")
    return chart


def _key(flow: Flow, end: Service | str) -> object:
    return (flow.host, "folder", end, "") if isinstance(end, str) else end.key
