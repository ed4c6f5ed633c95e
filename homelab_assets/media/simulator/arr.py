"""Simulated Radarr and Sonarr: they really call Prowlarr and qBittorrent, and really import files."""

import json
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from homelab_assets.media.simulator.server import Network, Request, Response, Route, reply
from homelab_assets.media.simulator.servarr import WHEN, ServarrApp, failure, in_words, value_of

HostPath = Callable[[str], Path | None]


class Arr(ServarrApp):
    """Radarr or Sonarr.

    Attributes:
        roots: root folders. mappings: remote path mappings. titles: films or series. history, grabs: what happened.
        see: tells where a path of this container is on the host, None where on no mount.
    """

    kinds = ("indexer", "downloadclient", "notification")
    media, category_field, title_field = "movie", "movieCategory", "tmdbId"

    def __init__(self, network: Network, key: str, see: HostPath) -> None:
        self.see = see
        self.roots: list[str] = []
        self.mappings: list[dict[str, Any]] = []
        self.profiles = [{"id": 1, "name": "HD-1080p"}, {"id": 4, "name": "Any"}]
        self.titles: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.grabs: dict[str, dict[str, Any]] = {}
        self.handling = {"id": 1, "enableCompletedDownloadHandling": True, "autoRedownloadFailed": True}
        self.management = {"id": 1, "copyUsingHardlinks": True, "importExtraFiles": False}
        self.catalogue: list[dict[str, Any]] = [
            {"title": "Night of the Living Dead", "year": 1968, "tmdbId": 10331, "titleSlug": "10331"}
        ]
        super().__init__(network, key)

    def routes(self) -> list[tuple[str, str, Route]]:
        api = self.api
        return [
            ("GET", f"{api}/rootfolder", lambda request: reply(self._rootfolders())),
            ("POST", f"{api}/rootfolder", self._add_root),
            ("DELETE", rf"{api}/rootfolder/(\d+)", self._drop_root),
            ("GET", f"{api}/remotepathmapping", lambda request: reply(self.mappings)),
            ("POST", f"{api}/remotepathmapping", self._add_mapping),
            ("DELETE", rf"{api}/remotepathmapping/(\d+)", self._drop_mapping),
            ("GET", f"{api}/qualityprofile", lambda request: reply(self.profiles)),
            ("GET", f"{api}/tag", lambda request: reply([])),
            ("GET", f"{api}/config/downloadclient", lambda request: reply(self.handling)),
            ("PUT", rf"{api}/config/downloadclient(?:/\d+)?", self._put_config("handling")),
            ("GET", f"{api}/config/mediamanagement", lambda request: reply(self.management)),
            ("PUT", rf"{api}/config/mediamanagement(?:/\d+)?", self._put_config("management")),
            ("GET", f"{api}/filesystem", self._filesystem),
            ("GET", f"{api}/history", self._history),
            ("GET", f"{api}/queue", self._queue),
            ("GET", f"{api}/{self.media}", self._titles),
            ("POST", f"{api}/{self.media}", self._add_title),
            ("GET", f"{api}/{self.media}/lookup", self._lookup),
            *super().routes(),
        ]

    def enabled(self, resource: dict[str, Any]) -> bool:
        return any(
            resource.get(key) for key in ("enable", "enableRss", "enableAutomaticSearch", "enableInteractiveSearch")
        )

    def run_test(self, kind: str, resource: dict[str, Any]) -> list[dict[str, Any]]:
        match kind:
            case "indexer":
                return self._test_indexer(resource)
            case "downloadclient":
                return self._test_client(resource)
            case _:
                return []

    def _torznab(self, indexer: dict[str, Any], **query: str) -> Any:
        base = str(value_of(indexer, "baseUrl")).rstrip("/") + str(value_of(indexer, "apiPath") or "/api")
        categories = ",".join(str(one) for one in value_of(indexer, "categories") or [])
        url = f"{base}?{urlencode({'cat': categories, 'apikey': value_of(indexer, 'apiKey') or '', **query})}"
        return self.network.call("GET", url), url

    def _test_indexer(self, indexer: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            response, url = self._torznab(indexer, t="search")
        except OSError as error:
            return [
                failure(
                    "",
                    f"Unable to connect to indexer, check the log above the ValidationFailure for more details. {in_words(error)}",
                )
            ]
        if response.status == 401:
            text = f"Unable to connect to indexer, invalid credentials. HTTP request failed: [401:Unauthorized] [GET] at [{url}]"
            return [failure("", text)]
        if response.status != 200:
            return [
                failure(
                    "",
                    f"Unable to connect to indexer. HTTP request failed: [{response.status}:{response.reason}] [GET] at [{url}]",
                )
            ]
        if "<item>" not in response.text:
            return [
                failure(
                    "", "Query successful, but no results in the configured categories were returned from your indexer."
                )
            ]
        return []

    def _torrent_call(
        self, client: dict[str, Any], method: str, path: str, form: dict[str, str] | None = None, cookie: str = ""
    ) -> Any:
        url = f"http://{value_of(client, 'host')}:{value_of(client, 'port')}{path}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", **({"Cookie": cookie} if cookie else {})}
        return self.network.call(method, url, body=urlencode(form).encode() if form else None, headers=headers)

    def _torrent_login(self, client: dict[str, Any]) -> str | None:
        form = {"username": str(value_of(client, "username")), "password": str(value_of(client, "password"))}
        answer = self._torrent_call(client, "POST", "/api/v2/auth/login", form)
        accepted = answer.status in (200, 204) and answer.text in ("", "Ok.")
        return str(answer.headers.get("Set-Cookie", "")).split(";")[0] if accepted else None

    def _test_client(self, client: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            cookie = self._torrent_login(client)
            if cookie is None:
                return [failure("Username", "Authentication failure")]
            self._torrent_call(client, "GET", "/api/v2/torrents/categories", cookie=cookie)
        except OSError as error:
            return [failure("Host", f"Unable to connect to qBittorrent. {in_words(error)}")]
        return []

    def _rootfolders(self) -> list[dict[str, Any]]:
        found = []
        for number, path in enumerate(self.roots, 1):
            host = self.see(path)
            there = host is None or host.is_dir()  # None: made inside the container
            found.append(
                {
                    "id": number,
                    "path": path,
                    "accessible": there,
                    "freeSpace": 10**12 if there else None,
                    "unmappedFolders": [],
                }
            )
        return found

    def _add_root(self, request: Request) -> Response:
        self.roots.append(request.json()["path"])
        return reply(self._rootfolders()[-1], 201)

    def _drop_root(self, request: Request) -> Response:
        del self.roots[int(request.match[0]) - 1]
        return reply({})

    def _add_mapping(self, request: Request) -> Response:
        body = {**request.json(), "id": max([one["id"] for one in self.mappings], default=0) + 1}
        self.mappings.append(body)
        return reply(body, 201)

    def _drop_mapping(self, request: Request) -> Response:
        self.mappings = [one for one in self.mappings if one["id"] != int(request.match[0])]
        return reply({})

    def _put_config(self, name: str) -> Route:
        def route(request: Request) -> Response:
            setattr(self, name, {**getattr(self, name), **request.json()})
            return reply(getattr(self, name), 202)

        return route

    def _filesystem(self, request: Request) -> Response:
        path = request.query.get("path", "/")
        host = self.see(path)
        names = sorted(one.name for one in host.iterdir() if one.is_dir()) if host and host.is_dir() else []
        listing = [
            {"type": "folder", "name": name, "path": posixpath.join(path, name) + "/", "size": 0, "lastModified": WHEN}
            for name in names
        ]
        return reply({"parent": posixpath.dirname(path), "directories": listing, "files": []})

    def _titles(self, request: Request) -> Response:
        self._importing()
        return reply(self.titles)

    def _lookup(self, request: Request) -> Response:
        term = request.query.get("term", "").lower().removeprefix("tmdb:")
        return reply([one for one in self.catalogue if term in (str(one.get("tmdbId")), one["title"].lower())])

    def _paged(self, records: list[dict[str, Any]]) -> Response:
        head = {"page": 1, "pageSize": 50, "sortKey": "date", "sortDirection": "descending"}
        return reply({**head, "totalRecords": len(records), "records": records})

    def _history(self, request: Request) -> Response:
        self._importing()
        wanted = {"1": "grabbed", "3": "downloadFolderImported"}.get(request.query.get("eventType", ""))
        return self._paged([one for one in reversed(self.history) if wanted in (None, one["eventType"])])

    def _queue(self, request: Request) -> Response:
        self._importing()
        return self._paged(
            [
                {"id": number, "title": one["title"], "status": "downloading", "trackedDownloadState": one["state"], "trackedDownloadStatus": "ok",
                 "statusMessages": one["messages"], "downloadId": identity, "outputPath": one["path"]}
                for number, (identity, one) in enumerate(self.grabs.items(), 1)
            ]
        )  # fmt: skip

    def _add_title(self, request: Request) -> Response:
        body = {**request.json(), "id": len(self.titles) + 1, "hasFile": False, "monitored": True}
        self.titles.append(body)
        if (body.get("addOptions") or {}).get("searchForMovie"):
            self._search_and_grab(body)
        return reply(body, 201)

    def _search_and_grab(self, title: dict[str, Any]) -> None:
        client = next((one for one in self.providers["downloadclient"] if self.enabled(one)), None)
        for indexer in (one for one in self.providers["indexer"] if self.enabled(one)):
            try:
                response, _ = self._torznab(indexer, t="movie", q=title["title"])
                cookie = self._torrent_login(client) if client else None
            except OSError as error:
                self.log.append(in_words(error))
                continue
            if response.status == 200 and "<item>" in response.text and client and cookie is not None:
                name = f"{title['title']} ({title.get('year')})"
                form = {
                    "urls": f"magnet:?xt={quote(name)}",
                    "category": str(value_of(client, self.category_field)),
                    "rename": name,
                }
                self._torrent_call(client, "POST", "/api/v2/torrents/add", form, cookie)
                self.grabs[name] = {
                    "title": name,
                    "state": "downloading",
                    "messages": [],
                    "path": "",
                    "movie": title["id"],
                }
                self.history.append(
                    {
                        "id": next(self.numbers),
                        "eventType": "grabbed",
                        "movieId": title["id"],
                        "date": WHEN,
                        "sourceTitle": name,
                        "downloadId": name,
                        "data": {},
                    }
                )
                return

    def _importing(self) -> None:
        """Look after grabbed downloads, as the app does every minute."""
        client = next((one for one in self.providers["downloadclient"] if self.enabled(one)), None)
        if not self.grabs or client is None or not self.handling["enableCompletedDownloadHandling"]:
            return
        try:
            cookie = self._torrent_login(client)
            torrents = json.loads(self._torrent_call(client, "GET", "/api/v2/torrents/info", cookie=cookie or "").text)
        except (OSError, ValueError):
            return
        for torrent in torrents:
            if torrent["name"] in self.grabs and torrent["progress"] >= 1:
                self._import(torrent["name"], torrent["content_path"], str(value_of(client, "host")))

    def _import(self, name: str, content: str, client_host: str) -> None:
        grab, path = self.grabs[name], content
        for mapping in self.mappings:
            if mapping["host"].lower() == client_host.lower() and content.startswith(mapping["remotePath"]):
                path = mapping["localPath"] + content.removeprefix(mapping["remotePath"])
        source = self.see(path)
        if source is None or not source.exists():
            grab.update(
                state="importBlocked",
                path=path,
                messages=[{"title": name, "messages": [f"No files found are eligible for import in {path}"]}],
            )
            return
        root = self.roots[0]
        target = self.see(posixpath.join(root, name, source.name))
        assert target is not None
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(source)
        data = {
            "droppedPath": path,
            "importedPath": posixpath.join(root, name, source.name),
            "downloadClient": "qBittorrent",
        }
        self.history.append(
            {
                "id": next(self.numbers),
                "eventType": "downloadFolderImported",
                "movieId": grab["movie"],
                "date": WHEN,
                "sourceTitle": name,
                "downloadId": name,
                "data": data,
            }
        )
        for title in self.titles:
            if title["id"] == grab["movie"]:
                title["hasFile"] = True
        del self.grabs[name]
        self.tell_plex()

    def tell_plex(self) -> None:
        """Call Plex where a connection to it is configured."""
        for one in self.providers["notification"]:
            if one["implementation"] == "PlexServer" and one.get("onDownload"):
                url = f"http://{value_of(one, 'host')}:{value_of(one, 'port')}/library/sections/1/refresh"
                self.network.call("GET", url, headers={"X-Plex-Token": str(value_of(one, "authToken"))})


class Radarr(Arr):
    """Simulated Radarr, 5 or 6."""

    name, title, port, version = "radarr", "Radarr", 7878, "6.0.4.10291"


class Sonarr(Arr):
    """Simulated Sonarr 4."""

    name, title, port, version = "sonarr", "Sonarr", 8989, "4.0.19.2979"
    media, category_field, title_field = "series", "tvCategory", "tvdbId"
