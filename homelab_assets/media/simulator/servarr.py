"""Simulated Radarr and Sonarr, and the layer that Prowlarr shares with them."""

import itertools
from typing import Any

from homelab_assets.media.simulator.server import App, Network, NoSuchName, Request, Response, Route, reply

MASK = "********"
PRIVATE = {"apiKey", "password"}
WHEN = "2026-11-23T06:00:00Z"


def field_list(**values: Any) -> list[dict[str, Any]]:
    """Make a provider's `fields`; secrets are marked as such."""
    return [
        {
            "order": order,
            "name": name,
            "value": value,
            "privacy": "apiKey" if name == "apiKey" else "password" if name == "password" else "normal",
        }
        for order, (name, value) in enumerate(values.items())
    ]


def value_of(resource: dict[str, Any], name: str) -> Any:
    """Return one field of a provider."""
    return next((one.get("value") for one in resource["fields"] if one["name"] == name), None)


def set_value(resource: dict[str, Any], name: str, value: Any) -> None:
    """Change one field of a provider."""
    next(one for one in resource["fields"] if one["name"] == name)["value"] = value


def failure(name: str, message: str) -> dict[str, Any]:
    """Make one entry of the flat array that a failed validation answers with."""
    return {
        "propertyName": name,
        "errorMessage": message,
        "attemptedValue": None,
        "severity": "error",
        "errorCode": None,
        "isWarning": False,
    }


class ServarrApp(App):
    """Key check, status, health, commands and providers.

    Attributes:
        key: the API key that it accepts. providers: resources by kind. health_items: what its health page says.
    """

    api = "/api/v3"
    title = "Servarr"
    version = "1.0.0.0"
    kinds: tuple[str, ...] = ()

    def __init__(self, network: Network, key: str) -> None:
        self.key = key
        self.providers: dict[str, list[dict[str, Any]]] = {kind: [] for kind in self.kinds}
        self.health_items: list[dict[str, Any]] = []
        self.numbers = itertools.count(1)
        self.log: list[str] = []
        super().__init__(network)

    def extra_headers(self) -> dict[str, str]:
        return {"X-Application-Version": self.version}

    def refuse(self, request: Request) -> Response | None:
        if request.path == "/ping" or not request.path.startswith(self.api):
            return None
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = request.query.get("apikey") or request.headers.get("x-api-key") or bearer
        return None if given == self.key else Response(status=401)

    def routes(self) -> list[tuple[str, str, Route]]:
        api = self.api
        routes: list[tuple[str, str, Route]] = [
            ("GET", "/ping", lambda request: reply({"status": "OK"})),
            ("GET", f"{api}/system/status", lambda request: reply(self._status())),
            ("GET", f"{api}/health", lambda request: reply(self.health_items)),
            ("POST", f"{api}/command", self._command),
            (
                "GET",
                rf"{api}/command/(\d+)",
                lambda request: reply(
                    {"id": int(request.match[0]), "name": "?", "status": "completed", "result": "successful"}
                ),
            ),
        ]
        for kind in self.kinds:
            routes += [
                ("GET", f"{api}/{kind}", self._listing(kind)),
                ("GET", rf"{api}/{kind}/(\d+)", self._one(kind)),
                ("PUT", rf"{api}/{kind}/(\d+)", self._put(kind)),
                ("POST", f"{api}/{kind}", self._add(kind)),
                ("DELETE", rf"{api}/{kind}/(\d+)", self._delete(kind)),
                ("POST", f"{api}/{kind}/test", self._test(kind)),
                ("POST", f"{api}/{kind}/testall", self._test_all(kind)),
            ]
        return routes

    def run_test(self, kind: str, resource: dict[str, Any]) -> list[dict[str, Any]]:
        """Test a provider for real; an empty list is success."""
        return []

    def command(self, name: str, body: dict[str, Any]) -> bool:
        """Do what a command asks; False where the app does not know it."""
        return name == "CheckHealth"

    def enabled(self, resource: dict[str, Any]) -> bool:
        """Say whether tests of all include it."""
        return bool(resource.get("enable", True))

    def _status(self) -> dict[str, Any]:
        return {
            "appName": self.title,
            "instanceName": self.title,
            "version": self.version,
            "isDocker": True,
            "osName": "alpine",
            "appData": "/config",
            "startupPath": "/app/bin",
            "urlBase": "",
            "authentication": "forms",
            "branch": "master",
            "startTime": WHEN,
        }

    def _command(self, request: Request) -> Response:
        body = request.json()
        if not self.command(body.get("name", ""), body):
            return reply({"message": "unknown command", "description": "…"}, 500)
        return reply(
            {"id": next(self.numbers), "name": body["name"], "status": "completed", "result": "successful"}, 201
        )

    def _listing(self, kind: str) -> Route:
        return lambda request: reply([self._masked(one) for one in self.providers[kind]])

    def _masked(self, resource: dict[str, Any]) -> dict[str, Any]:
        fields = [
            {**one, "value": MASK} if one["name"] in PRIVATE and one["value"] else one for one in resource["fields"]
        ]
        return {**resource, "fields": fields}

    def _find(self, kind: str, number: int) -> dict[str, Any] | None:
        return next((one for one in self.providers[kind] if one["id"] == number), None)

    def _one(self, kind: str) -> Route:
        def route(request: Request) -> Response:
            found = self._find(kind, int(request.match[0]))
            return reply(self._masked(found)) if found else reply({"message": "NotFound"}, 404)

        return route

    def _unmasked(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Put stored secrets where the caller sent the mask."""
        stored = self._find(kind, body.get("id", 0))
        fields = [
            {**one, "value": value_of(stored, one["name"])}
            if stored and one["name"] in PRIVATE and one.get("value") == MASK
            else one
            for one in body.get("fields", [])
        ]
        return {**body, "fields": fields}

    def _put(self, kind: str) -> Route:
        def route(request: Request) -> Response:
            number, body = int(request.match[0]), self._unmasked(kind, request.json())
            if self._find(kind, number) is None:
                return reply({"message": "NotFound"}, 404)
            if request.query.get("forceSave") != "true" and (found := self.run_test(kind, body)):
                return reply(found, 400)
            self.providers[kind] = [body if one["id"] == number else one for one in self.providers[kind]]
            return reply(self._masked(body), 202)

        return route

    def _add(self, kind: str) -> Route:
        def route(request: Request) -> Response:
            body = {**request.json(), "id": max([one["id"] for one in self.providers[kind]], default=0) + 1}
            self.providers[kind].append(body)
            return reply(self._masked(body), 201)

        return route

    def _delete(self, kind: str) -> Route:
        def route(request: Request) -> Response:
            self.providers[kind] = [one for one in self.providers[kind] if one["id"] != int(request.match[0])]
            return reply({})

        return route

    def _test(self, kind: str) -> Route:
        def route(request: Request) -> Response:
            found = self.run_test(kind, self._unmasked(kind, request.json()))
            return reply(found, 400) if found else reply({})

        return route

    def _test_all(self, kind: str) -> Route:
        def route(request: Request) -> Response:
            results = []
            for one in self.providers[kind]:
                if self.enabled(one):
                    found = self.run_test(kind, one)
                    results.append({"id": one["id"], "isValid": not found, "validationFailures": found})
            return reply(results, 200 if all(one["isValid"] for one in results) else 400)

        return route


def in_words(error: OSError) -> str:
    """Say what a failed call says in the apps' messages."""
    return str(error) if isinstance(error, NoSuchName | ConnectionRefusedError) else f"Http request timed out ({error})"
