"""Which folder Radarr or Sonarr looks into for finished downloads: category, default folder, remote path mapping.

It follows the apps' own rules: a category's save path counts as it is where absolute, below the default one where
relative; a mapping applies when its host is the download client's and its remote path is a parent; the first wins.
"""

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from homelab_assets.media.mounts import is_inside


class ClientFolder(Struct, frozen=True, kw_only=True):
    """Where finished downloads are.

    Attributes:
        remote: as qBittorrent sees it. local: as the importing app sees it, after mapping.
        mapping: the mapping that applied, or None.
        dead: mappings that could never apply, because no download client has their host.
    """

    remote: str
    local: str
    mapping: Mapping[str, Any] | None = None
    dead: Sequence[Mapping[str, Any]] = ()


def same_folder(one: Any, other: Any) -> bool:
    """Say whether two values are the same, or name the same folder: some qBittorrents end a folder with a slash."""
    both = isinstance(one, str) and isinstance(other, str)
    return posixpath.normpath(one) == posixpath.normpath(other) if both else bool(one == other)


def category_folder(category: str, preferences: Mapping[str, Any], categories: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the folder that qBittorrent saves finished downloads of a category to."""
    default = str(preferences.get("save_path") or "/").rstrip("/") or "/"
    # With manual management a category is a mere label, unless category paths are switched on for it too.
    if preferences.get("auto_tmm_enabled") is False and not preferences.get("use_category_paths_in_manual_mode"):
        return posixpath.normpath(default)
    own = categories.get(category) or {}
    save_path = str(own.get("savePath") or own.get("save_path") or "")
    # One without a path of its own is below the default, under its name; "/" in a name makes folders.
    return posixpath.normpath(posixpath.join(default, save_path or (category if category in categories else "")))


def client_folder(
    remote: str, client_host: str, mappings: Sequence[Mapping[str, Any]], hosts: Sequence[str]
) -> ClientFolder:
    """Apply an app's remote path mappings.

    Args:
        client_host: the host of the download client as configured in the app.
        hosts: the hosts of all of the app's download clients, to tell dead mappings.
    """
    known = {host.lower() for host in hosts}
    dead = [one for one in mappings if str(one.get("host")).lower() not in known]
    for mapping in mappings:
        source = str(mapping.get("remotePath") or "")
        if str(mapping.get("host")).lower() == client_host.lower() and is_inside(remote, source):
            rest = posixpath.relpath(remote, posixpath.normpath(source))
            local = posixpath.normpath(posixpath.join(str(mapping.get("localPath")), rest))
            return ClientFolder(remote=remote, local=local, mapping=mapping, dead=dead)
    return ClientFolder(remote=remote, local=remote, dead=dead)
