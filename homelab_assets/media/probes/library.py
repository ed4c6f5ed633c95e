"""Plex: its libraries hold what Radarr and Sonarr import, it notices new files, and they can be played."""

from collections.abc import Sequence
from functools import partial

from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.plex import Library
from homelab_assets.media.clients.servarr import Provider
from homelab_assets.media.mounts import Ephemeral, Place, is_inside, resolve
from homelab_assets.media.probes.base import Probe, Sight, answered, listed, title_of
from homelab_assets.media.verdicts import Fail, Pass, Skipped, Unknown, Verdict

KIND = {"radarr": "movie", "sonarr": "show"}
_ON = (True, "1", "true", "True")
_OFF = (False, "0", "false")


def holds_imports(app: str, sight: Sight) -> Verdict:
    """Is every root folder of an app inside a library of the right kind, through the mounts of both containers?"""
    assert sight.clients.plex is not None
    libraries = answered(sight.clients.plex.libraries())
    roots = answered(getattr(sight.clients, app).items("rootfolder"))
    fitting = [one for one in libraries if one.kind == KIND[app]]
    if not fitting:
        return Fail("library_mismatch", [f"Plex has no library of the kind {KIND[app]}"])
    seen = []
    for root in (str(one.get("path")) for one in roots):
        covered = [(one, _covers(location, root, app, sight)) for one in fitting for location in one.locations]
        if any(state for _, state in covered):
            seen.append(f"{root} is in “{next(one.title for one, state in covered if state)}”")
        elif any(state is None for _, state in covered):
            return Unknown(
                f"whether Plex's folders hold {root} can't be told from what is known of the mounts",
                None,
                _shown(fitting),
            )
        else:
            return Fail("library_mismatch", [f"{title_of(app)} imports to {root}", *_shown(fitting)], about=root)
    known = sight.container("plex") is not None and sight.container(app) is not None
    return Pass(seen if known else [*seen, "compared by name only: the mounts of both are not known"])


def _covers(location: str, root: str, app: str, sight: Sight) -> bool | None:
    """Say whether a Plex folder holds a root folder; None where that can't be told."""
    plex, importer = sight.container("plex"), sight.container(app)
    if plex is None or importer is None:
        return True if is_inside(root, location) else None
    shown, written = resolve(plex, location), resolve(importer, root)
    if isinstance(shown, Ephemeral) or isinstance(written, Ephemeral):
        return False
    return shown.holds(written)


def _shown(libraries: Sequence[Library]) -> list[str]:
    return [f"“{one.title}” in Plex: {listed(list(one.locations))}" for one in libraries]


def notices_files(sight: Sight) -> Verdict:
    """Does Plex scan by events or by the clock, or do Radarr and Sonarr tell it?"""
    assert sight.clients.plex is not None
    preferences = answered(sight.clients.plex.preferences())
    if preferences.get("ScheduledLibraryUpdatesEnabled") in _ON:
        return Pass([f"periodic scan, every {preferences.get('ScheduledLibraryUpdateInterval', '?')} s"])
    told, unread = _told_by(sight)
    if told and len(told) == len([app for app in KIND if app in sight.settings.services]):
        return Pass([f"{listed([title_of(app) for app in told])} tell Plex"])
    if preferences.get("FSEventLibraryUpdatesEnabled") not in _ON:
        if unread:
            return Unknown(
                f"Plex does not scan by itself, and {listed(unread)} could not be asked whether they tell it"
            )
        if "FSEventLibraryUpdatesEnabled" not in preferences:
            return Unknown("Plex does not say whether it scans by itself")
        return Fail(
            "scan_disabled", ["automatic scan is off", "periodic scan is off", f"told by: {listed(told) or 'nobody'}"]
        )
    remote = _network_folders(sight)
    if remote:
        return Fail("scan_no_events", [f"{path} is on {kind}" for path, kind in remote])
    return Pass(["automatic scan, by change events of the file system"])


def _told_by(sight: Sight) -> tuple[list[str], list[str]]:
    """Return the apps with a working Plex connection, and those that could not be asked."""
    told, unread = [], []
    for app in KIND:
        client = getattr(sight.clients, app)
        if client is None:
            continue
        found = client.providers("notification")
        if isinstance(found, Trouble):
            unread.append(app)
            continue
        # A test of this one kind sends nothing: it reads Plex's libraries.
        tests = [client.test("notification", one.raw) if sight.active else () for one in found if _tells_plex(one)]
        if any(not isinstance(failures, Trouble) and not failures for failures in tests):
            told.append(app)
        elif any(isinstance(failures, Trouble) for failures in tests):
            unread.append(app)
    return told, unread


def _tells_plex(connection: Provider) -> bool:
    """Say whether a connection tells Plex of every import."""
    return bool(
        connection.implementation == "PlexServer"
        and connection.raw.get("onDownload")
        and connection.fields.get("updateLibrary", True)
        and connection.is_for_all
    )


def _network_folders(sight: Sight) -> list[tuple[str, str]]:
    container = sight.container("plex")
    assert sight.clients.plex is not None
    libraries = sight.clients.plex.libraries()
    if container is None or isinstance(libraries, Trouble):
        return []
    places = [resolve(container, location) for one in libraries for location in one.locations]
    return [(place.path, place.network) for place in places if isinstance(place, Place) and place.network]


def can_play(sight: Sight) -> Verdict:
    """Does the newest item of each library have a media part, whose file Plex finds when it looks?"""
    assert sight.clients.plex is not None
    libraries = answered(sight.clients.plex.libraries())
    seen = []
    for library in (one for one in libraries if one.kind == "movie"):
        items = answered(sight.clients.plex.content(library.key))
        for item in items:
            looked = answered(sight.clients.plex.item(str(item.get("ratingKey"))))
            parts = [part for media in looked.get("Media") or [] for part in media.get("Part") or []]
            if not parts or any(part.get(said) in _OFF for part in parts for said in ("exists", "accessible")):
                return Fail(
                    "not_playable", [f"“{item.get('title')}” in “{library.title}” has no file"], about=library.title
                )
            seen.append(f"“{item.get('title')}” in “{library.title}” has a file")
    return Pass(seen) if seen else Skipped("no film library holds anything yet")


PROBES = (
    *(
        Probe(
            id=f"library.{app}", link="library", app="plex", title=f"Plex looks where {title_of(app)} imports",
            proves=f"Every root folder of {title_of(app)} lies in a library of Plex.",
            judge=partial(holds_imports, app), apps=("plex", app),
            needs=("plex.key", f"{app}.key", f"paths.{app}_library", f"paths.{app}_apart"), deep=True,
        )
        for app in ("radarr", "sonarr")
    ),
    Probe(
        id="library.scan", link="library", app="plex", title="Plex notices new files",
        proves="It scans by change events or by the clock, or Radarr and Sonarr tell it.",
        judge=notices_files, apps=("plex",), needs=("plex.key",), deep=True,
    ),
    Probe(
        id="library.playable", link="library", app="plex", title="What is in the library can be played",
        proves="The newest film has a file that Plex knows to be there.",
        judge=can_play, apps=("plex",), needs=("plex.key",), deep=True,
    ),
)  # fmt: skip
