"""Paths: one folder above downloads and library, mounted whole and under the same name everywhere."""

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from homelab_assets.media.clients.servarr import Provider
from homelab_assets.media.containers import Container
from homelab_assets.media.folders import same_folder
from homelab_assets.media.mounts import Place, is_inside, resolve
from homelab_assets.media.plan import ComposeEdit, Fix, Step
from homelab_assets.media.probes.base import title_of
from homelab_assets.media.probes.paths import CATEGORY_FIELD
from homelab_assets.media.result import Check
from homelab_assets.media.situation import Situation
from homelab_assets.media.verdicts import Fail

_KIND = {"radarr": "movies", "sonarr": "tv"}


def align(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Propose the standard layout: the same mount in all three containers, and folders below it."""
    root = situation.settings.paths.root
    source = _source_of_root(situation, root)
    if source is None or check.probe.id.endswith("_library"):
        return None
    # What works for the other app is left as it is.
    apps = [check.probe.app] if check.probe.app in _KIND else list(_KIND)
    edits = [edit for app in ("qbittorrent", *apps) for edit in _mount_root(app, root, source, situation)]
    steps = [*_folders(apps, situation), *_mappings(apps, situation)]
    if not (edits or steps):
        return None
    why = [
        *fail.evidence,
        f"All of it lies below {source} on the host; mounted whole as {root}, one path means one folder everywhere.",
        "Downloads and library stay on one mount, so imports stay hard links.",
    ]
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title=f"Align download paths below {root}",
        why=why,
        edits=edits,
        steps=steps,
        manual=[
            "Torrents that are there already stay where they are; “Set location” moves those that are to be imported."
        ],
    )


def _source_of_root(situation: Situation, root: str) -> str | None:
    """Return the host folder that is the root, as the importing apps have it mounted."""
    for app in _KIND:
        container = situation.container(app)
        place = resolve(container, root) if container else None
        if isinstance(place, Place) and place.is_path:
            return place.host
    return None


def _mount_root(app: str, root: str, source: str, situation: Situation) -> Sequence[ComposeEdit]:
    container = situation.container(app)
    if container is None:
        return ()
    place = resolve(container, root)
    if isinstance(place, Place) and place.host == source:
        return ()
    return [_volume(container, app, root, f"{source}:{root}")]


def _volume(container: Container, app: str, destination: str, value: str | None) -> ComposeEdit:
    present = any(posixpath.normpath(str(one.get("Destination"))) == destination for one in container.mounts)
    change: Any = "removed" if value is None else "changed" if present else "added"
    return ComposeEdit(
        stack=container.stack,
        service=container.service or app,
        path=f"volumes.{destination}",
        change=change,
        value=value,
    )


def _folders(apps: Sequence[str], situation: Situation) -> Sequence[Step]:
    paths, steps = situation.settings.paths, []
    for app in apps:
        for client in _clients(app, situation):
            category = str(client.fields.get(CATEGORY_FIELD[app]) or "")
            wanted = getattr(paths, _KIND[app])
            before = str((situation.categories.get(category) or {}).get("savePath") or "")
            if category and not same_folder(before, wanted):
                steps.append(
                    Step(
                        app="qbittorrent",
                        action="category",
                        target={"kind": "category", "name": category},
                        field="savePath",
                        value=wanted,
                        before=before,
                    )
                )
    wanted_preferences = {"save_path": posixpath.dirname(paths.movies), "temp_path": paths.incomplete}
    for key, value in wanted_preferences.items():
        present = situation.preferences.get(key)
        # A folder below the common root is as good as the standard one.
        if present is not None and not is_inside(str(present), paths.root):
            steps.append(
                Step(app="qbittorrent", action="preference", target={}, field=key, value=value, before=present)
            )
    return steps


def _clients(app: str, situation: Situation) -> Sequence[Provider]:
    """Return an app's download clients that are the qBittorrent of the lab."""
    found = [one for one in situation.providers.get(f"{app}.downloadclient", ()) if one.implementation == "QBittorrent"]
    # Of several clients, one that is another qBittorrent has categories that this one does not know.
    return [one for one in found if len(found) == 1 or str(one.fields.get(CATEGORY_FIELD[app])) in situation.categories]


def _mappings(apps: Sequence[str], situation: Situation) -> Sequence[Step]:
    """With equal paths everywhere no mapping is wanted; one that remains would spoil them."""
    return [_deletion(app, mapping) for app in apps for mapping in _mappings_of(app, situation)]


def _mappings_of(app: str, situation: Situation) -> Sequence[Mapping[str, Any]]:
    """Return an app's mappings for qBittorrent. Those of other download clients are none of our business."""
    everyone = {str(one.fields.get("host")).lower() for one in situation.providers.get(f"{app}.downloadclient", ())}
    hosts = {str(one.fields.get("host")).lower() for one in _clients(app, situation)}
    # Under qBittorrent's own name a mapping is dead, unless some client is reached by it.
    hosts |= {"qbittorrent"} - everyone
    return [one for one in situation.mappings.get(app, ()) if str(one.get("host")).lower() in hosts]


def _deletion(app: str, mapping: Any) -> Step:
    return Step(
        app=app,
        action="delete_mapping",
        target={"kind": "remotepathmapping", "id": mapping["id"]},
        field="*",
        value=None,
        before=dict(mapping),
    )


def drop_mapping(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Delete the mapping that spoils a path which both containers agree on."""
    app = check.probe.app
    spoiling = [one for one in _mappings_of(app, situation) if is_inside(fail.about, str(one.get("localPath")))]
    if not spoiling:
        return None
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title=f"Delete {title_of(app)}'s remote path mapping",
        why=[*fail.evidence, "Without the mapping both containers mean the same folder."],
        steps=[_deletion(app, one) for one in spoiling],
    )


def one_mount(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Replace separate mounts of siblings by one mount of their parent, where both sides agree on the parent."""
    app = check.probe.app
    container = situation.container(app)
    if container is None or not check.probe.id.endswith("_hardlink"):
        return None
    root = situation.settings.paths.root
    if root == "/":
        return None
    below = [
        one
        for one in container.mounts
        if is_inside(str(one.get("Destination")), root) and str(one.get("Destination")) != root
    ]
    parents = {_parent(str(one.get("Source")), posixpath.relpath(str(one["Destination"]), root)) for one in below}
    if len(parents) != 1 or None in parents:
        return None
    (parent,) = parents
    edits = [_volume(container, app, root, f"{parent}:{root}")]
    edits += [_volume(container, app, str(one["Destination"]), None) for one in below]
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title=f"One mount for {title_of(app)}: {parent}:{root}",
        why=[
            *fail.evidence,
            f"All of them are parts of {parent} on the host, so one mount shows the same paths and allows links.",
        ],
        edits=edits,
        manual=[
            f"If parts of {parent} are file systems of their own, links between them stay impossible: move one of them."
        ],
    )


def _parent(source: str, rest: str) -> str | None:
    return source.removesuffix(f"/{rest}") if source.endswith(f"/{rest}") else None


def writable(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Mount the folder read-write."""
    container = situation.container(check.probe.app)
    place = resolve(container, fail.about) if container else None
    if container is None or not isinstance(place, Place):
        return None
    mount = next(one for one in container.mounts if posixpath.normpath(str(one.get("Destination"))) == place.mount)
    source = mount.get("Name") if mount.get("Type") == "volume" else mount.get("Source")
    edit = replace(_volume(container, check.probe.app, place.mount, f"{source}:{place.mount}"), change="changed")
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title=f"Let {title_of(check.probe.app)} write to {place.mount}",
        why=list(fail.evidence),
        edits=[edit],
    )
