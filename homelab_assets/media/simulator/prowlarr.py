"""Simulated Prowlarr: tests applications by calling them, serves Torznab, and syncs its indexers into the apps."""

import json
from typing import Any

from homelab_assets.media.simulator.servarr import (
    MASK,
    WHEN,
    ServarrApp,
    failure,
    field_list,
    in_words,
    set_value,
    value_of,
)
from homelab_assets.media.simulator.server import Network, NoSuchName, Request, Response, Route, reply, words


class Prowlarr(ServarrApp):
    """Prowlarr.

    Attributes:
        paused: indexerstatus entries. results: what every tracker holds: title by category.
    """

    name, title, port, version, api = "prowlarr", "Prowlarr", 9696, "2.3.5.5323", "/api/v1"
    kinds = ("indexer", "applications")

    def __init__(self, network: Network, key: str) -> None:
        self.paused: list[dict[str, Any]] = []
        self.results = {2000: ["Night of the Living Dead 1968 1080p"], 5000: ["Pioneer One S01E01 720p"]}
        super().__init__(network, key)

    def routes(self) -> list[tuple[str, str, Route]]:
        return [
            ("GET", f"{self.api}/indexerstatus", lambda request: reply(self.paused)),
            ("GET", f"{self.api}/search", self._search),
            ("GET", r"/(\d+)/api", self._torznab),
            *super().routes(),
        ]

    def enabled(self, resource: dict[str, Any]) -> bool:
        return resource["syncLevel"] != "disabled" if "syncLevel" in resource else bool(resource["enable"])

    def command(self, name: str, body: dict[str, Any]) -> bool:
        if name == "ApplicationIndexerSync":
            for application in filter(self.enabled, self.providers["applications"]):
                self._push(application, force=bool(body.get("forceSync")))
        return name in ("CheckHealth", "ApplicationIndexerSync")

    def run_test(self, kind: str, resource: dict[str, Any]) -> list[dict[str, Any]]:
        if kind == "indexer":
            return []
        probe = {
            "id": 0,
            "name": "Test",
            "implementation": "Torznab",
            "enableRss": True,
            "fields": field_list(
                baseUrl=f"{value_of(resource, 'prowlarrUrl')}/0/", apiPath="/api", apiKey=self.key, categories=[2000]
            ),
        }
        try:
            response = self._call(resource, "POST", "/api/v3/indexer/test", probe)
        except OSError as error:
            return [
                failure("BaseUrl", f"Unable to complete application test, cannot connect to the app. {in_words(error)}")
            ]
        if response.status == 401:
            return [failure("ApiKey", "API Key is invalid")]
        if response.status == 400:
            inner = "; ".join(one.get("errorMessage", "") for one in json.loads(response.text))
            known = "Name or service not known" in inner
            return [
                failure(
                    "ProwlarrUrl",
                    f"Prowlarr URL is invalid, the app cannot connect to Prowlarr{': ' + inner if known else ''}",
                )
            ]
        if response.status >= 300:
            return [
                failure("BaseUrl", f"App URL is invalid, Prowlarr cannot connect to the app (HTTP {response.status})")
            ]
        return []

    def _call(self, application: dict[str, Any], method: str, path: str, body: Any = None) -> Any:
        headers = {"X-Api-Key": str(value_of(application, "apiKey")), "Content-Type": "application/json"}
        return self.network.call(method, str(value_of(application, "baseUrl")) + path, body=body, headers=headers)

    def _push(self, application: dict[str, Any], *, force: bool) -> None:
        try:
            found = json.loads(self._call(application, "GET", "/api/v3/indexer").text or "[]")
            # Without force no key is pushed: the app shows a mask, and a mask counts as the same key.
            for indexer in found if force else []:
                set_value(indexer, "apiKey", self.key)
                self._call(application, "PUT", f"/api/v3/indexer/{indexer['id']}?forceSave=true", indexer)
            there = {value_of(indexer, "baseUrl") for indexer in found}
            wanted = [synced(own, application, self.key) for own in self.providers["indexer"] if own["enable"]]
            for indexer in wanted:
                if value_of(indexer, "baseUrl") not in there:
                    self._call(application, "POST", "/api/v3/indexer", indexer)
        except (OSError, ValueError) as error:
            self.log.append(in_words(error) if isinstance(error, NoSuchName) else str(error))

    def _torznab(self, request: Request) -> Response:
        if request.query.get("apikey") != self.key:
            return words("Unauthorized", 401)
        number = int(request.match[0])
        indexer = next((one for one in self.providers["indexer"] if one["id"] == number), None)
        if number and (indexer is None or not indexer["enable"]):
            return words('<error code="410" description="Indexer is disabled" />', 410, "application/xml")
        if any(one["indexerId"] == number for one in self.paused):
            return words(
                '<error code="429" description="Indexer is disabled till later" />',
                429,
                "application/xml",
                **{"Retry-After": "600"},
            )
        wanted = {int(one) // 1000 * 1000 for one in request.query.get("cat", "").split(",") if one.isdigit()}
        query = request.query.get("q", "").lower()
        titles = [
            title
            for category, found in self.results.items()
            if category in wanted
            for title in found
            if query in title.lower()
        ]
        items = "".join(f"<item><title>{title}</title></item>" for title in titles)
        return words(f'<?xml version="1.0"?><rss><channel>{items}</channel></rss>', kind="application/rss+xml")

    def _search(self, request: Request) -> Response:
        ready = [
            one
            for one in self.providers["indexer"]
            if one["enable"] and one["id"] not in {p["indexerId"] for p in self.paused}
        ]
        if not ready:
            return reply({"message": "Search failed due to all selected indexers being unavailable"}, 400)
        query = request.query.get("query", "").lower()
        titles = [title for found in self.results.values() for title in found if query in title.lower()]
        return reply(
            [
                {
                    "guid": title,
                    "title": title,
                    "indexerId": ready[0]["id"],
                    "indexer": ready[0]["name"],
                    "size": 10**9,
                    "publishDate": WHEN,
                }
                for title in titles
            ]
        )


def application(number: int, name: str, port: int, key: str) -> dict[str, Any]:
    """Make an application of Prowlarr's."""
    return {
        "id": number,
        "name": name,
        "implementation": name,
        "implementationName": name,
        "configContract": f"{name}Settings",
        "syncLevel": "fullSync",
        "tags": [],
        "fields": field_list(
            prowlarrUrl="http://prowlarr:9696",
            baseUrl=f"http://{name.lower()}:{port}",
            apiKey=key,
            syncCategories=[5000 if name == "Sonarr" else 2000],
        ),
    }


def synced(indexer: dict[str, Any], application: dict[str, Any], key: str) -> dict[str, Any]:
    """Make what Prowlarr hands to an application for one of its indexers."""
    return {
        "id": indexer["id"],
        "name": f"{indexer['name']} (Prowlarr)",
        "implementation": "Torznab",
        "configContract": "TorznabSettings",
        "protocol": "torrent",
        "enableRss": True,
        "enableAutomaticSearch": True,
        "enableInteractiveSearch": True,
        "priority": 25,
        "tags": [],
        "fields": field_list(
            baseUrl=f"{value_of(application, 'prowlarrUrl')}/{indexer['id']}/",
            apiPath="/api",
            apiKey=key,
            categories=value_of(application, "syncCategories"),
        ),
    }


__all__ = ["MASK", "Prowlarr", "application", "synced"]
