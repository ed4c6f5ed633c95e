"""Where a path inside a container really is: the host folder or volume behind it, read from inspect documents.

What inspect cannot show (a file system mounted below a source, a ZFS child, a mergerfs branch) is not guessed: an
answer means "as far as the mounts tell".
"""

import posixpath
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from homelab_assets.media.containers import Container

_NETWORK_TYPES = ("nfs", "nfs4", "cifs", "smb3", "sshfs", "fuse.sshfs", "glusterfs", "ceph", "rclone")


class Place(Struct, frozen=True, kw_only=True):
    """A path of a container, resolved.

    Attributes:
        path: as the container sees it. host: the same place outside: a host path, `volume <name>:/rest`, or
            `nfs <server>:/rest` and its kin.
        mount: where the mount that covers it is mounted in the container.
        writable: whether the container may write there.
        network: type of the network file system that the mount is, or None where none is known.
    """

    path: str
    host: str
    mount: str
    writable: bool
    network: str | None = None

    def same_as(self, other: "Place") -> bool | None:
        """Say whether both are one place; None where one may be the other under another name."""
        return self.host == other.host if self._comparable(other) else None

    def holds(self, other: "Place") -> bool | None:
        """Say whether the other is this place or lies below it; None as in `same_as`."""
        return is_inside(other.host, self.host) if self._comparable(other) else None

    @property
    def is_path(self) -> bool:
        """Whether it is a folder of the host, and no volume or share."""
        return self.host.startswith("/")

    def _comparable(self, other: "Place") -> bool:
        if self.is_path or other.is_path:
            return self.is_path and other.is_path
        # Shares of servers with different names may still be of one server; so may a volume and a share.
        one, two = self.host.partition(":")[0], other.host.partition(":")[0]
        return one == two or (one.startswith("volume ") and two.startswith("volume "))


class Ephemeral(Struct, frozen=True, kw_only=True):
    """No mount covers the path: it lies in the container's own layer and dies with it."""

    path: str


def resolve(container: Container, path: str) -> Place | Ephemeral:
    """Resolve a path by the mount with the longest destination that is the path or a parent of it."""
    path = posixpath.normpath(path)
    covering = [one for one in container.mounts if is_inside(path, str(one.get("Destination")))]
    if not covering:
        return Ephemeral(path=path)
    mount = max(covering, key=lambda one: len(posixpath.normpath(str(one["Destination"]))))
    destination = posixpath.normpath(str(mount["Destination"]))
    rest = posixpath.relpath(path, destination)
    if mount.get("Type") == "tmpfs":
        return Ephemeral(path=path)
    # A local volume with `o: bind` is a host folder under another name.
    options = _driver_options(container, mount, destination)
    device = options.get("device", "") if "bind" in options.get("o", "").split(",") else ""
    network = options.get("type") if options.get("type") in _NETWORK_TYPES else None
    if mount.get("Type") == "volume" and network and options.get("device"):
        base = _share(network, options)
    elif mount.get("Type") == "volume" and not device:
        base = f"volume {mount.get('Name')}:/"
    else:
        base = posixpath.normpath(device or str(mount.get("Source") or "/"))
    host = posixpath.normpath(posixpath.join(base, rest))
    return Place(path=path, host=host, mount=destination, writable=bool(mount.get("RW", True)), network=network)


def _share(kind: str, options: Mapping[str, str]) -> str:
    """Name a network share by server and folder, for two volumes of different names may be the same one."""
    device, pairs = options["device"], (one.partition("=") for one in options.get("o", "").split(","))
    server = next((value for name, _, value in pairs if name == "addr"), "")
    # NFS: `:/folder` and addr=server, or `server:/folder`. CIFS: `//server/folder`.
    host, _, folder = device.removeprefix("//").replace("/", ":/", 1).partition(":/")
    return posixpath.normpath(f"{kind.rstrip('4')} {host.rstrip(':') or server}:/{folder.lstrip('/')}")


def is_inside(path: str, parent: str) -> bool:
    """Say whether a path is the parent itself or lies below it."""
    path, parent = posixpath.normpath(path), posixpath.normpath(parent)
    return path == parent or path.startswith(parent if parent == "/" else parent + "/")


def _driver_options(container: Container, mount: Mapping[str, Any], destination: str) -> Mapping[str, str]:
    name = str(mount.get("Name") or "")
    if name in container.volumes:
        return container.volumes[name]
    for one in container.host_config.get("Mounts") or []:
        if posixpath.normpath(str(one.get("Target"))) == destination:
            driver = (one.get("VolumeOptions") or {}).get("DriverConfig") or {}
            return {str(key): str(value) for key, value in (driver.get("Options") or {}).items()}
    return {}
