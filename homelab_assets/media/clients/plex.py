"""Plex Media Server. It speaks XML unless asked for JSON."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from homelab_assets.media.clients.shapes import PLEX, fitting
from homelab_assets.media.clients.transport import Transport, Trouble, json_of, usable
from homelab_assets.media.settings import Service


class Library(Struct, frozen=True, kw_only=True):
    """A library: `kind` is `movie` or `show`; `locations` are folders as Plex sees them."""

    key: str
    title: str
    kind: str
    locations: Sequence[str]


class Plex(Struct, frozen=True, kw_only=True):
    """A client of Plex."""

    transport: Transport

    @classmethod
    def of(cls, service: Service) -> "Plex":
        """Make a client from settings."""
        headers = {"X-Plex-Token": service.token} if service.token else {}
        return cls(transport=Transport.of(service, headers))

    def alive(self) -> Mapping[str, Any] | Trouble:
        """Return `claimed`, `machineIdentifier` and `version`; needs no token."""
        return self._container("/identity", PLEX["/identity"])

    def sessions(self) -> Mapping[str, Any] | Trouble:
        """Return the current playback sessions, which only an administrator's token shows."""
        return self._container("/status/sessions", PLEX["/status/sessions"])

    def is_open(self) -> bool:
        """Say whether it lets this machine in without a token, so that no token is tested by any call."""
        if "X-Plex-Token" not in self.transport.headers:
            return True
        without = self.transport.call("GET", "/library/sections", kind="read", headers={"X-Plex-Token": None})
        return not isinstance(json_of(without, dict), Trouble)

    def preferences(self) -> Mapping[str, Any] | Trouble:
        """Return the server's settings by id."""
        found = self._container("/:/prefs", PLEX["/:/prefs"])
        if isinstance(found, Trouble):
            return found
        return {one["id"]: one.get("value", one.get("default")) for one in found.get("Setting") or [] if "id" in one}

    def libraries(self) -> Sequence[Library] | Trouble:
        """Return all libraries."""
        found = self._container("/library/sections", PLEX["/library/sections"])
        if isinstance(found, Trouble):
            return found
        return [
            Library(
                key=str(one.get("key")),
                title=str(one.get("title")),
                kind=str(one.get("type")),
                locations=[str(location.get("path")) for location in one.get("Location") or []],
            )
            for one in found.get("Directory") or []
        ]

    def content(
        self, library: str, *, title: str | None = None, limit: int = 1, fresh: bool = False
    ) -> Sequence[Mapping[str, Any]] | Trouble:
        """Return items of a library, newest first, at most `limit`."""
        params = {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": str(limit), "sort": "addedAt:desc"}
        if title:
            params["title"] = title
        path, shape = f"/library/sections/{quote(library)}/all", PLEX["/library/sections/all"]
        found = self._container(path, shape, params=params, fresh=fresh)
        return found if isinstance(found, Trouble) else list(found.get("Metadata") or [])

    def item(self, key: str) -> Mapping[str, Any] | Trouble:
        """Return one item; Plex looks at its files meanwhile, so that `exists` and `accessible` of a part are true."""
        path, shape = f"/library/metadata/{quote(key)}", PLEX["/library/metadata"]
        found = self._container(path, shape, params={"checkFiles": "1"}, fresh=True)
        return found if isinstance(found, Trouble) else next(iter(found.get("Metadata") or []), {})

    def set_preference(self, name: str, value: str) -> Trouble | None:
        """Change one setting of the server."""
        reply = usable(self.transport.change("PUT", "/:/prefs", params={name: value}, kind="write"))
        return reply if isinstance(reply, Trouble) else None

    def _container(self, path: str, shape: Any, *, fresh: bool = False, **options: Any) -> Mapping[str, Any] | Trouble:
        found = json_of(self.transport.get(path, fresh=fresh, **options), dict)
        if isinstance(found, Trouble):
            return found
        container = found.get("MediaContainer")
        if not isinstance(container, dict):
            return Trouble("not_json", f"{path}: no MediaContainer in the answer")
        return fitting(container, shape, f"GET {self.transport.base}{path}")
