"""Inspect documents of the simulated containers, as an engine would give them, and what their mounts mean."""

import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from homelab_assets.media.mounts import is_inside

IMAGES = {
    "gluetun": "qmcgaw/gluetun:v3.41.3",
    "qbittorrent": "lscr.io/linuxserver/qbittorrent:5.1.4",
    "prowlarr": "lscr.io/linuxserver/prowlarr:2.3.5",
    "radarr": "lscr.io/linuxserver/radarr:6.0.4",
    "sonarr": "lscr.io/linuxserver/sonarr:4.0.19",
    "overseerr": "sctx/overseerr:1.34.0",
    "plex": "lscr.io/linuxserver/plex:1.43.0",
}
STACKS = {
    "gluetun": "media-downloads",
    "qbittorrent": "media-downloads",
    "plex": "media-plex",
    "overseerr": "overseerr",
}


# As a capture of another installation has it: equal to nothing, and nobody can open it.
_SEALED = "<secret#0000.00000000000000000000>"


def identity(name: str, generation: int = 1) -> str:
    """Make the id of a container; a recreated one has another generation."""
    return hashlib.sha256(f"{name} {generation}".encode()).hexdigest()


def bind(source: str, destination: str, *, writable: bool = True) -> dict[str, Any]:
    """Make an entry of `Mounts`."""
    return {
        "Type": "bind",
        "Source": source,
        "Destination": destination,
        "Mode": "" if writable else "ro",
        "RW": writable,
        "Propagation": "rprivate",
    }


def document(name: str, mounts: Sequence[Mapping[str, Any]] = (), **environment: str) -> dict[str, Any]:
    """Make an inspect document of a running container on a network of its own."""
    stack = STACKS.get(name, "media-indexers")
    variables = {"TZ": "Europe/Brussels", "PUID": "1000", "PGID": "1000", **environment}
    return {
        "Id": identity(name),
        "Name": f"/{name}",
        "Created": "2026-11-20T06:00:00.000000000Z",
        "State": {
            "Status": "running",
            "Running": True,
            "Paused": False,
            "Restarting": False,
            "Dead": False,
            "ExitCode": 0,
            "StartedAt": "2026-11-20T06:00:01.5Z",
        },
        "RestartCount": 0,
        "HostConfig": {"NetworkMode": f"{stack}_default", "Privileged": False, "CapAdd": None, "Devices": []},
        "Mounts": [dict(one) for one in mounts],
        "Config": {
            "Image": IMAGES[name],
            "Env": [f"{key}={value}" for key, value in variables.items()],
            "Labels": {"com.docker.compose.project": stack, "com.docker.compose.service": name},
        },
        "NetworkSettings": {"Networks": {f"{stack}_default": {"GlobalIPv6Address": ""}}},
    }


def documents(media: str) -> dict[str, dict[str, Any]]:
    """Make the documents of a healthy media host whose media lie in one folder, by name."""
    whole = [bind(media, "/media")]
    found = {name: document(name, whole if name in ("qbittorrent", "radarr", "sonarr") else []) for name in IMAGES}
    found["plex"]["Mounts"] = [bind(media, "/media", writable=False)]
    for name in ("radarr", "sonarr", "prowlarr"):
        found[name]["Config"]["Env"].append(f"{name.upper()}__AUTH__APIKEY={_SEALED}")
    gluetun, torrent = found["gluetun"], found["qbittorrent"]
    gluetun["HostConfig"] |= {"CapAdd": ["NET_ADMIN"], "Devices": [{"PathInContainer": "/dev/net/tun"}]}
    gluetun["State"]["Health"] = {"Status": "healthy", "FailingStreak": 0}
    gluetun["Config"]["Env"] += ["VPN_TYPE=wireguard", "FIREWALL_OUTBOUND_SUBNETS=192.168.50.0/24"]
    torrent["HostConfig"]["NetworkMode"] = f"container:{gluetun['Id']}"
    torrent["NetworkSettings"]["Networks"] = {}
    torrent["State"]["StartedAt"] = "2026-11-20T06:00:09.25Z"
    return found


def on_host(inspect: Mapping[str, Any], path: str) -> str | None:
    """Return where a path of a container is on the host; None where no mount covers it."""
    covering = [one for one in inspect["Mounts"] if is_inside(path, one["Destination"])]
    if not covering:
        return None
    mount = max(covering, key=lambda one: len(one["Destination"]))
    return posixpath.normpath(posixpath.join(mount["Source"], posixpath.relpath(path, mount["Destination"])))
