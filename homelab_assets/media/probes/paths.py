"""Paths: what qBittorrent finishes is found by Radarr and Sonarr, outside the library, and hard-linked into it."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from homelab_assets.media.clients.servarr import Servarr
from homelab_assets.media.containers import Container
from homelab_assets.media.folders import ClientFolder, category_folder, client_folder
from homelab_assets.media.mounts import Ephemeral, Place, is_inside, resolve
from homelab_assets.media.probes.base import Probe, Sight, Unanswered, answered, listed, title_of, verdict_of
from homelab_assets.media.probes.downloads import torrent_client
from homelab_assets.media.verdicts import Evidence, Fail, Pass, Skipped, Unknown, Verdict

_FOLDER_CAUSES = ("path_not_mounted", "path_ephemeral", "path_read_only", "mapping_wrong", "mapping_dead")
CATEGORY_FIELD = {"radarr": "movieCategory", "sonarr": "tvCategory"}


def saved_to_disk(sight: Sight) -> Verdict:
    """Do qBittorrent's folders lie on mounts?"""
    assert sight.clients.qbittorrent is not None
    preferences, container = answered(sight.clients.qbittorrent.preferences()), sight.container("qbittorrent")
    if container is None:
        return Unknown("qBittorrent's container is not on the captured host")
    folders = [str(preferences.get("save_path") or "/")] if _uses_default(sight, preferences) else []
    if preferences.get("temp_path_enabled"):
        folders.append(str(preferences.get("temp_path") or "/"))
    places = [resolve(container, folder) for folder in folders]
    for place in places:
        if isinstance(place, Ephemeral):
            return Fail("path_ephemeral", [f"qBittorrent: {place.path} is covered by no mount"], about=place.path)
        if not place.writable:
            return Fail("path_read_only", [f"qBittorrent: {place.path} is read-only"], about=place.path)
    return Pass([f"{place.path} is {place.host}" for place in places if isinstance(place, Place)])


def _uses_default(sight: Sight, preferences: Mapping[str, Any]) -> bool:
    """Say whether any app's downloads go below the default folder; categories with folders of their own do not."""
    known = []
    for app in CATEGORY_FIELD:
        if app in sight.settings.services:
            with suppress(Unanswered):
                known += [folder.remote] if (folder := folder_of(app, sight)) else []
    return not known or any(is_inside(one, str(preferences.get("save_path") or "/")) for one in known)


def folder_of(app: str, sight: Sight) -> ClientFolder | None:
    """Return where an app's finished downloads are, for qBittorrent and for the app; None without a download client."""
    client: Servarr = getattr(sight.clients, app)
    torrent = sight.clients.qbittorrent
    assert torrent is not None
    found = answered(torrent_client(client, sight))
    if found is None:
        return None
    preferences, categories = answered(torrent.preferences()), answered(torrent.categories())
    mappings, everyone = answered(client.items("remotepathmapping")), answered(client.providers("downloadclient"))
    remote = category_folder(str(found.fields.get(CATEGORY_FIELD[app]) or ""), preferences, categories)
    hosts = [str(one.fields.get("host")) for one in everyone]
    return client_folder(remote, str(found.fields.get("host")), mappings, hosts)


def finds_downloads(app: str, sight: Sight) -> Verdict:
    """Compare the folder of finished downloads as qBittorrent writes it with the one that the app reads."""
    folder = folder_of(app, sight)
    if folder is None:
        return Unknown(f"{title_of(app)} has no download client of the kind qBittorrent")
    writer, reader = sight.container("qbittorrent"), sight.container(app)
    if writer is None or reader is None:
        return _seen_by_app(app, folder, sight)
    return judge_folder(app, folder, writer, reader)


def means_the_same(sight: Sight) -> Verdict:
    """Where every app fails to find its downloads for the same reason, the reason is qBittorrent's: say it once."""
    apps = [app for app in CATEGORY_FIELD if app in sight.settings.services]
    verdicts = [verdict_of(partial(finds_downloads, app), sight) for app in apps]
    failed = [verdict for verdict in verdicts if isinstance(verdict, Fail) and verdict.cause in _FOLDER_CAUSES]
    if len(failed) > 1 and len(failed) == len(apps) and len({verdict.cause for verdict in failed}) == 1:
        evidence = [line for verdict in failed for line in verdict.evidence]
        return Fail(failed[0].cause, list(dict.fromkeys(evidence)), about=failed[0].about)
    return Pass(["judged for each app by itself"])


