"""The media host's containers, read from inspect documents. Values only: no engine is asked."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from homelab_assets.labels import PROJECT, SERVICE, labels_of, name_of
from homelab_assets.media.settings import APPS, MediaSettings, Service

_IMAGES = {
    "overseerr": ("overseerr", "jellyseerr", "seerr"),
    "plex": ("plex", "pms-docker"),
    "qbittorrent": ("qbittorrent", "qbittorrent-nox"),
}


class Container(Struct, frozen=True):
    """One container. `raw` is its inspect document; `volumes` are driver options of the host's volumes by name."""

    raw: Mapping[str, Any]
    volumes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """All 64 characters of its id."""
        return str(self.raw.get("Id") or "")

    @property
    def name(self) -> str:
        """Its name, without the leading slash."""
        return name_of(self.raw)

    @property
    def service(self) -> str | None:
        """Name of its compose service, where Compose made it."""
        return labels_of(self.raw).get(SERVICE)

    @property
    def stack(self) -> str | None:
        """Name of its compose project."""
        return labels_of(self.raw).get(PROJECT)

    @property
    def image(self) -> str:
        """The image's name as configured, without registry, tag and digest: `linuxserver/radarr`."""
        text = str((self.raw.get("Config") or {}).get("Image") or "").split("@")[0]
        head, _, last = text.rpartition("/")
        return f"{head}/{last.split(':')[0]}" if head else last.split(":")[0]

    @property
    def state(self) -> Mapping[str, Any]:
        """The `State` of the inspect document."""
        return self.raw.get("State") or {}

    @property
    def running(self) -> bool:
        """Whether its process runs and is not about to be restarted."""
        return bool(self.state.get("Running")) and not self.state.get("Restarting") and not self.state.get("Paused")

    @property
    def started_at(self) -> str:
        """RFC 3339 time of its last start, as the engine writes it (UTC, so it sorts as text up to the seconds)."""
        return str(self.state.get("StartedAt") or "")

    @property
    def health(self) -> str | None:
        """`healthy`, `unhealthy`, `starting`, or None where it has no health check."""
        status = (self.state.get("Health") or {}).get("Status")
        return None if status in (None, "none") else str(status)

    @property
    def host_config(self) -> Mapping[str, Any]:
        """The `HostConfig` of the inspect document."""
        return self.raw.get("HostConfig") or {}

    @property
    def network_mode(self) -> str:
        """Such as `bridge`, `host`, or `container:<id>`."""
        return str(self.host_config.get("NetworkMode") or "")

    @property
    def environment(self) -> Mapping[str, str]:
        """Its variables; secrets are sealed."""
        pairs = (str(one).partition("=") for one in (self.raw.get("Config") or {}).get("Env") or [])
        return {name: value for name, _, value in pairs}

    @property
    def published(self) -> set[int]:
        """The host's ports that lead into it."""
        bindings = (self.raw.get("NetworkSettings") or {}).get("Ports") or {}
        ports = (str(one.get("HostPort")) for hosts in bindings.values() for one in hosts or [])
        return {int(port) for port in ports if port.isdigit()}

    def port_behind(self, published: int | None) -> int | None:
        """Return the port inside that one of the host's ports leads to, or None."""
        bindings = (self.raw.get("NetworkSettings") or {}).get("Ports") or {}
        for port, hosts in bindings.items():
            if any(one.get("HostPort") == str(published) for one in hosts or []):
                return int(port.partition("/")[0])
        return None

    @property
    def mounts(self) -> Sequence[Mapping[str, Any]]:
        """The `Mounts` of the inspect document."""
        return self.raw.get("Mounts") or []

    def __str__(self) -> str:
        return f"{self.name} ({self.id[:12]})"


class MediaContainers(Struct, frozen=True):
    """The containers of one host, and which app each of the pipeline's ones is."""

    everything: Sequence[Container]
    by_app: Mapping[str, Container]

    def get(self, app: str) -> Container | None:
        """Return the container of an app."""
        return self.by_app.get(app)

    def by_id(self, identity: str) -> Container | None:
        """Return the container with this id; an abbreviated one will do from 12 characters."""
        if len(identity) < 12:
            return None
        return next((one for one in self.everything if one.id.startswith(identity)), None)


def media_containers(
    documents: Sequence[Mapping[str, Any]], settings: MediaSettings, volumes: Sequence[Mapping[str, Any]] = ()
) -> MediaContainers:
    """Find the apps among a host's containers: by the configured name, else compose service, name, then image.

    Args:
        documents, volumes: inspect documents of the host's containers and volumes.
    """
    options = {str(one.get("Name")): one.get("Options") or {} for one in volumes}
    everything = [Container(document, options) for document in documents]
    found = {}
    for app in APPS:
        if (container := _find(app, everything, settings.service(app))) is not None:
            found[app] = container
    host = MediaContainers(everything, found)
    # Of several Gluetuns, the one that qBittorrent lives in.
    torrent, service = found.get("qbittorrent"), settings.service("gluetun")
    owner = host.by_id(torrent.network_mode.removeprefix("container:")) if torrent else None
    chosen = service is not None and service.container
    if owner is not None and not chosen and owner.image.rpartition("/")[2] == "gluetun":
        found["gluetun"] = owner
    return host


def port_of(url: str) -> int | None:
    """Return the port that a URL names, or None."""
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _find(app: str, everything: Sequence[Container], service: Service | None) -> Container | None:
    if service and service.container:
        return next((one for one in everything if one.name == service.container), None)
    port = port_of(service.url) if service else None
    words = _IMAGES.get(app, (app,))
    for fits in (
        lambda one: one.service in words,
        lambda one: one.name in words,
        lambda one: one.image.rsplit("/", 1)[-1] in words,
    ):
        candidates = [one for one in everything if fits(one)]
        if candidates:
            # Of several (one for 4K, say), the one behind the address that is asked.
            published = [one for one in candidates if port in one.published]
            return next((one for one in published or candidates if one.running), candidates[0])
    return None
