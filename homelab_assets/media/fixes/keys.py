"""Stale keys: renew the copy in the app that holds it, and pin the key so that it does not go stale again."""

from collections.abc import Callable

from homelab_assets.media.clients.servarr import Provider
from homelab_assets.media.plan import ComposeEdit, Fix, Step
from homelab_assets.media.probes.base import title_of
from homelab_assets.media.probes.indexers import is_prowlarrs
from homelab_assets.media.result import Check
from homelab_assets.media.situation import Situation
from homelab_assets.media.verdicts import Fail

PINNABLE = ("radarr", "sonarr", "prowlarr")


def renew_copy(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Write the current credential into the copy that was proved to be stale."""
    link, _, app = check.probe.id.partition(".")
    match link:
        case "search":
            owner, credential = "prowlarr", "api_key"
            steps = _in_providers(app, "indexer", is_prowlarrs, "apiKey", "prowlarr.api_key", situation)
        case "applications":
            owner, credential = app, "api_key"
            named = _named(fail.about)
            steps = _in_providers("prowlarr", "applications", named, "apiKey", f"{app}.api_key", situation)
        case "downloads":
            owner, credential, steps = "qbittorrent", "password", _in_download_client(app, fail.about, situation)
        case "requests":
            owner, credential, steps = app, "api_key", _in_server(app, situation)
        case _:
            return None
    if f"{owner}.{credential}" not in situation.hashes:
        return None
    holder = "prowlarr" if link == "applications" else "overseerr" if link == "requests" else app
    why = [
        f"{title_of(owner)} accepts the credential that this project holds, so that one is current.",
        f"{title_of(holder)}'s copy of it is refused, so that one is stale.",
        *fail.evidence,
    ]
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title=f"Renew {title_of(holder)}'s copy of {title_of(owner)}'s {credential.removeprefix('api_')}",
        why=why,
        steps=steps,
        edits=pins(owner, situation),
        manual=() if not pins(owner, situation) else [_set_first(owner)],
    )


def pin_key(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Our own copy is stale: a person has to look the current one up; compose can keep it from changing again."""
    app = check.probe.app
    where = {"plex": "the token", "qbittorrent": "the password"}.get(app, "the API key")
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title=f"Renew this project's copy of {title_of(app)}'s credential",
        why=[f"{title_of(app)} is up and refuses the credential that lab.yaml leads to.", *fail.evidence],
        edits=pins(app, situation),
        manual=[f"Look up {where} in {title_of(app)} and set it in the environment or in the .env beside lab.yaml."],
    )


def pins(app: str, situation: Situation) -> tuple[ComposeEdit, ...]:
    """Return the edit that pins an app's key by environment, where it is not pinned yet."""
    container = situation.container(app)
    variable = f"{app.upper()}__AUTH__APIKEY"
    if app not in PINNABLE or container is None or variable in container.environment:
        return ()
    name = f"{app.upper()}_API_KEY"
    value = f"${{{name}:?}}"
    return (
        ComposeEdit(
            stack=container.stack,
            service=container.service or app,
            path=f"environment.{variable}",
            change="added",
            value=value,
            samples=(name,),
        ),
    )


def _set_first(app: str) -> str:
    return f"Before merging, set {app.upper()}_API_KEY in the .env on the host to the key that {title_of(app)} has now."


def _named(name: str) -> Callable[[Provider], bool]:
    """Only the one that was proved to hold a stale copy: another instance has a credential of its own."""
    return lambda provider: provider.name == name


def _in_providers(
    holder: str, kind: str, wanted: Callable[[Provider], bool], field: str, secret: str, situation: Situation
) -> list[Step]:
    return [
        Step(
            app=holder,
            action="provider_field",
            target={"kind": kind, "id": one.id, "name": one.name},
            field=field,
            value={"secret": secret},
            after_hash=situation.hashes.get(secret),
        )
        for one in situation.providers.get(f"{holder}.{kind}", ())
        if wanted(one)
    ]


def _in_download_client(app: str, name: str, situation: Situation) -> list[Step]:
    steps = _in_providers(app, "downloadclient", _named(name), "password", "qbittorrent.password", situation)
    username = situation.settings.services["qbittorrent"].username or "admin"
    for one in situation.providers.get(f"{app}.downloadclient", ()):
        before = one.fields.get("username")
        if one.name == name and before != username:
            target = {"kind": "downloadclient", "id": one.id, "name": one.name}
            steps.insert(
                0,
                Step(app=app, action="provider_field", target=target, field="username", value=username, before=before),
            )
    return steps


def _in_server(app: str, situation: Situation) -> list[Step]:
    secret = f"{app}.api_key"
    return [
        Step(
            app="overseerr",
            action="server_field",
            target={"kind": app, "id": one["id"], "name": str(one.get("name"))},
            field="apiKey",
            value={"secret": secret},
            before_hash=str(one["apiKey"]),
            after_hash=situation.hashes.get(secret),
        )
        for one in situation.servers.get(app, ())
        if one.get("isDefault") and not one.get("is4k") and one["apiKey"] != situation.hashes.get(secret)
    ]
