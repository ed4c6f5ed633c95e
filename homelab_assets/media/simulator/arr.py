"""Simulated Radarr and Sonarr: their API over what `flow` really does."""

import posixpath
from typing import Any

from homelab_assets.media.simulator.flow import Flow, HostPath
from homelab_assets.media.simulator.servarr import WHEN
from homelab_assets.media.simulator.server import Network, Request, Response, Route, reply


class Arr(Flow):
    """Radarr or Sonarr.

    Attributes:
        profiles: quality profiles. catalogue: films that its metadata service knows. management: media management.
        free: bytes that are left at root folders, where it is not plenty.
    """

    kinds = ("indexer", "downloadclient", "notification")
    media, category_field = "movie", "movieCategory"

    def __init__(self, network: Network, key: str, see: HostPath) -> None:
        self.profiles = [{"id": 1, "name": "HD-1080p"}, {"id": 4, "name": "Any"}]
        self.management = {
            "id": 1, "copyUsingHardlinks": True, "importExtraFiles": False,
            "skipFreeSpaceCheckWhenImporting": False, "minimumFreeSpaceWhenImporting": 100,
        }  # fmt: skip
        self.free: dict[str, int] = {}
        self.catalogue: list[dict[str, Any]] = [
            {"title": "Night of the Living Dead", "year": 1968, "tmdbId": 10331, "titleSlug": "10331"}
        ]
        super().__init__(network, key, see)

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
                return self.test_indexer(resource)
            case "downloadclient":
                return self.test_client(resource)
            case _:
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
                    "freeSpace": self.free.get(path, 10**12) if there else None,
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
        # As the real ones: what follows the last slash is something half typed, and not looked at.
        path = request.query.get("path", "/").rpartition("/")[0] + "/"
        host = self.see(path)
        names = sorted(one.name for one in host.iterdir() if one.is_dir()) if host and host.is_dir() else []
        listing = [
            {"type": "folder", "name": name, "path": posixpath.join(path, name) + "/", "size": 0, "lastModified": WHEN}
            for name in names
        ]
        return reply({"parent": posixpath.dirname(path), "directories": listing, "files": []})

    def _titles(self, request: Request) -> Response:
        self.importing()
        return reply(self.titles)

    def _lookup(self, request: Request) -> Response:
        term = request.query.get("term", "").lower().removeprefix("tmdb:")
        return reply([one for one in self.catalogue if term in (str(one.get("tmdbId")), one["title"].lower())])

    def _paged(self, records: list[dict[str, Any]]) -> Response:
        head = {"page": 1, "pageSize": 50, "sortKey": "date", "sortDirection": "descending"}
        return reply({**head, "totalRecords": len(records), "records": records})

    def _history(self, request: Request) -> Response:
        self.importing()
        wanted = {"1": "grabbed", "3": "downloadFolderImported"}.get(request.query.get("eventType", ""))
        return self._paged([one for one in reversed(self.history) if wanted in (None, one["eventType"])])

    def _queue(self, request: Request) -> Response:
        self.importing()
        return self._paged(
            [
                {
                    "id": number,
                    "title": one["title"],
                    "status": "downloading",
                    "trackedDownloadState": one["state"],
                    "trackedDownloadStatus": "ok",
                    "statusMessages": one["messages"],
                    "downloadId": identity,
                    "outputPath": one["path"],
                }
                for number, (identity, one) in enumerate(self.grabs.items(), 1)
            ]
        )

    def _add_title(self, request: Request) -> Response:
        body = {**request.json(), "id": len(self.titles) + 1, "hasFile": False, "monitored": True}
        self.titles.append(body)
        if (body.get("addOptions") or {}).get("searchForMovie"):
            self.search_and_grab(body)
        return reply(body, 201)


class Radarr(Arr):
    """Simulated Radarr, 5 or 6."""

    name, title, port, version = "radarr", "Radarr", 7878, "6.0.4.10291"


class Sonarr(Arr):
    """Simulated Sonarr 4."""

    name, title, port, version = "sonarr", "Sonarr", 8989, "4.0.19.2979"
    media, category_field = "series", "tvCategory"
