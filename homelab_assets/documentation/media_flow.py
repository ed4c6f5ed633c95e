"""The way of a film or a series: request, search, download, import, library. Roles come from the images that run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from homelab_assets.documentation.dependencies import Map
from homelab_assets.documentation.estate import Estate, Service
from homelab_assets.documentation.mermaid import Chart
from homelab_assets.documentation.purposes import application_of
from homelab_assets.documentation.topology import condition_of, style_of

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
    ("indexers", "solvers", "challenges"),
    ("managers", "clients", "sends downloads"),
    ("managers", "subtitles", "titles for subtitles"),
    ("servers", "statistics", "plays"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Something that passes from one service (or folder) to another. `seen`: evidence shows this very link."""

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
    known = {(d.source, d.target) for d in dependencies.dependencies if d.kind in {"service", "application"}}
    flows = [
        Flow(source=one, target=other, what=what, seen=(one.key, other.key) in known or (other.key, one.key) in known)
        for source, target, what in _FLOWS
        for one in roles.get(source, ())
        for other in roles.get(target, ())
    ]
    return [*flows, *_through_folders(roles, dependencies)]


def _through_folders(roles: Mapping[Role, Sequence[Service]], dependencies: Map) -> Iterable[Flow]:
    clients, managers, servers = (
        {s.key: s for s in roles.get(role, ())} for role in ("clients", "managers", "servers")
    )  # type: ignore[attr-defined]
    downloads: dict[str, set[str]] = {}
    libraries: dict[str, set[str]] = {}
    for place in dependencies.shared:
        moving = {managers[key].name for key in place.writers if key in managers}
        writing = [clients[key] for key in place.writers if key in clients]
        reading = [servers[key] for key in (*place.writers, *place.readers) if key in servers]
        if moving and writing:
            downloads[place.place] = moving
            yield from (Flow(source=client, target=place.place, what="downloads to", seen=True) for client in writing)
        elif moving and reading and not any(place.place.startswith(f"{outer}/") for outer in libraries):
            # A folder inside one that says the same already would only repeat it.
            libraries[place.place] = moving
            yield from (Flow(source=place.place, target=server, what="plays from", seen=True) for server in reading)
    for source, importers in downloads.items():
        for target, filers in libraries.items():
            if both := sorted(importers & filers):
                yield Flow(source=source, target=target, what=f"{', '.join(both)} import into", seen=True)


def media_chart(flows: Sequence[Flow], gateways: Mapping[tuple[str, str, str], str]) -> Chart:
    """Draw the flow. `gateways`: name of the VPN container by key of the service that lives in its network."""
    chart = Chart(direction="LR")
    if flows:
        chart.node("people", "people", shape="cloud")
    for flow in flows:
        for end in (flow.source, flow.target):
            if isinstance(end, str):
                chart.node(("folder", end), end, shape="cylinder", style="data")
            else:
                through = f"through {gateways[end.key]}" if end.key in gateways else ""
                style = style_of(end) or ("vpn" if through else None)
                chart.node(end.key, end.name, through, condition_of(end), shape="round", style=style)
    asked = {flow.source.key for flow in flows if isinstance(flow.source, Service) and flow.what == "requests"}
    for key in sorted(asked):
        chart.edge("people", key, "ask")
    for flow in flows:
        chart.edge(_key(flow.source), _key(flow.target), flow.what, dashed=not flow.seen)
    for key in sorted(
        {flow.target.key for flow in flows if isinstance(flow.target, Service) and flow.what == "plays from"}
    ):
        chart.node("screen", "screen", shape="cloud")
        chart.edge(key, "screen", "shows")
    return chart


def _key(end: Service | str) -> object:
    return ("folder", end) if isinstance(end, str) else end.key
