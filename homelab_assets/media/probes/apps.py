"""Every app by itself: its container runs, it answers, it accepts our credential."""

from collections.abc import Callable
from functools import partial
from typing import Any

from homelab_assets.media.clients import Trouble
from homelab_assets.media.probes.base import Probe, Sight, answered, title_of
from homelab_assets.media.verdicts import Fail, Pass, Skipped, Verdict

LINK_OF = {
    "qbittorrent": "qbittorrent",
    "prowlarr": "prowlarr",
    "radarr": "radarr",
    "sonarr": "sonarr",
    "overseerr": "requests",
    "plex": "plex",
    "bazarr": "helpers",
    "sabnzbd": "helpers",
}


def container_runs(app: str, sight: Sight) -> Verdict:
    """Judge by the state that Docker reports."""
    container = sight.container(app)
    if container is None:
        return Skipped(f"no container of {title_of(app)} on this host")
    if container.running:
        return Pass([f"{container} runs since {container.started_at[:19]}"])
    state = container.state
    return Fail(
        "container_stopped", [f"{container} is {state.get('Status', 'not running')}, exit code {state.get('ExitCode')}"]
    )


def answers(app: str, sight: Sight) -> Verdict:
    """Judge by the sign of life that needs no credential."""
    found = getattr(sight.clients, app).alive()
    if isinstance(found, Trouble) and found.cause == "key_rejected":
        return Fail("not_json", [f"{found.detail} to what {title_of(app)} tells anybody: a proxy before it refuses"])
    found = answered(found)
    return Pass([found if isinstance(found, str) else _version(found) or "it answers"])


def accepts_us(app: str, ask: Callable[[Any], Any], sight: Sight) -> Verdict:
    """Judge by a call that only the right credential opens."""
    found = ask(getattr(sight.clients, app))
    service = sight.settings.services[app]
    if isinstance(found, Trouble) and found.cause == "key_rejected" and not service.secrets:
        return Fail("key_missing", [found.detail])
    found = answered(found)
    if app == "plex" and sight.clients.plex is not None and sight.clients.plex.is_open():
        return Skipped("Plex lets this machine in without a token, so there is none to test")
    return Pass([found if isinstance(found, str) else _version(found) or "the credential is accepted"])


def _version(found: Any) -> str:
    version = found.get("version") if isinstance(found, dict) else None
    return f"version {version}" if version else ""


CREDENTIALS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "qbittorrent": ("login", lambda client: client.login()),
    "prowlarr": ("key", lambda client: client.status()),
    "radarr": ("key", lambda client: client.status()),
    "sonarr": ("key", lambda client: client.status()),
    "overseerr": ("key", lambda client: client.main()),
    "plex": ("key", lambda client: client.sessions()),
    "bazarr": ("key", lambda client: client.status()),
    "sabnzbd": ("key", lambda client: client.status()),
}
# Inside a namespace that is gone or stale nothing can answer, nor behind a Gluetun that does not run, whose ports it
# uses: that trouble begins at the VPN.
_BEHIND_VPN = {"qbittorrent": ("vpn.namespace", "vpn.start_order", "vpn.container")}


def probes_of(app: str) -> tuple[Probe, ...]:
    """Return the three probes of one app."""
    link, title = LINK_OF[app], title_of(app)
    credential, ask = CREDENTIALS[app]
    ahead = _BEHIND_VPN.get(app, ())
    return (
        Probe(
            id=f"{app}.container", link=link, app=app, title=f"{title}'s container runs",
            proves="Docker runs it and does not keep restarting it.",
            judge=partial(container_runs, app), apps=(app,), inspects=True, needs=("host.captured", *ahead),
        ),
        Probe(
            id=f"{app}.reachable", link=link, app=app, title=f"{title} answers",
            proves="Its address leads to it and to nothing else.",
            judge=partial(answers, app), apps=(app,), needs=(f"{app}.container", *ahead),
        ),
        Probe(
            id=f"{app}.{credential}", link=link, app=app, title=f"{title} accepts our credential",
            proves="The key, token or password that this project holds is the current one.",
            judge=partial(accepts_us, app, ask), apps=(app,), needs=(f"{app}.reachable",),
        ),
    )  # fmt: skip
