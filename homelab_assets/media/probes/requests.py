"""Requests: Overseerr or Seerr knows a default server, with a current key, folder and quality profile."""

import hmac
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.overseerr import AGENTS
from homelab_assets.media.probes.base import Probe, Sight, answered, listed, of_trouble, title_of
from homelab_assets.media.probes.instances import leads_to
from homelab_assets.media.verdicts import Fail, Pass, Unknown, Verdict


def sends_to(app: str, sight: Sight) -> Verdict:
    """Compare the server's settings with the app itself. The key is in clear there, so it takes no write."""
    assert sight.clients.overseerr is not None
    servers = answered(sight.clients.overseerr.servers(app))
    default = _default_of(servers)
    if default is None:
        return Fail(
            "default_server_missing", [f"{len(servers)} servers of the kind {title_of(app)}, none is the default"]
        )
    name = str(default.get("name") or default.get("hostname"))
    if not hmac.compare_digest(str(default.get("apiKey")).encode(), getattr(sight.clients, app).key.encode()):
        tested = sight.clients.overseerr.test(app, default) if sight.active else None
        if isinstance(tested, Trouble) and tested.open:
            return of_trouble(tested)
        if tested is not None and not isinstance(tested, Trouble):
            return Unknown(f"server {name} works with another key: it is not the {title_of(app)} of lab.yaml")
        untried = tested is None or tested.cause == "csrf"
        if untried and not leads_to(app, f"{default.get('hostname')}:{default.get('port')}", sight):
            return Unknown(f"server {name} has another key, and may be another {title_of(app)} than that of lab.yaml")
        return Fail("key_stale_copy", [f"the key of server {name} is not {title_of(app)}'s current one"], about=name)
    return _compare(app, name, default, sight)


def _default_of(servers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((one for one in servers if one.get("isDefault") and not one.get("is4k")), None)


def _compare(app: str, name: str, server: Mapping[str, Any], sight: Sight) -> Verdict:
    client = getattr(sight.clients, app)
    roots, profiles = answered(client.items("rootfolder")), answered(client.items("qualityprofile"))
    folder, paths = str(server.get("activeDirectory")), [str(one.get("path")) for one in roots]
    if folder.rstrip("/") not in {path.rstrip("/") for path in paths}:
        return Fail(
            "request_root_missing", [f"server {name} sends to {folder}", f"root folders: {listed(paths)}"], about=name
        )
    names = {one.get("id"): str(one.get("name")) for one in profiles}
    profile = server.get("activeProfileId")
    if profile not in names:
        return Fail("request_profile_missing", [f"server {name} asks for quality profile {profile}"], about=name)
    return Pass([f"server {name}: folder {folder}, quality profile {names[profile]}, current key"])


def reaches(app: str, sight: Sight) -> Verdict:
    """Let Overseerr call its default server."""
    assert sight.clients.overseerr is not None
    default = _default_of(answered(sight.clients.overseerr.servers(app)))
    if default is None:
        return Unknown("no default server")
    found = sight.clients.overseerr.test(app, default)
    where = f"{default.get('hostname')}:{default.get('port')}"
    if isinstance(found, Trouble) and found.cause == "csrf":
        return Unknown("CSRF protection forbids the test", "csrf", [found.detail])
    if isinstance(found, Trouble) and found.open:
        return of_trouble(found)
    if isinstance(found, Trouble):
        return Fail(found.cause, [f"Overseerr can't reach {title_of(app)} at {where}", found.detail], about=where)
    return Pass([f"Overseerr reaches {title_of(app)} at {where}"])


def tells_people(sight: Sight) -> Verdict:
    """Is one notification agent on?"""
    assert sight.clients.overseerr is not None
    enabled, unread, asked = [], [], 0
    for agent in AGENTS:
        found = sight.clients.overseerr.notifications(agent)
        if isinstance(found, Trouble):
            # An agent that this version does not have is none that could be on.
            unread += [found] if found.open or found.cause == "unreachable" else []
            continue
        asked += 1
        enabled += [agent] if found["enabled"] else []
    if not enabled and (unread or not asked):
        return Unknown("notification settings could not be read", None, [one.detail for one in unread])
    return Pass([f"on: {listed(enabled)}"]) if enabled else Fail("notifications_off", [f"{asked} agents, none is on"])


PROBES = (
    *(
        Probe(
            id=f"requests.{app}", link="requests", app="overseerr", title=f"Requests go to {title_of(app)}",
            proves="There is a default server with the current key, an existing library folder and quality profile.",
            judge=partial(sends_to, app), apps=("overseerr", app), deep=True,
            needs=("overseerr.key", f"{app}.key", f"paths.{app}_library"),
        )
        for app in ("radarr", "sonarr")
    ),
    *(
        Probe(
            id=f"requests.{app}_reached", link="requests", app="overseerr", title=f"Overseerr reaches {title_of(app)}",
            proves="Overseerr itself called the server and got an answer.",
            judge=partial(reaches, app), apps=("overseerr", app), needs=(f"requests.{app}",), deep=True, active=True,
        )
        for app in ("radarr", "sonarr")
    ),
    Probe(
        id="requests.notifications", link="requests", app="overseerr", title="People are told when a title is ready",
        proves="At least one notification agent is on.",
        judge=tells_people, apps=("overseerr",), needs=("overseerr.key",), deep=True,
    ),
)  # fmt: skip
