"""Recommended settings, each with its reason. What differs is advice, not a failure: media flows all the same."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.servarr import Provider
from homelab_assets.media.probes.base import Sight, title_of
from homelab_assets.media.probes.downloads import torrent_client
from homelab_assets.media.probes.paths import CATEGORY_FIELD

OK = None


class Rule(Struct, frozen=True, kw_only=True):
    """A recommendation. `seen` returns what stands there instead, None where all is well or nothing is known."""

    id: str
    app: str
    setting: str
    wanted: str
    rationale: str
    seen: Callable[[Sight], str | None]


class Advice(Struct, frozen=True, kw_only=True):
    """A setting that differs from a recommendation."""

    id: str
    app: str
    setting: str
    seen: str
    wanted: str
    rationale: str


def advise(sight: Sight) -> list[Advice]:
    """Compare settings with the rules. Apps that did not answer bring no advice."""
    found = []
    for rule in RULES:
        if (seen := rule.seen(sight)) is not None:
            found.append(
                Advice(
                    id=rule.id,
                    app=rule.app,
                    setting=rule.setting,
                    seen=seen,
                    wanted=rule.wanted,
                    rationale=rule.rationale,
                )
            )
    return found


def _torrent(setting: str, wrong: Callable[[Mapping[str, Any]], bool]) -> Callable[[Sight], str | None]:
    def seen(sight: Sight) -> str | None:
        client = sight.clients.qbittorrent
        # A second refused login is never provoked: the client remembers the first one.
        found = client.preferences() if client else None
        if found is None or isinstance(found, Trouble) or not wrong(found):
            return OK
        return str(found.get(setting) if found.get(setting) not in ("", None) else "not set")

    return seen


def _servarr(app: str, resource: str, setting: str, wanted: Any) -> Callable[[Sight], str | None]:
    def seen(sight: Sight) -> str | None:
        client = getattr(sight.clients, app)
        if client is None or isinstance(client.status(), Trouble):
            return OK
        found = client.item(resource)
        if isinstance(found, Trouble) or found.get(setting) in (None, wanted):
            return OK
        return str(found[setting]).lower() if isinstance(found[setting], bool) else str(found[setting])

    return seen


def _plex(setting: str, wrong: tuple[Any, ...]) -> Callable[[Sight], str | None]:
    def seen(sight: Sight) -> str | None:
        client = sight.clients.plex
        found = client.preferences() if client and not isinstance(client.alive(), Trouble) else None
        if found is None or isinstance(found, Trouble) or found.get(setting) not in wrong:
            return OK
        return str(found[setting]).lower()

    return seen


def _owners(sight: Sight) -> str | None:
    """The apps that write and move files should be one user."""
    seen = {}
    for app in ("qbittorrent", "radarr", "sonarr", "sabnzbd"):
        container = sight.container(app)
        if container and "PUID" in container.environment:
            seen[app] = f"{container.environment['PUID']}:{container.environment.get('PGID', '?')}"
    return ", ".join(f"{title_of(app)} {owner}" for app, owner in seen.items()) if len(set(seen.values())) > 1 else OK


def _categories(sight: Sight) -> str | None:
    """Radarr and Sonarr should each have a category of their own in qBittorrent."""
    seen = {}
    for app, field in CATEGORY_FIELD.items() if sight.clients.qbittorrent else ():
        client = getattr(sight.clients, app)
        found = None if client is None or isinstance(client.status(), Trouble) else torrent_client(client, sight)
        if isinstance(found, Provider):
            seen[app] = str(found.fields.get(field) or "none")
    if "none" not in seen.values() and len(set(seen.values())) == len(seen):
        return OK
    return ", ".join(f"{title_of(app)} {category}" for app, category in seen.items())


def _pinned(app: str) -> Callable[[Sight], str | None]:
    def seen(sight: Sight) -> str | None:
        container = sight.container(app)
        return (
            OK
            if container is None or f"{app.upper()}__AUTH__APIKEY" in container.environment
            else "the app made it up itself"
        )

    return seen


def _full_sync(sight: Sight) -> str | None:
    client = sight.clients.prowlarr
    if client is None or isinstance(client.status(), Trouble):
        return OK
    found = client.providers("applications")
    if isinstance(found, Trouble):
        return OK
    levels = {"addOnly": "add and remove only", "disabled": "disabled"}
    partial = [f"{one.name}: {levels[level]}" for one in found if (level := one.raw.get("syncLevel")) in levels]
    return ", ".join(partial) if partial else OK


RULES = (
    Rule(
        id="MP01",
        app="qbittorrent",
        setting="Advanced > Network interface",
        wanted="tun0",
        rationale="Bound to the tunnel, qBittorrent stays silent without it, whatever the firewall does.",
        seen=_torrent("current_network_interface", lambda found: not found.get("current_network_interface")),
    ),
    Rule(
        id="MP02",
        app="qbittorrent",
        setting="Connection > UPnP",
        wanted="false",
        rationale="Behind a VPN it can open no useful port; outside of one it would open a port of the home's router.",
        seen=_torrent("upnp", lambda found: found.get("upnp") is True),
    ),
    Rule(
        id="MP03",
        app="qbittorrent",
        setting="Downloads > Default torrent management mode",
        wanted="true",
        rationale="With automatic management a category's downloads are in its folder; by hand, anywhere.",
        seen=_torrent("auto_tmm_enabled", lambda found: found.get("auto_tmm_enabled") is False),
    ),
    *(
        Rule(
            id=f"MP0{number}",
            app=app,
            setting="Media Management > Use Hardlinks instead of Copy",
            wanted="true",
            rationale="A hard link costs no space and no time while the torrent goes on seeding.",
            seen=_servarr(app, "config/mediamanagement", "copyUsingHardlinks", True),
        )
        for number, app in ((4, "radarr"), (5, "sonarr"))
    ),
    *(
        Rule(
            id=f"MP0{number}",
            app=app,
            setting=f"environment {app.upper()}__AUTH__APIKEY",
            wanted="pinned in compose",
            rationale="A pinned key survives a rebuild; one that the app made up goes stale everywhere at once.",
            seen=_pinned(app),
        )
        for number, app in ((6, "radarr"), (7, "sonarr"), (8, "prowlarr"))
    ),
    Rule(
        id="MP09",
        app="prowlarr",
        setting="Apps > Sync Level",
        wanted="Full Sync",
        rationale="Only a full sync corrects indexers that were changed in Radarr or Sonarr.",
        seen=_full_sync,
    ),
    Rule(
        id="MP10",
        app="plex",
        setting="Library > Run a partial scan when changes are detected",
        wanted="true",
        rationale="Only the changed folder is read, not the whole library, each time that a file arrives.",
        seen=_plex("FSEventLibraryPartialScanEnabled", (False, "0", "false")),
    ),
    Rule(
        id="MP11",
        app="all",
        setting="PUID and PGID",
        wanted="the same everywhere",
        rationale="Files that one app writes must be movable and linkable by the next one.",
        seen=_owners,
    ),
    Rule(
        id="MP12",
        app="qbittorrent",
        setting="Download Clients > Category, in Radarr and Sonarr",
        wanted="one of its own for each",
        rationale="An app takes every download of its category for its own, and all of them where it has none.",
        seen=_categories,
    ),
)
