"""A whole simulated media host: every app with its state, the network between them, containers and real files."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from homelab_assets.media.clients import Clients, Egress, FileIdentity, open_clients
from homelab_assets.media.clients.transport import at_once
from homelab_assets.media.settings import MediaSettings, Service
from homelab_assets.media.simulator.arr import Arr, Radarr, Sonarr
from homelab_assets.media.simulator.containers import documents, on_host
from homelab_assets.media.simulator.gluetun import Gluetun
from homelab_assets.media.simulator.overseerr import Overseerr, server
from homelab_assets.media.simulator.plex import Plex, section
from homelab_assets.media.simulator.prowlarr import Prowlarr, application, synced
from homelab_assets.media.simulator.qbittorrent import QBittorrent
from homelab_assets.media.simulator.servarr import WHEN, field_list
from homelab_assets.media.simulator.server import App, Network

HOME_V4, HOME_V6, TUNNEL_V4 = "198.51.100.23", "2001:db8:50::23", "203.0.113.77"
HOST_MEDIA = "/media"
FILM = "Night of the Living Dead (1968)"
_RADARR = {"5": "5.27.5.10198", "6": "6.0.4.10291"}
_QBITTORRENT = {"4.6": "v4.6.5", "5.0": "v5.0.5", "5.1": "v5.1.4", "5.2": "v5.2.3"}


def made_up(name: str) -> str:
    """Make a key that is no secret: the same in every world."""
    return hashlib.sha256(f"simulated {name}".encode()).hexdigest()[:32]


class World:
    """Everything together. Use it as a context manager; it listens while inside.

    Args:
        faults: names from `simulator.faults.FAULTS`, applied in order once everything runs.
        versions: such as `{"qbittorrent": "5.2", "requests": "seerr", "radarr": "5", "gluetun": "3.42"}`.
        port_base: the apps listen from this port on, in the order of `apps`; 0 takes free ports.
    """

    def __init__(
        self, *, faults: Sequence[str] = (), versions: Mapping[str, str] | None = None, port_base: int = 0
    ) -> None:
        self.faults, self.port_base = tuple(faults), port_base
        versions = versions or {}
        self._folder = tempfile.TemporaryDirectory(prefix="media-simulator-")
        self.media = Path(self._folder.name) / "media"
        self.inspect = documents(HOST_MEDIA)
        self.volumes: list[dict[str, Any]] = []
        self.home: tuple[str, ...] = (HOME_V4, "2001:db8:50::/48")
        self.egress = Egress(v4=TUNNEL_V4, v6=None, source="from inside qBittorrent's container")
        self.overrides: dict[str, Service | None] = {}
        network = self.network = Network()
        self.gluetun = Gluetun(network, made_up("gluetun"), private=versions.get("gluetun", "3.41") != "3.41")
        self.qbittorrent = QBittorrent(
            network,
            made_up("qbittorrent"),
            lambda path: self.see("qbittorrent", path),
            _QBITTORRENT[versions.get("qbittorrent", "5.1")],
        )
        self.prowlarr = Prowlarr(network, made_up("prowlarr"))
        self.radarr: Arr = Radarr(network, made_up("radarr"), lambda path: self.see("radarr", path))
        self.radarr.version = _RADARR[versions.get("radarr", "6")]
        self.sonarr: Arr = Sonarr(network, made_up("sonarr"), lambda path: self.see("sonarr", path))
        self.overseerr = Overseerr(network, made_up("overseerr"), seerr=versions.get("requests") == "seerr")
        self.plex = Plex(network, made_up("plex")[:20], lambda path: self.see("plex", path))
        self.apps: dict[str, App] = {
            "gluetun": self.gluetun,
            "qbittorrent": self.qbittorrent,
            "prowlarr": self.prowlarr,
            "radarr": self.radarr,
            "sonarr": self.sonarr,
            "overseerr": self.overseerr,
            "plex": self.plex,
        }
        self._furnish()

    def see(self, container: str, path: str) -> Path | None:
        """Return where a path of a container is on the host; None where it is in the container itself."""
        return self._real(on_host(self.inspect[container], path))

    def _real(self, host: str | None) -> Path | None:
        """Return where a path of the simulated host really is, below a temporary folder."""
        return None if host is None else Path(self._folder.name, host.lstrip("/"))

    def containers(self) -> list[dict[str, Any]]:
        """Return the inspect documents of the media host."""
        return list(self.inspect.values())

    def settings(self) -> MediaSettings:
        """Return how the apps are reached from outside, with the right credentials unless a fault says otherwise."""
        services = {
            name: Service(url=app.url if app.running else "http://127.0.0.1:9", **self._credential(name))
            for name, app in self.apps.items()
        }
        services |= {name: service for name, service in self.overrides.items() if service is not None}
        wanted = {name: service for name, service in services.items() if self.overrides.get(name, service) is not None}
        return MediaSettings(host="ct-media-01", services=wanted, home_addresses=self.home)

    def _credential(self, name: str) -> dict[str, Any]:
        if name == "qbittorrent":
            return {"username": "admin", "password": made_up("qbittorrent")}
        return {"token": made_up("plex")[:20]} if name == "plex" else {"api_key": made_up(name)}

    @contextmanager
    def clients(
        self, settings: MediaSettings | None = None, memory: MutableMapping[str, str] | None = None
    ) -> Iterator[Clients]:
        """Open clients as for a real lab, which may also look out of qBittorrent's container and at files."""
        with open_clients(
            settings or self.settings(), memory=memory, salt=b"simulated", egress=lambda: self.egress, stat=self._stat
        ) as clients:
            yield clients

    def _stat(self, container: str, path: str) -> FileIdentity | None:
        place = self.see(container, path)
        if place is None or not place.is_file():
            return None
        found = place.stat()
        return FileIdentity(device=found.st_dev, inode=found.st_ino, links=found.st_nlink)

    def __enter__(self) -> "World":
        from homelab_assets.media.simulator.faults import apply

        for number, (name, app) in enumerate(self.apps.items()):
            app.start(self.port_base + number if self.port_base else 0)
            self.network.ports[app.name, app.port] = int(app.url.rpartition(":")[2])
            self.overrides.setdefault(name, Service(url=app.url, **self._credential(name)))
        for fault in self.faults:
            apply(fault, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        at_once([app.stop for app in self.apps.values()])
        self._folder.cleanup()

    def _furnish(self) -> None:
        """Configure everything as it should be."""
        for folder in ("downloads/incomplete", "downloads/complete/movies", "downloads/complete/tv", "movies", "tv"):
            (self.media / folder).mkdir(parents=True)
        self.qbittorrent.categories = {
            "radarr": {"name": "radarr", "savePath": "/media/downloads/complete/movies"},
            "sonarr": {"name": "sonarr", "savePath": "/media/downloads/complete/tv"},
        }
        self.qbittorrent.external["last_external_address_v4"] = TUNNEL_V4
        self.prowlarr.providers["indexer"] = [
            {
                "id": number,
                "name": name,
                "enable": True,
                "implementation": "Cardigann",
                "protocol": "torrent",
                "fields": field_list(definitionFile=name),
            }
            for number, name in ((1, "Internet Archive"), (2, "Public Domain Torrents"))
        ]
        self.prowlarr.providers["applications"] = [
            application(1, "Radarr", 7878, self.radarr.key),
            application(2, "Sonarr", 8989, self.sonarr.key),
        ]
        for number, (app, folder) in enumerate(((self.radarr, "movies"), (self.sonarr, "tv"))):
            self._furnish_arr(app, self.prowlarr.providers["applications"][number], f"/media/{folder}")
        self.plex.sections = [
            section("1", "Films", "movie", "/media/movies"),
            section("2", "Series", "show", "/media/tv"),
        ]
        self._import_a_film()

    def _furnish_arr(self, app: Arr, known: dict[str, Any], root: str) -> None:
        app.roots = [root]
        app.providers["indexer"] = [synced(one, known, self.prowlarr.key) for one in self.prowlarr.providers["indexer"]]
        client = {
            "host": "gluetun",
            "port": 8080,
            "useSsl": False,
            "username": "admin",
            "password": self.qbittorrent.password,
        }
        app.providers["downloadclient"] = [
            {
                "id": 1,
                "name": "qBittorrent",
                "implementation": "QBittorrent",
                "configContract": "QBittorrentSettings",
                "protocol": "torrent",
                "enable": True,
                "priority": 1,
                "tags": [],
                "fields": field_list(**client, **{app.category_field: app.name}),
            }
        ]
        self.overseerr.servers[app.name] = [server(app.name, app.port, app.key, root, 1)]

    def _import_a_film(self) -> None:
        """Leave the traces of an earlier import: two names of one file, and its history."""
        source = self.media / "downloads/complete/movies" / f"{FILM}.mkv"
        target = self.media / "movies" / FILM / f"{FILM}.mkv"
        source.write_bytes(b"a film")
        target.parent.mkdir()
        target.hardlink_to(source)
        data = {
            "droppedPath": f"/media/downloads/complete/movies/{FILM}.mkv",
            "importedPath": f"/media/movies/{FILM}/{FILM}.mkv",
        }
        series = {
            "droppedPath": "/media/downloads/complete/tv/Pioneer One.mkv",
            "importedPath": "/media/tv/Pioneer One/Pioneer One.mkv",
        }
        for app, found in ((self.radarr, data), (self.sonarr, series)):
            app.history.append(
                {
                    "id": next(app.numbers),
                    "eventType": "downloadFolderImported",
                    "date": WHEN,
                    "sourceTitle": FILM,
                    "downloadId": "A",
                    "data": found,
                }
            )
        (self.media / "downloads/complete/tv/Pioneer One.mkv").write_bytes(b"a series")
        (self.media / "tv/Pioneer One").mkdir()
        (self.media / "tv/Pioneer One/Pioneer One.mkv").hardlink_to(
            self.media / "downloads/complete/tv/Pioneer One.mkv"
        )
