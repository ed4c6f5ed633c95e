"""One small client per app, over one transport. `open_clients` makes those that are configured."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct, field

from homelab_assets.media.clients.egress import Egress, FileIdentity
from homelab_assets.media.clients.gluetun import Gluetun
from homelab_assets.media.clients.helpers import Bazarr, SABnzbd
from homelab_assets.media.clients.overseerr import Overseerr
from homelab_assets.media.clients.plex import Plex
from homelab_assets.media.clients.qbittorrent import QBittorrent
from homelab_assets.media.clients.servarr import Servarr
from homelab_assets.media.clients.transport import Transport, Trouble
from homelab_assets.media.settings import APPS, MediaSettings

__all__ = ["Clients", "Egress", "FileIdentity", "Trouble", "open_clients"]


class Clients(Struct, frozen=True, kw_only=True):
    """Clients of the configured apps; None where one is not configured.

    Attributes:
        egress: asks from inside qBittorrent's container which address the internet sees; None where not offered.
        stat: looks at a file, given container and path inside, None where it does not exist; None where not offered.
        beside: what was done otherwise than by these clients, by kind of call.
    """

    overseerr: Overseerr | None = None
    radarr: Servarr | None = None
    sonarr: Servarr | None = None
    prowlarr: Servarr | None = None
    qbittorrent: QBittorrent | None = None
    gluetun: Gluetun | None = None
    plex: Plex | None = None
    bazarr: Bazarr | None = None
    sabnzbd: SABnzbd | None = None
    egress: Callable[[], "Egress | Trouble"] | None = None
    stat: Callable[[str, str], "FileIdentity | None"] | None = None
    beside: Counter[str] = field(default_factory=Counter)

    def all(self) -> Iterator[tuple[str, object]]:
        """Yield (app, client) of those that are configured."""
        for app in APPS:
            if (client := getattr(self, app)) is not None:
                yield app, client

    def effects(self) -> dict[str, int]:
        """Count what was done to the apps so far, by kind of call."""
        total = Counter(self.beside)
        for _, client in self.all():
            total.update(_transport(client).effects)
        return dict(sorted(total.items()))

    def close(self) -> None:
        """Close all connections."""
        for _, client in self.all():
            _transport(client).close()


def _transport(client: object) -> Transport:
    transport: Transport = client.transport  # type: ignore[attr-defined]
    return transport


@contextmanager
def open_clients(
    settings: MediaSettings,
    *,
    memory: MutableMapping[str, str] | None = None,
    salt: bytes = b"",
    egress: Callable[[], "Egress | Trouble"] | None = None,
    stat: Callable[[str, str], "FileIdentity | None"] | None = None,
    beside: Counter[str] | None = None,
    torrent_started: str = "",
) -> Iterator[Clients]:
    """Make clients for one run and close them afterwards.

    Args:
        memory: qBittorrent logins that were refused before, kept by the caller between runs; it is changed in place.
        salt: the installation's key, for the fingerprints in `memory`; without it nothing is remembered.
        egress, stat, beside: see `Clients`. torrent_started: when qBittorrent was, where known; then it forgets bans.
    """

    def made(app: str, make: Callable[..., Any], *arguments: object) -> Any:
        service = settings.service(app)
        return make(*arguments, service) if service else None

    service = settings.service("qbittorrent")
    clients = Clients(
        overseerr=made("overseerr", Overseerr.of),
        radarr=made("radarr", Servarr.of, "radarr"),
        sonarr=made("sonarr", Servarr.of, "sonarr"),
        prowlarr=made("prowlarr", Servarr.of, "prowlarr"),
        qbittorrent=QBittorrent.of(
            service, memory, _fingerprint(salt, service.username, service.password, torrent_started)
        )
        if service
        else None,
        gluetun=made("gluetun", Gluetun.of),
        plex=made("plex", Plex.of),
        bazarr=made("bazarr", Bazarr.of),
        sabnzbd=made("sabnzbd", SABnzbd.of),
        egress=egress,
        stat=stat,
        beside=Counter() if beside is None else beside,
    )
    try:
        yield clients
    finally:
        clients.close()


def _fingerprint(salt: bytes, username: str | None, password: str | None, started: str) -> str:
    if not salt:
        return ""
    return hashlib.blake2b(f"{username}\0{password}\0{started}".encode(), key=salt[:64], digest_size=10).hexdigest()
