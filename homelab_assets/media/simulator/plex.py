"""Simulated Plex: scans folders that really exist, by events, on request, or not at all."""

import posixpath
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homelab_assets.media.simulator.server import App, Network, Request, Response, Route, reply, words


class Plex(App):
    """Plex Media Server.

    Attributes:
        token: the administrator's. preferences: by id. sections: libraries. found: files by library key.
        events: change events arrive, which they do not on a network file system.
    """

    name, port = "plex", 32400

    def __init__(self, network: Network, token: str, see: Callable[[str], Path | None]) -> None:
        self.token, self.see, self.events = token, see, True
        self.preferences: dict[str, Any] = {
            "FSEventLibraryUpdatesEnabled": True,
            "FSEventLibraryPartialScanEnabled": True,
            "ScheduledLibraryUpdatesEnabled": False,
            "ScheduledLibraryUpdateInterval": 3600,
            "autoEmptyTrash": True,
        }
        self.sections: list[dict[str, Any]] = []
        self.found: dict[str, list[str]] = {}
        self.unreadable = False
        super().__init__(network)

    def refuse(self, request: Request) -> Response | None:
        given = request.headers.get("x-plex-token") or request.query.get("X-Plex-Token")
        if request.path == "/identity" or given == self.token:
            return None
        return words("<html><head><title>Unauthorized</title></head></html>", 401, "text/html")

    def answer(self, request: Request) -> Response:
        response = super().answer(request)
        if response.status == 200 and response.body and "json" not in request.headers.get("accept", ""):
            return words('<?xml version="1.0"?><MediaContainer size="0"/>', kind="application/xml")
        return response

    def routes(self) -> list[tuple[str, str, Route]]:
        return [
            (
                "GET",
                "/identity",
                lambda request: _container(claimed=True, machineIdentifier="0123456789abcdef", version="1.43.0"),
            ),
            ("GET", "/status/sessions", lambda request: _container()),
            ("GET", "/:/prefs", lambda request: _container(Setting=self._settings())),
            ("PUT", "/:/prefs", self._set),
            ("GET", "/library/sections", lambda request: _container(Directory=self.sections)),
            ("GET", r"/library/sections/(\w+)/all", self._all),
            ("GET", r"/library/sections/(\w+)/refresh", self._refresh),
            ("GET", r"/library/metadata/(\d+)", self._item),
        ]

    def scan(self) -> None:
        """Look through all libraries' folders."""
        for section in self.sections:
            files = []
            for location in section["Location"]:
                folder = self.see(location["path"])
                files += sorted(str(one) for one in folder.rglob("*.mkv")) if folder and folder.is_dir() else []
            self.found[section["key"]] = files

    def _settings(self) -> list[dict[str, Any]]:
        return [
            {"id": name, "value": value, "default": value, "type": "bool" if isinstance(value, bool) else "text"}
            for name, value in self.preferences.items()
        ]

    def _set(self, request: Request) -> Response:
        for name, value in request.query.items():
            if name in self.preferences:
                self.preferences[name] = {"1": True, "true": True, "0": False, "false": False}.get(value, value)
        return Response()

    def _refresh(self, request: Request) -> Response:
        self.scan()
        return Response()

    def _all(self, request: Request) -> Response:
        if self.preferences["FSEventLibraryUpdatesEnabled"] and self.events:
            self.scan()
        wanted = request.query.get("title", "").lower()
        items = [self._metadata(file) for file in self.found.get(request.match[0], [])]
        fitting = [one for one in items if wanted in one["title"].lower()]
        return _container(Metadata=fitting[: int(request.query.get("X-Plex-Container-Size", "50"))])

    def _item(self, request: Request) -> Response:
        files = [file for found in self.found.values() for file in found]
        match = [one for file in files if (one := self._metadata(file, look=True))["ratingKey"] == request.match[0]]
        return _container(Metadata=match) if match else words("<html>Not Found</html>", 404, "text/html")

    def _metadata(self, file: str, *, look: bool = False) -> dict[str, Any]:
        title = posixpath.basename(file).removesuffix(".mkv").partition(" (")[0]
        there = {"exists": Path(file).is_file(), "accessible": Path(file).is_file()} if look else {}
        media = [] if self.unreadable else [{"Part": [{"file": file, "size": 6, **there}]}]
        key = str(zlib.crc32(file.encode()))
        return {"ratingKey": key, "title": title, "type": "movie", "Media": media}


def _container(**content: Any) -> Response:
    size = len(next((value for value in content.values() if isinstance(value, list)), []))
    return reply({"MediaContainer": {"size": size, **content}})


def section(key: str, title: str, kind: str, *paths: str) -> dict[str, Any]:
    """Make a library."""
    locations = [{"id": number, "path": path} for number, path in enumerate(paths, 1)]
    return {
        "key": key,
        "uuid": f"00000000-0000-4000-8000-{key:>012}",
        "title": title,
        "type": kind,
        "language": "en-US",
        "refreshing": False,
        "scannedAt": 1763877600,
        "Location": locations,
    }
