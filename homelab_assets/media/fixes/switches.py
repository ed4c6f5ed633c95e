"""Settings in the apps that are simply off, or name something that is gone."""

from homelab_assets.media.plan import Fix, Step
from homelab_assets.media.probes.base import title_of
from homelab_assets.media.result import Check
from homelab_assets.media.situation import Situation
from homelab_assets.media.verdicts import Fail


def import_on(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Switch Completed Download Handling on."""
    field = "enableCompletedDownloadHandling"
    step = Step(
        app=check.probe.app,
        action="config",
        target={"kind": "config/downloadclient"},
        field=field,
        value=True,
        before=False,
    )
    return _fix(check, fail, f"Let {title_of(check.probe.app)} import finished downloads", [step])


def enable_provider(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Enable what is disabled. Which of several indexers to enable is a person's choice."""
    link, _, app = check.probe.id.partition(".")
    holder, kind, field, value = {
        "applications": ("prowlarr", "applications", "syncLevel", "fullSync"),
        "downloads": (app, "downloadclient", "enable", True),
    }.get(link, ("", "", "", None))
    steps = [
        Step(
            app=holder,
            action="provider_switch",
            target={"kind": kind, "id": one.id, "name": one.name},
            field=field,
            value=value,
            before=one.raw.get(field),
        )
        for one in situation.providers.get(f"{holder}.{kind}", ())
        if one.name == fail.about
    ]
    return _fix(check, fail, f"Enable {fail.about}", steps) if steps else None


def default_server(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Mark the only server as the default."""
    app = check.probe.id.partition(".")[2]
    servers = [one for one in situation.servers.get(app, ()) if not one.get("is4k")]
    if len(servers) != 1:
        return None
    return _fix(
        check, fail, f"Send requests to {servers[0].get('name')}", [_server(app, servers[0], "isDefault", True)]
    )


def request_root(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Send requests with the only root folder that there is."""
    app = check.probe.id.partition(".")[2]
    roots = situation.roots.get(app, ())
    servers = [one for one in situation.servers.get(app, ()) if one.get("isDefault") and not one.get("is4k")]
    if len(roots) != 1 or not servers:
        return None
    return _fix(check, fail, f"Send requests to {roots[0]}", [_server(app, servers[0], "activeDirectory", roots[0])])


def _server(app: str, server: object, field: str, value: object) -> Step:
    assert isinstance(server, dict)
    target = {"kind": app, "id": server["id"], "name": str(server.get("name"))}
    return Step(
        app="overseerr", action="server_field", target=target, field=field, value=value, before=server.get(field)
    )


def scan_by_events(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Let Plex watch its folders, and read only what changed."""
    return _plex(check, fail, situation, "FSEventLibraryUpdatesEnabled", "FSEventLibraryPartialScanEnabled")


def scan_by_clock(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Let Plex scan periodically: a network file system sends no events."""
    return _plex(check, fail, situation, "ScheduledLibraryUpdatesEnabled")


def _plex(check: Check, fail: Fail, situation: Situation, *names: str) -> Fix | None:
    steps = [
        Step(app="plex", action="plex_preference", target={}, field=name, value=True, before=situation.plex.get(name))
        for name in names
        if situation.plex.get(name) not in (True, "1", "true")
    ]
    return _fix(check, fail, "Let Plex scan by itself", steps) if steps else None


def _fix(check: Check, fail: Fail, title: str, steps: list[Step]) -> Fix:
    return Fix(check=check.probe.id, cause=fail.cause, title=title, why=list(fail.evidence), steps=steps)