def judge_folder(app: str, folder: ClientFolder, writer: Container, reader: Container) -> Verdict:
    """Judge by the mounts of both containers."""
    written, read = resolve(writer, folder.remote), resolve(reader, folder.local)
    seen = [
        f"qBittorrent writes {folder.remote}: {_where(written)}",
        f"{title_of(app)} reads {folder.local}: {_where(read)}",
    ]
    if isinstance(written, Ephemeral):
        return Fail("path_ephemeral", seen, about=folder.remote)
    same = isinstance(read, Place) and written.same_as(read)
    if same is None:
        return Unknown("one of the two is a volume, and what is behind it is not known", None, seen)
    if same:
        # Read-only, finished downloads can be read but not linked or cleared away: the library's check says so.
        return Pass([*seen, *_dead_ones(folder)])
    direct = resolve(reader, folder.remote)
    if folder.mapping is not None:
        seen.append(f"a mapping turns {folder.mapping.get('remotePath')} into {folder.mapping.get('localPath')}")
        straight = isinstance(direct, Place) and bool(written.same_as(direct))
        return Fail("mapping_wrong" if straight else "path_not_mounted", seen, about=folder.local)
    if folder.dead:
        return Fail("mapping_dead", [*seen, *_dead_ones(folder)], about=str(folder.dead[0].get("host")))
    return Fail("path_not_mounted", seen, about=folder.local)


def _dead_ones(folder: ClientFolder) -> list[str]:
    return [f"the mapping for host {one.get('host')} belongs to no download client" for one in folder.dead]


def _where(place: Place | Ephemeral) -> str:
    return place.host if isinstance(place, Place) else "inside the container itself, on no mount"


def _seen_by_app(app: str, folder: ClientFolder, sight: Sight) -> Verdict:
    """Without inspect documents: does the app itself see the folder?"""
    # Without the slash at the end the apps list the folder above.
    parent = folder.local.rstrip("/").rsplit("/", 1)[0] + "/"
    listing = answered(getattr(sight.clients, app).item("filesystem", path=parent, includeFiles="false"))
    names = [str(one.get("path")).rstrip("/") for one in listing.get("directories") or []]
    if folder.local in names:
        return Pass(
            [f"{title_of(app)} sees {folder.local}; the mounts were not compared, as the host was not captured"]
        )
    return Unknown(f"{title_of(app)} does not see {folder.local} (yet), and the host was not captured")


def has_library_folder(app: str, sight: Sight) -> Verdict:
    """Is there a root folder that the app reaches, on a mount, writable?"""
    found = answered(getattr(sight.clients, app).items("rootfolder"))
    if not found:
        return Fail("root_missing", ["no root folder is set"])
    container = sight.container(app)
    seen = []
    for one in found:
        path = str(one.get("path"))
        if one.get("accessible") is False:
            return Fail("path_not_mounted", [f"{title_of(app)} does not reach its root folder {path}"], about=path)
        if container is None:
            seen.append(path)
            continue
        place = resolve(container, path)
        if isinstance(place, Ephemeral):
            return Fail("path_ephemeral", [f"{title_of(app)}: {path} is covered by no mount"], about=path)
        if not place.writable:
            return Fail("path_read_only", [f"{title_of(app)}: {path} is read-only"], about=path)
        seen.append(f"{path} is {place.host}")
    return Pass(seen)


def stays_apart(app: str, sight: Sight) -> Verdict:
    """Is the folder of finished downloads outside every root folder?"""
    folder, roots = folder_of(app, sight), answered(getattr(sight.clients, app).items("rootfolder"))
    if folder is None:
        return Unknown("no download client of the kind qBittorrent")
    container = sight.container(app)
    for root in (str(one.get("path")) for one in roots):
        if is_inside(folder.local, root) or (container and _holds(container, root, folder.local)):
            return Fail("root_in_downloads", [f"downloads: {folder.local}", f"library: {root}"], about=root)
    return Pass([f"downloads in {folder.local}, library in {listed([str(one.get('path')) for one in roots])}"])


def _holds(container: Container, root: str, folder: str) -> bool:
    """Say whether a folder lies in another one on the host, although the container has them under different names."""
    above, below = resolve(container, root), resolve(container, folder)
    return isinstance(above, Place) and isinstance(below, Place) and bool(above.holds(below))


