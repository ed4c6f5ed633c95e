"""Radarr, Sonarr and Prowlarr: one HTTP layer. API: https://radarr.video/docs/api/ and its kin."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from homelab_assets.media.clients.shapes import SERVARR, fitting, read
from homelab_assets.media.clients.transport import Reply, Transport, Trouble, json_of, usable
from homelab_assets.media.settings import Service
from homelab_assets.model import Unprinted

MASK = "********"
"""What the API shows instead of a stored key or password. Sent back, it keeps the stored one."""
TEST_SECONDS = 45.0


class Provider(Unprinted, Struct, frozen=True, kw_only=True):
    """An indexer, download client, application or notification. `raw` is the whole resource, for sending it back.

    With tags one of Radarr's or Sonarr's is for titles with one of them alone.
    """

    id: int
    name: str
    implementation: str
    enabled: bool
    fields: Mapping[str, Any]
    raw: Mapping[str, Any]

    @property
    def is_for_all(self) -> bool:
        """Whether it is for titles without any tag, as a request brings them."""
        return not self.raw.get("tags")


class Failure(Struct, frozen=True, kw_only=True):
    """One reason why a provider's test failed. `field` is the setting that it is about, or ""."""

    field: str
    message: str


class Servarr(Unprinted, Struct, frozen=True, kw_only=True):
    """A client of one Servarr app.

    Attributes:
        app: `radarr`, `sonarr` or `prowlarr`. api: path of its API, `/api/v3` or `/api/v1`.
        key: the API key that is used, in clear: for comparing copies, never for printing.
    """

    app: str
    api: str
    transport: Transport
    key: str = ""

    @classmethod
    def of(cls, app: str, service: Service) -> "Servarr":
        """Make a client from settings."""
        key = service.api_key or ""
        headers = {"X-Api-Key": key} if key else {}
        transport = Transport.of(service, headers)
        return cls(app=app, api="/api/v1" if app == "prowlarr" else "/api/v3", transport=transport, key=key)

    def alive(self) -> Mapping[str, Any] | Trouble:
        """Ask for a sign of life, which needs no key: `{"status": "OK"}`."""
        return json_of(self.transport.get("/ping"), dict)

    def status(self) -> Mapping[str, Any] | Trouble:
        """Return `appName`, `version` and more. Needs the key."""
        answer = self.transport.get(f"{self.api}/system/status")
        # These apps refuse with 401 and no word; whatever else refuses stands in front of them.
        if isinstance(answer, Reply) and (answer.status == 403 or "www-authenticate" in answer.headers):
            return Trouble("not_json", f"{answer.where}: a proxy before the app refuses (HTTP {answer.status})")
        reply = usable(answer)
        if isinstance(reply, Reply) and "x-application-version" not in reply.headers:
            return Trouble("not_json", f"{reply.where}: no Servarr app answers (no X-Application-Version)")
        found: Mapping[str, Any] | Trouble = read(reply, SERVARR["system/status"])
        # Apps that share one pinned key let each other's callers in.
        if not isinstance(found, Trouble) and (name := str(found.get("appName") or self.app)).lower() != self.app:
            return Trouble("not_json", self.transport.scrub(f"{self.transport.base}: {name} answers there"))
        return found

    def items(self, resource: str, **params: Any) -> Sequence[Mapping[str, Any]] | Trouble:
        """Return a list resource such as `rootfolder`, `health`, `remotepathmapping`, `qualityprofile`."""
        return read(self.transport.get(f"{self.api}/{resource}", params=params or None), SERVARR[resource])

    def item(self, resource: str, *, fresh: bool = False, **params: Any) -> Mapping[str, Any] | Trouble:
        """Return a single resource such as `config/downloadclient`, `queue`, `history`, `filesystem`."""
        shape = SERVARR["command" if resource.startswith("command/") else resource]
        return read(self.transport.get(f"{self.api}/{resource}", params=params or None, fresh=fresh), shape)

    def providers(self, resource: str) -> Sequence[Provider] | Trouble:
        """Return the configured ones of `indexer`, `downloadclient`, `applications` or `notification`."""
        found = self.items(resource)
        return found if isinstance(found, Trouble) else [provider(one) for one in found]

    def test(self, resource: str, body: Mapping[str, Any]) -> Sequence[Failure] | Trouble:
        """Test one provider; an empty list is success. Stored secrets may stay masked in `body`."""
        answer = self.transport.change(
            "POST", f"{self.api}/{resource}/test", json=dict(body), kind="test", seconds=TEST_SECONDS
        )
        if isinstance(answer, Reply) and answer.status == 400:
            found = _listed(answer, SERVARR["test"])
            return found if isinstance(found, Trouble) else self._failures(found)
        reply = usable(answer)
        return reply if isinstance(reply, Trouble) else []

    def test_all(self, resource: str) -> Mapping[int, Sequence[Failure]] | Trouble:
        """Test all enabled providers; failures by provider id. Disabled ones are missing in the answer."""
        answer = self.transport.change("POST", f"{self.api}/{resource}/testall", kind="test", seconds=TEST_SECONDS)
        # With a failed one the same list comes with status 400.
        failed = isinstance(answer, Reply) and answer.status == 400
        shape = SERVARR["testall"]
        found = _listed(answer, shape) if failed and isinstance(answer, Reply) else read(answer, shape)
        if isinstance(found, Trouble):
            return found
        return {one["id"]: self._failures(one.get("validationFailures") or []) for one in found}

    def command(self, name: str, *, seconds: float = 8.0, **body: Any) -> Mapping[str, Any] | Trouble:
        """Start a command and wait for it, at most `seconds`; the last known state of it either way."""
        answer = self.transport.change("POST", f"{self.api}/command", json={"name": name, **body}, kind="command")
        state: Mapping[str, Any] | Trouble = read(answer, SERVARR["command"])
        deadline = time.monotonic() + seconds
        while not isinstance(state, Trouble) and state.get("status") in {"queued", "started"}:
            if time.monotonic() > deadline:
                return state
            time.sleep(0.1)
            state = self.item(f"command/{state['id']}", fresh=True)
        return state

    def update(self, resource: str, body: Mapping[str, Any]) -> Mapping[str, Any] | Trouble:
        """Write a resource back whole. `forceSave` skips the app's own live test of a provider; verify afterwards."""
        path = f"{self.api}/{resource}" + (f"/{body['id']}" if "id" in body else "")
        params = {} if resource.startswith("config/") else {"forceSave": "true"}
        answer = self.transport.change("PUT", path, json=dict(body), params=params, kind="write")
        return json_of(answer, dict)

    def create(self, resource: str, body: Mapping[str, Any]) -> Mapping[str, Any] | Trouble:
        """Add a resource."""
        return json_of(self.transport.change("POST", f"{self.api}/{resource}", json=dict(body), kind="write"), dict)

    def delete(self, path: str) -> Reply | Trouble:
        """Delete a resource such as `remotepathmapping/3`."""
        return usable(self.transport.change("DELETE", f"{self.api}/{path}", kind="write"))

    def search(self, query: str, *, limit: int = 20) -> Sequence[Mapping[str, Any]] | Trouble:
        """Search Prowlarr's indexers. An empty list may also mean that all of them failed."""
        params = {"query": query, "type": "search", "limit": str(limit)}
        answer = self.transport.get(f"{self.api}/search", params=params, kind="search", seconds=TEST_SECONDS)
        if isinstance(answer, Reply) and answer.status == 400:
            return Trouble("provider_backoff", f"{answer.where}: all selected indexers are unavailable")
        return read(answer, SERVARR["search"])

    def _failures(self, found: Sequence[Mapping[str, Any]]) -> Sequence[Failure]:
        return [
            Failure(
                field=str(one.get("propertyName") or ""), message=self.transport.scrub(str(one.get("errorMessage")))
            )
            for one in found
            if not one.get("isWarning")
        ]


def _listed(answer: Reply, shape: Any) -> Sequence[Any] | Trouble:
    """Return what failed. An object instead of a list says that the question was not understood: nothing was tested."""
    found = answer.json()
    if isinstance(found, Trouble):
        return found
    if not isinstance(found, list):
        return Trouble("server_error", f"{answer.where} answers HTTP 400")
    return fitting(found, shape, answer.where)


def provider(raw: Mapping[str, Any]) -> Provider:
    """Read a provider resource. Enabled: any switch of it is on; an application's is its sync level."""
    switches = [
        raw[key] for key in ("enable", "enableRss", "enableAutomaticSearch", "enableInteractiveSearch") if key in raw
    ]
    if "syncLevel" in raw:
        switches.append(raw["syncLevel"] != "disabled")
    return Provider(
        id=int(raw.get("id") or 0),
        name=str(raw.get("name") or "?"),
        implementation=str(raw.get("implementation") or "?"),
        enabled=any(switches) if switches else True,
        fields={one.get("name"): one.get("value") for one in raw.get("fields") or []},
        raw=raw,
    )
