"""What Radarr, Sonarr and Prowlarr say about their own health, and which of it other checks explain."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.servarr import Servarr
from homelab_assets.media.probes.base import Probe, Sight, answered, listed, title_of
from homelab_assets.media.probes.downloads import torrent_client
from homelab_assets.media.verdicts import Fail, Pass, Unknown, Verdict

# Health sources that a check of this project looks into more closely; they would only say it twice. The checks behind
# those of the second kind make the apps call each other, which a gentle run leaves out.
_READ = {"DownloadClientRootFolderCheck", "RemotePathMappingCheck", "RootFolderCheck", "ImportMechanismCheck"}
_TRIED = {
    "DownloadClientCheck", "DownloadClientStatusCheck", "IndexerStatusCheck", "IndexerLongTermStatusCheck",
    "IndexerRssCheck", "IndexerSearchCheck", "ApplicationStatusCheck", "ApplicationLongTermStatusCheck",
}  # fmt: skip
_PAUSED = {"IndexerStatusCheck", "IndexerLongTermStatusCheck"}
"""Of Prowlarr's own indexers, which every run looks at."""
_OF_CLIENTS = {
    "DownloadClientCheck", "DownloadClientStatusCheck", "DownloadClientRootFolderCheck", "RemotePathMappingCheck",
}  # fmt: skip
_CHECK_SECONDS = 45.0


def healthy(app: str, sight: Sight) -> Verdict:
    """Read the app's own health page, freshly made where apps may be made to act; unexplained errors count."""
    client: Servarr = getattr(sight.clients, app)
    stale = _looks_anew(client) if sight.deep and sight.active else ""
    found = answered(client.items("health"))
    errors = [one for one in found if one.get("type") == "error" and not _explained(app, one, sight)]
    if errors:
        return Fail(
            "app_health", [client.transport.scrub(f"{one.get('source')}: {one.get('message')}") for one in errors]
        )
    if stale:
        return Unknown(
            f"{title_of(app)} did not look at its health anew, and what it says is up to six hours old: {stale}"
        )
    others = [str(one.get("source")) for one in found]
    return Pass([f"notes and warnings: {listed(others)}" if others else "its health page is empty"])


def _looks_anew(client: Servarr) -> str:
    """Have an app make its health page anew, which it keeps for up to six hours; return why that failed, or ""."""
    done = client.command("CheckHealth", seconds=_CHECK_SECONDS)
    if isinstance(done, Trouble):
        return done.detail
    return "" if done.get("status") == "completed" else f"its check is {done.get('status')}"


def _explained(app: str, complaint: Mapping[str, Any], sight: Sight) -> bool:
    """Say whether other checks of this very run look into what an app complains about."""
    source = complaint.get("source")
    known = _PAUSED if app == "prowlarr" else set()
    if sight.deep:
        known = known | _READ | (_TRIED if sight.active else set())
    if source not in known:
        return False
    client: Servarr = getattr(sight.clients, app)
    if source in _OF_CLIENTS:
        return "qbittorrent" in sight.settings.services and _about_ours(client, str(complaint.get("message")), sight)
    # Any switch of an indexer lets a search pass; this complaint is about one of them.
    return source != "IndexerRssCheck" or not _any_enabled(client)


def _about_ours(client: Servarr, message: str, sight: Sight) -> bool:
    """Say whether a complaint names no other download client than the one that is checked. Names are not translated."""
    found, ours = client.providers("downloadclient"), torrent_client(client, sight)
    if isinstance(found, Trouble) or isinstance(ours, Trouble):
        return False
    # The longest one: a second one is often called like the first, and more.
    names = sorted((one.name for one in found), key=len, reverse=True)
    named = next((name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message)), None)
    return named is None or (ours is not None and named == ours.name)


def _any_enabled(client: Servarr) -> bool:
    found = client.providers("indexer")
    return not isinstance(found, Trouble) and any(one.enabled for one in found)


PROBES = tuple(
    Probe(
        id=f"{app}.health", link=app, app=app, title=f"{title_of(app)} reports no trouble",
        proves="Its own health page lists no error that the other checks do not explain.",
        judge=partial(healthy, app), apps=(app,),
        needs=(f"{app}.key",) if app == "prowlarr" else (f"{app}.key", "qbittorrent.login", "prowlarr.key"),
    )
    for app in ("prowlarr", "radarr", "sonarr")
)  # fmt: skip
