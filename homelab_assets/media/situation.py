"""What fixes need to know beyond the verdicts: ids, names and present values of what is to be changed. Reads only."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from homelab_assets.media.clients import Clients, Trouble
from homelab_assets.media.clients.servarr import Provider
from homelab_assets.media.containers import Container, MediaContainers
from homelab_assets.media.settings import MediaSettings

Fingerprint = Callable[[str], str]


class Situation(Struct, frozen=True, kw_only=True):
    """The state of the apps, as values.

    Attributes:
        providers: by `<app>.<kind>`, secrets masked by the app. mappings, roots: by app.
        servers: of Overseerr, by app; keys replaced by their fingerprints.
        preferences, categories: of qBittorrent. plex: Plex's preferences.
        hashes: fingerprints of our own credentials, by `<service>.<credential>`.
    """

    settings: MediaSettings
    containers: MediaContainers | None
    providers: Mapping[str, Sequence[Provider]] = field(default_factory=dict)
    mappings: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    roots: Mapping[str, Sequence[str]] = field(default_factory=dict)
    servers: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    preferences: Mapping[str, Any] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    plex: Mapping[str, Any] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    def container(self, app: str) -> Container | None:
        """Return the container of an app, or None."""
        return self.containers.get(app) if self.containers else None


def fingerprints(salt: bytes) -> Fingerprint:
    """Return a keyed fingerprint function: equal secrets give equal texts, and a text gives no secret away."""
    return lambda secret: hashlib.blake2b(secret.encode(), key=salt[:64], digest_size=4).hexdigest()


def look(clients: Clients, settings: MediaSettings, containers: MediaContainers | None, *, salt: bytes) -> Situation:
    """Read the state of all apps that answer; what does not answer is left out."""
    fingerprint = fingerprints(salt)
    providers, mappings, roots, servers = {}, {}, {}, {}
    for app, kinds in (
        ("radarr", ("indexer", "downloadclient")),
        ("sonarr", ("indexer", "downloadclient")),
        ("prowlarr", ("applications",)),
    ):
        client = getattr(clients, app)
        if not _answers(client) or isinstance(client.status(), Trouble):
            continue
        for kind in kinds:
            providers[f"{app}.{kind}"] = _known(client.providers(kind), ())
        if app != "prowlarr":
            mappings[app] = _known(client.items("remotepathmapping"), ())
            roots[app] = [str(one.get("path")) for one in _known(client.items("rootfolder"), ())]
    for app in ("radarr", "sonarr"):
        found = clients.overseerr.servers(app) if clients.overseerr and _answers(clients.overseerr) else ()
        servers[app] = [{**one, "apiKey": fingerprint(str(one.get("apiKey")))} for one in _known(found, ())]
    torrent = clients.qbittorrent
    return Situation(
        settings=settings,
        containers=containers,
        providers=providers,
        mappings=mappings,
        roots=roots,
        servers=servers,
        preferences=_known(torrent.preferences(), {}) if torrent else {},
        categories=_known(torrent.categories(), {}) if torrent else {},
        plex=_known(clients.plex.preferences(), {}) if clients.plex and _answers(clients.plex) else {},
        hashes={
            f"{name}.{kind}": fingerprint(value)
            for name, service in settings.services.items()
            for kind in ("api_key", "token", "password")
            if (value := getattr(service, kind))
        },
    )


def _answers(client: Any) -> bool:
    """Say whether an app gave a sign of life; what did not in this run is not waited for once more."""
    return client is not None and not isinstance(client.alive(), Trouble)


def _known(answer: Any, otherwise: Any) -> Any:
    return otherwise if isinstance(answer, Trouble) else answer
