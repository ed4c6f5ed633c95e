"""All probes, in the order of the chain: what stands earlier explains what stands later."""

from msgspec import Struct

from homelab_assets.media.probes import downloads, end_to_end, health, indexers, library, paths, requests, room, vpn
from homelab_assets.media.probes.apps import probes_of
from homelab_assets.media.probes.base import Probe, Sight

__all__ = ["LINKS", "PROBES", "Link", "Probe", "Sight"]


class Link(Struct, frozen=True, kw_only=True):
    """One link of the chain. `beside`: it stands beside the chain and nothing depends on it."""

    id: str
    title: str
    beside: bool = False


LINKS = (
    Link(id="host", title="Host"),
    Link(id="vpn", title="VPN"),
    Link(id="qbittorrent", title="qBittorrent"),
    Link(id="prowlarr", title="Prowlarr"),
    Link(id="indexers", title="Indexers"),
    Link(id="radarr", title="Radarr"),
    Link(id="sonarr", title="Sonarr"),
    Link(id="applications", title="Prowlarr ↔ apps"),
    Link(id="search", title="Search"),
    Link(id="downloads", title="Download clients"),
    Link(id="paths", title="Paths"),
    Link(id="requests", title="Requests"),
    Link(id="plex", title="Plex"),
    Link(id="library", title="Library"),
    Link(id="end_to_end", title="End to end"),
    Link(id="helpers", title="Helpers", beside=True),
)

_EVERYTHING = (
    *vpn.PROBES,
    *(
        probe
        for app in ("qbittorrent", "prowlarr", "radarr", "sonarr", "overseerr", "plex")
        for probe in probes_of(app)
    ),
    *health.PROBES,
    *indexers.PROBES,
    *downloads.PROBES,
    *paths.PROBES,
    *room.PROBES,
    *requests.PROBES,
    *library.PROBES,
    end_to_end.LOOKUP,
)
_HELPERS = tuple(probe for app in ("bazarr", "sabnzbd") for probe in probes_of(app))
_FLOW = end_to_end.flow(tuple(probe.id for probe in _EVERYTHING))
_ORDER = {link.id: position for position, link in enumerate(LINKS)}

PROBES: tuple[Probe, ...] = tuple(sorted((*_EVERYTHING, _FLOW, *_HELPERS), key=lambda probe: _ORDER[probe.link]))
