"""What a step of an apply plan does in an app: look, write, look again. Each action is a method of its name."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from homelab_assets.media.clients import Clients, Trouble
from homelab_assets.media.clients.servarr import Servarr
from homelab_assets.media.folders import same_folder
from homelab_assets.media.plan import Step, unnumbered
from homelab_assets.media.probes.indexers import cause_of_failure, reached
from homelab_assets.media.settings import MediaSettings

Undo = Callable[[], Trouble | None]


class Refused(Exception):
    """A step can't be done; the message says why, without secrets."""


class Executor(Struct):
    """Does one step. `undo` is set before anything is written: a step that fails half-way can be taken back, too."""

    clients: Clients
    settings: MediaSettings
    undo: Undo | None = None

    def run(self, step: Step) -> bool:
        """Do the step and prove it; return whether there was something to do.

        Raises:
            Refused: it can't be done, or did not hold.
        """
        done: bool = getattr(self, f"_{step.action}")(step, self._value(step))
        return done

    def _value(self, step: Step) -> Any:
        if step.secret is None:
            return step.value
        name, _, credential = step.secret.partition(".")
        service = self.settings.service(name)
        if service is None or credential not in ("api_key", "password", "token") or not getattr(service, credential):
            raise Refused(f"{step.secret} is not set")
        return getattr(service, credential)

    def _client(self, app: str) -> Any:
        client = getattr(self.clients, app, None)
        if client is None:
            raise Refused(f"{app} is not configured")
        return client

    def _provider_field(self, step: Step, value: Any) -> bool:
        client: Servarr = self._client(step.app)
        raw = self._provider(client, step)
        entry = next((one for one in raw["fields"] if one.get("name") == step.field), None)
        if entry is None:
            raise Refused(f"{step.target.get('name')} has no field {step.field}")
        if step.secret is None and entry.get("value") == value:
            return False
        self._unchanged(step, entry.get("value"))
        if step.secret is None:
            self.undo = lambda: _none(client.update(step.target["kind"], raw))
        self._put(
            client, step, {**raw, "fields": [{**one, "value": value} if one is entry else one for one in raw["fields"]]}
        )
        if step.secret is not None:
            self._prove_by_test(client, step)
        return True

    def _provider_switch(self, step: Step, value: Any) -> bool:
        client: Servarr = self._client(step.app)
        raw = self._provider(client, step)
        if raw.get(step.field) == value:
            return False
        self._unchanged(step, raw.get(step.field))
        self.undo = lambda: _none(client.update(step.target["kind"], raw))
        self._put(client, step, {**raw, step.field: value})
        if self._provider(client, step).get(step.field) != value:
            raise Refused("the app did not keep it")
        if step.target["kind"] == "applications":
            # Prowlarr hands its indexers to an application that is new, not to one that was switched on again.
            _sure(client.command("ApplicationIndexerSync"))
        return True

    def _provider(self, client: Servarr, step: Step) -> dict[str, Any]:
        found = _sure(client.providers(step.target["kind"]))
        match = [
            one.raw for one in found if one.id == step.target["id"] and one.name == step.target.get("name", one.name)
        ]
        if not match:
            raise Refused(f"there is no {step.target['kind']} {step.target.get('name')} any more")
        return dict(match[0])

    def _put(self, client: Servarr, step: Step, body: Mapping[str, Any]) -> None:
        _sure(client.update(step.target["kind"], body))

    def _prove_by_test(self, client: Servarr, step: Step) -> None:
        for failure in _sure(client.test(step.target["kind"], self._provider(client, step))):
            stale = cause_of_failure(failure, "") == "key_stale_copy"
            if stale or failure.field.lower() in (step.field.lower(), "username"):
                raise Refused("it is still refused after the change")
            if not reached(failure):
                raise Refused(f"it is written, and could not be proved: {failure.message}")

    def _category(self, step: Step, value: Any) -> bool:
        client, name = self._client("qbittorrent"), str(step.target["name"])
        before = str((_sure(client.categories()).get(name) or {}).get("savePath") or "")
        if same_folder(before, value):
            return False
        self._unchanged(step, before, same_folder)
        self.undo = lambda: client.set_category(name, before)
        _sure(client.set_category(name, value))
        if not same_folder((_sure(client.categories()).get(name) or {}).get("savePath"), value):
            raise Refused("qBittorrent did not keep it")
        return True

    def _preference(self, step: Step, value: Any) -> bool:
        client = self._client("qbittorrent")
        before = _sure(client.preferences()).get(step.field)
        if before is None:
            raise Refused(f"{step.field} is no preference that plans may change")
        if same_folder(before, value):
            return False
        self._unchanged(step, before, same_folder)
        self.undo = lambda: client.set_preferences({step.field: before})
        _sure(client.set_preferences({step.field: value}))
        if not same_folder(_sure(client.preferences()).get(step.field), value):
            raise Refused("qBittorrent did not keep it")
        return True

    def _server_field(self, step: Step, value: Any) -> bool:
        client, app = self._client("overseerr"), step.target["kind"]
        if app not in ("radarr", "sonarr"):
            raise Refused(f"{app} is no kind of server")
        servers = _sure(client.servers(app))
        before = next((dict(one) for one in servers if one.get("id") == step.target["id"]), None)
        if before is None:
            raise Refused("there is no such server any more")
        if before.get(step.field) == value:
            return False
        if step.secret is None:
            self._unchanged(step, before.get(step.field))
        self.undo = lambda: client.update_server(app, before)
        _sure(client.update_server(app, {**before, step.field: value}))
        if not any(
            one.get("id") == before["id"] and one.get(step.field) == value for one in _sure(client.servers(app))
        ):
            raise Refused("Overseerr did not keep it")
        return True

    def _delete_mapping(self, step: Step, value: Any) -> bool:
        client: Servarr = self._client(step.app)
        # By what it says: one that was put back before has another number now.
        numbers = self._mappings(client, unnumbered(step.before)) if step.before else []
        number = numbers[0] if numbers else step.target["id"]
        before = next((dict(one) for one in _sure(client.items("remotepathmapping")) if one.get("id") == number), None)
        if before is None:
            return False
        if not numbers:
            self._unchanged(step, before)
        mapping = unnumbered(before)
        self.undo = lambda: self._mapping_again(client, mapping)
        _sure(client.delete(f"remotepathmapping/{number}"))
        return True

    def _create_mapping(self, step: Step, value: Any) -> bool:
        client: Servarr = self._client(step.app)
        if self._mappings(client, value):
            return False
        self.undo = lambda: self._mapping_away(client, value)
        _sure(client.create("remotepathmapping", value))
        return True

    @staticmethod
    def _mappings(client: Servarr, mapping: Mapping[str, Any]) -> list[Any]:
        """Return the ids of the mappings that say the same."""
        there = _sure(client.items("remotepathmapping"))
        return [one.get("id") for one in there if all(one.get(key) == mapping[key] for key in mapping)]

    # An app that did not answer may have done it all the same: both look before they act.
    def _mapping_again(self, client: Servarr, mapping: Mapping[str, Any]) -> Trouble | None:
        return None if self._mappings(client, mapping) else _none(client.create("remotepathmapping", mapping))

    def _mapping_away(self, client: Servarr, mapping: Mapping[str, Any]) -> Trouble | None:
        answers = [client.delete(f"remotepathmapping/{number}") for number in self._mappings(client, mapping)]
        return next(filter(None, map(_none, answers)), None)

    def _plex_preference(self, step: Step, value: Any) -> bool:
        client = self._client("plex")
        before = _sure(client.preferences()).get(step.field)
        if before == value:
            return False
        self._unchanged(step, before)
        self.undo = lambda: client.set_preference(step.field, _as_text(before))
        _sure(client.set_preference(step.field, _as_text(value)))
        if _as_text(_sure(client.preferences()).get(step.field)) != _as_text(value):
            raise Refused("Plex did not keep it")
        return True

    def _config(self, step: Step, value: Any) -> bool:
        client: Servarr = self._client(step.app)
        resource = step.target["kind"]
        if resource not in ("config/downloadclient", "config/mediamanagement"):
            raise Refused(f"{resource} is not for plans")
        before = dict(_sure(client.item(resource)))
        if before.get(step.field) == value:
            return False
        self._unchanged(step, before.get(step.field))
        self.undo = lambda: _none(client.update(resource, before))
        _sure(client.update(resource, {**before, step.field: value}))
        if _sure(client.item(resource)).get(step.field) != value:
            raise Refused("the app did not keep it")
        return True

    @staticmethod
    def _unchanged(step: Step, now: Any, same: Callable[[Any, Any], bool] = operator.eq) -> None:
        """Refuse where the world moved on since the plan was made and reviewed."""
        if step.before is not None and step.secret is None and not same(now, step.before):
            raise Refused("it was changed since the plan was made; make a new plan")


def _as_text(value: Any) -> str:
    """Write a preference as Plex does: a truth value is a digit."""
    return {"true": "1", "false": "0", "True": "1", "False": "0"}.get(str(value), str(value))


def _none(answer: Any) -> Trouble | None:
    return answer if isinstance(answer, Trouble) else None


def _sure(answer: Any) -> Any:
    if isinstance(answer, Trouble):
        raise Refused(answer.detail)
    return answer