def can_hardlink(app: str, sight: Sight) -> Verdict:
    """Do downloads and library lie on one mount of the importing container? Two mounts of one disk do not do."""
    folder, roots = folder_of(app, sight), answered(getattr(sight.clients, app).items("rootfolder"))
    container = sight.container(app)
    if container is None or folder is None:
        return Unknown(f"{title_of(app)}'s container is not on the captured host")
    source = resolve(container, folder.local)
    seen: list[str] = []
    for root in roots:
        target = resolve(container, str(root.get("path")))
        if isinstance(source, Ephemeral) or isinstance(target, Ephemeral):
            return Unknown("one of the two folders is on no mount")
        if source.mount != target.mount:
            seen = [f"{source.path} is on the mount {source.mount}", f"{target.path} is on the mount {target.mount}"]
            return Fail("hardlink_impossible", seen, about=target.path)
        seen.append(f"{source.path} and {target.path} are on the mount {source.mount}")
    return Pass([*seen, "possible as far as the mounts tell"])


def has_hardlinked(app: str, sight: Sight) -> Verdict:
    """Compare the newest imports with their originals: one file with two names, or two files?"""
    container = sight.container(app)
    if sight.clients.stat is None:
        return Skipped("no access to the files of the media host")
    if container is None:
        return Unknown(f"{title_of(app)}'s container is not on the captured host")
    newest = {"pageSize": "50", "eventType": "3", "sortKey": "date", "sortDirection": "descending"}
    history = answered(getattr(sight.clients, app).item("history", **newest))
    for record in history.get("records") or []:
        data = record.get("data") or {}
        paths = [str(data.get(key) or "") for key in ("droppedPath", "importedPath")]
        if all(paths) and (verdict := _compare(container, paths[0], paths[1], sight)) is not None:
            return verdict
    return Unknown("no imported file is there together with its original", "hardlink_unproved")


def _compare(container: Container, dropped: str, imported: str, sight: Sight) -> Verdict | None:
    assert sight.clients.stat is not None
    files = [file for path in (dropped, imported) if (file := sight.clients.stat(container.name, path))]
    if len(files) != 2:
        return None
    one, other = files
    seen: Evidence = [f"{dropped}: inode {one.inode}", f"{imported}: inode {other.inode}, {other.links} names"]
    if (one.device, one.inode) == (other.device, other.inode):
        return Pass(seen)
    return Fail("hardlink_impossible", seen, about=imported)


def _of(app: str) -> tuple[Probe, ...]:
    title = title_of(app)
    folder, root = f"paths.{app}_downloads", f"paths.{app}_library"
    return (
        Probe(
            id=folder, link="paths", app=app, title=f"{title} finds finished downloads",
            proves=f"What qBittorrent finishes for {title} is the same folder on the host that {title} reads.",
            judge=partial(finds_downloads, app), apps=(app, "qbittorrent"), deep=True,
            needs=(f"{app}.key", "qbittorrent.login", f"downloads.{app}", "paths.qbittorrent", "paths.shared"),
        ),
        Probe(
            id=root, link="paths", app=app, title=f"{title}'s library folder is there",
            proves="It has a root folder, reaches it, and it is on a writable mount.",
            judge=partial(has_library_folder, app), apps=(app,), needs=(f"{app}.key",), deep=True,
        ),
        Probe(
            id=f"paths.{app}_apart", link="paths", app=app, title=f"{title}'s downloads and library are apart",
            proves="Finished downloads lie in no library folder.",
            judge=partial(stays_apart, app), apps=(app, "qbittorrent"), needs=(folder, root), deep=True,
        ),
        Probe(
            id=f"paths.{app}_hardlink", link="paths", app=app, title=f"{title} can hard-link",
            proves="Downloads and library are one mount for the importing container.",
            judge=partial(can_hardlink, app), apps=(app, "qbittorrent"), inspects=True, deep=True,
            needs=("host.captured", f"paths.{app}_apart"),
        ),
        Probe(
            id=f"paths.{app}_hardlinked", link="paths", app=app, title=f"{title} does hard-link",
            proves="The newest import and its original are one file.",
            judge=partial(has_hardlinked, app), apps=(app,), inspects=True, deep=True,
            needs=("host.captured", f"paths.{app}_hardlink"),
        ),
    )  # fmt: skip


PROBES = (
    Probe(
        id="paths.qbittorrent", link="paths", app="qbittorrent", title="qBittorrent saves to disk",
        proves="Its folders for finished and unfinished downloads are on writable mounts.",
        judge=saved_to_disk, apps=("qbittorrent",), inspects=True, deep=True,
        needs=("host.captured", "qbittorrent.login"),
    ),
    Probe(
        id="paths.shared", link="paths", app="qbittorrent", title="qBittorrent's folders mean something to the apps",
        proves="At least one app finds what qBittorrent finishes.", judge=means_the_same, apps=("qbittorrent",),
        needs=("qbittorrent.login", "paths.qbittorrent"), deep=True,
    ),
    *_of("radarr"),
    *_of("sonarr"),
)  # fmt: skip
