"""What simulated Radarr and Sonarr really do: search at Prowlarr, hand over to qBittorrent, import files, tell Plex."""

import json
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from homelab_assets.media.simulator.servarr import WHEN, ServarrApp, failure, in_words, value_of
from homelab_assets.media.simulator.server import Answer, Network

HostPath = Callable[[str], Path | None]


class Flow(ServarrApp):
    """The moving part of Radarr and Sonarr.

    Attributes:
        roots: root folders. mappings: remote path mappings. titles: films or series. history, grabs: what happened.
        see: tells where a path of this container is on the host, None where on no mount.
    """

    category_field = "movieCategory"

    def __init__(self, network: Network, key: str, see: HostPath) -> None:
        self.see = see
        self.roots: list[str] = []
        self.mappings: list[dict[str, Any]] = []
        self.titles: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.grabs: dict[str, dict[str, Any]] = {}
        self.handling = {"id": 1, "enableCompletedDownloadHandling": True, "autoRedownloadFailed": True}
        super().__init__(network, key)

    def _torznab(self, indexer: dict[str, Any], **query: str) -> Any:
        base = str(value_of(indexer, "baseUrl")).rstrip("/") + str(value_of(indexer, "apiPath")).rstrip("/")
        categories = ",".join(str(one) for one in value_of(indexer, "categories") or [])
        url = f"{base}?{urlencode({'cat': categories, 'apikey': value_of(indexer, 'apiKey') or '', **query})}"
        return self.network.call("GET", url), url

    def test_indexer(self, indexer: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            response, url = self._torznab(indexer, t="search")
        except OSError as error:
            return [
                failure(
                    "",
                    f"Unable to connect to indexer, check the log for more details. {in_words(error)}",
                )
            ]
        if response.status == 401:
            text = f"Unable to connect to indexer, invalid credentials. {_failed(response, url)}"
            return [failure("", text)]
        if response.status != 200:
            return [
                failure(
                    "",
                    f"Unable to connect to indexer. {_failed(response, url)}",
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

    def test_client(self, client: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            cookie = self._torrent_login(client)
            if cookie is None:
                return [failure("Username", "Authentication failure")]
            # It makes a category that is not there yet, as the apps do.
            category = str(value_of(client, self.category_field) or "")
            if not category:
                return []
            if category not in self._categories(client, cookie):
                self._torrent_call(client, "POST", "/api/v2/torrents/createCategory", {"category": category}, cookie)
            if category not in self._categories(client, cookie):
                field = self.category_field[0].upper() + self.category_field[1:]
                return [failure(field, "Configuration of category failed")]
        except OSError as error:
            return [failure("Host", f"Unable to connect to qBittorrent. {in_words(error)}")]
        return []

    def _categories(self, client: dict[str, Any], cookie: str) -> Any:
        return json.loads(self._torrent_call(client, "GET", "/api/v2/torrents/categories", cookie=cookie).text)

    def search_and_grab(self, title: dict[str, Any]) -> None:
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

    def importing(self) -> None:
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
        target.unlink(missing_ok=True)
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


def _failed(response: Answer, url: str) -> str:
    """Say it as the apps do, with the whole URL and its key."""
    return f"HTTP request failed: [{response.status}:{response.reason}] [GET] at [{url}]"
