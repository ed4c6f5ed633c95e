"""The `media` section of `lab.yaml` as types."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import force_setattr

from homelab_assets.model import Unprinted

APPS = ("overseerr", "radarr", "sonarr", "prowlarr", "qbittorrent", "gluetun", "plex", "bazarr", "sabnzbd")
"""Every app that can be configured. `seerr` is another name of `overseerr`: same API, same place in the chain."""


FILM, FILM_ID = "Night of the Living Dead", 10331
"""A film in the public domain, which every Radarr knows, and its id at The Movie Database: what searches and the live
run ask for."""


class Service(Unprinted, Struct, frozen=True, kw_only=True):
    """How to reach one app, from where this project runs.

    Attributes:
        url: base URL, with the URL base where the app has one (`http://host:7878/radarr`).
        api_key: of Radarr, Sonarr, Prowlarr, Overseerr, Bazarr, SABnzbd, Gluetun's control server, qBittorrent 5.2.
        token: of Plex. username, password: of qBittorrent, or of Gluetun's control server.
        container: name of its container, where neither service, name nor image tells it.
        ca: file of certificates to trust. verify_tls: whether an HTTPS certificate must be trusted at all.
    """

    url: str
    api_key: str | None = None
    token: str | None = None
    username: str | None = None
    password: str | None = None
    container: str | None = None
    ca: str | None = None
    verify_tls: bool = True

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credentials that are set, for scrubbing them out of messages."""
        return tuple(value for value in (self.api_key, self.token, self.password) if value)


class MediaPaths(Struct, frozen=True, kw_only=True):
    """The folder layout that fixes propose, as the apps see it inside their containers.

    `movies` and `tv` are where qBittorrent puts finished downloads of its categories; `library_movies` and
    `library_tv` are the root folders of Radarr and Sonarr, which Plex reads; `root` is the one folder above them all
    that is mounted whole, because hard links do not cross mounts.
    """

    incomplete: str = "/media/downloads/incomplete"
    movies: str = "/media/downloads/complete/movies"
    tv: str = "/media/downloads/complete/tv"
    library_movies: str = "/media/movies"
    library_tv: str = "/media/tv"

    @property
    def root(self) -> str:
        """The deepest folder that holds all others."""
        import posixpath

        return posixpath.commonpath([self.incomplete, self.movies, self.tv, self.library_movies, self.library_tv])


class MediaSettings(Struct, frozen=True, kw_only=True):
    """The media pipeline of a lab.

    Attributes:
        host: name in `lab.yaml` of the host that the apps' containers run on; None where it is not known.
        services: by app name, `seerr` already filed under `overseerr`.
        home_addresses: what the home looks like from the internet without VPN: addresses, prefixes (`2001:db8::/48`)
            or DNS names. Empty means unknown, and then no leak check passes.
    """

    services: Mapping[str, Service]
    host: str | None = None
    paths: MediaPaths = MediaPaths()
    home_addresses: Sequence[str] = ()

    def __post_init__(self) -> None:
        if "seerr" in self.services:
            services = {"overseerr" if name == "seerr" else name: one for name, one in self.services.items()}
            force_setattr(self, "services", services)

    def service(self, app: str) -> Service | None:
        """Return how to reach an app, or None where it is not configured."""
        return self.services.get(app)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every credential of every app."""
        return tuple(secret for service in self.services.values() for secret in service.secrets)
