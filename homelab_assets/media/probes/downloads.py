"""From Radarr and Sonarr to qBittorrent and back: the download client, and the import of what is finished."""

from functools import partial

from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.servarr import Failure, Provider, Servarr
from homelab_assets.media.probes.base import Probe, Sight, answered, title_of
from homelab_assets.media.probes.indexers import cause_of_failure, reached
from homelab_assets.media.probes.instances import address_of, leads_to
from homelab_assets.media.verdicts import Fail, Pass, Unknown, Verdict


def torrent_client(client: Servarr, sight: Sight) -> Provider | Trouble | None:
    """Return an app's download client that is the qBittorrent of the lab, else the first enabled one of its kind."""
    found = client.providers("downloadclient")
    if isinstance(found, Trouble):
        return found
    mine = [one for one in found if one.implementation == "QBittorrent"]
    ours = [one for one in mine if leads_to("qbittorrent", address_of(one.fields), sight)] or mine
    return max(ours, key=lambda one: (one.enabled, one.is_for_all), default=None)


def client_works(app: str, sight: Sight) -> Verdict:
    """Let the app test its download client with the copy of the password that it holds."""
    client: Servarr = getattr(sight.clients, app)
    found = answered(torrent_client(client, sight))
    if found is None:
        return Fail("no_provider", ["no download client is qBittorrent"])
    if not found.enabled:
        return Fail("provider_disabled", [f"{found.name} is disabled"], about=found.name)
    where = f"{found.fields.get('host')}:{found.fields.get('port')}"
    results = answered(client.test_all("downloadclient"))
    if found.id not in results:
        return Unknown(f"{title_of(app)} skipped {found.name} in its test")
    if results[found.id]:
        return _client_fails(found, results[found.id][0], where)
    if not found.is_for_all:
        return Unknown(f"{found.name} works, and is for titles with one of its tags alone")
    return Pass([f"{found.name} at {where} accepts {title_of(app)}"])


def _client_fails(found: Provider, failure: Failure, where: str) -> Fail:
    text = f"{failure.field or 'test'}: {failure.message}"
    # We logged in ourselves just now, so it is neither a ban of everybody nor the wrong password everywhere.
    if failure.field in ("Username", "Password", "ApiKey"):
        alike = "the app says the same where qBittorrent has banned it, or refuses the host name in its address"
        seen = [f"the copy of qBittorrent's credential for {where} is refused", text, alike]
        return Fail("key_stale_copy", seen, about=found.name)
    there = reached(failure)
    cause = cause_of_failure(failure, "client_settings" if there else "unreachable")
    return Fail(cause, [f"{where} {'is' if there else 'is not'} reached from there", text], about=found.name)


def imports(app: str, sight: Sight) -> Verdict:
    """Is Completed Download Handling on?"""
    found = answered(getattr(sight.clients, app).item("config/downloadclient"))
    if found.get("enableCompletedDownloadHandling") is False:
        return Fail("import_off", ["Completed Download Handling is off"])
    return Pass(["Completed Download Handling is on"])


PROBES = (
    *(
        Probe(
            id=f"downloads.{app}", link="downloads", app=app, title=f"{title_of(app)} hands downloads to qBittorrent",
            proves=f"{title_of(app)}'s copies of qBittorrent's address and credential are right.",
            judge=partial(client_works, app), apps=(app, "qbittorrent"),
            needs=(f"{app}.key", "qbittorrent.login", "vpn.container", "vpn.tunnel"), deep=True, active=True,
        )
        for app in ("radarr", "sonarr")
    ),
    *(
        Probe(
            id=f"downloads.{app}_import", link="downloads", app=app,
            title=f"{title_of(app)} looks after finished downloads", proves="Completed Download Handling is on.",
            judge=partial(imports, app), apps=(app,), needs=(f"{app}.key",), deep=True,
        )
        for app in ("radarr", "sonarr")
    ),
)  # fmt: skip
