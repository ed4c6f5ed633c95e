"""Overseerr and its successor Seerr: the same API v1. A refused key is 403 here, not 401."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from homelab_assets.media.clients.shapes import OVERSEERR, read
from homelab_assets.media.clients.transport import Reply, Transport, Trouble, json_of, usable
from homelab_assets.media.settings import Service

_STATUS_SECONDS = 2.5
AGENTS = (
    "email", "webpush", "discord", "telegram", "pushover", "pushbullet", "slack", "gotify", "webhook",
    "ntfy",  # Seerr alone
    "lunasea",  # Overseerr alone
)  # fmt: skip


class Overseerr(Struct, frozen=True, kw_only=True):
    """A client of Overseerr or Seerr."""

    transport: Transport

    @classmethod
    def of(cls, service: Service) -> "Overseerr":
        """Make a client from settings."""
        headers = {"X-Api-Key": service.api_key} if service.api_key else {}
        return cls(transport=Transport.of(service, headers))

    def alive(self) -> Mapping[str, Any] | Trouble:
        """Return `version` and more; needs no key and proves none."""
        found: Mapping[str, Any] | Trouble = read(
            self.transport.get("/api/v1/status", seconds=_STATUS_SECONDS), OVERSEERR["/status"]
        )
        if not isinstance(found, Trouble) or found.cause != "unreachable" or "refused" in found.detail:
            return found
        # It asks GitHub for news before it answers, which takes long where the internet is away.
        return read(
            self.transport.get("/api/v1/settings/public", seconds=_STATUS_SECONDS), OVERSEERR["/settings/public"]
        )

    def main(self) -> Mapping[str, Any] | Trouble:
        """Return the main settings, which only the right key shows. The key itself is left out."""
        found = read(self.transport.get("/api/v1/settings/main"), OVERSEERR["/settings/main"])
        return found if isinstance(found, Trouble) else {key: value for key, value in found.items() if key != "apiKey"}

    def servers(self, app: str) -> Sequence[Mapping[str, Any]] | Trouble:
        """Return the configured servers of `radarr` or `sonarr`. **Their `apiKey` is in clear.**"""
        return read(self.transport.get(f"/api/v1/settings/{app}"), OVERSEERR[f"/settings/{app}"])

    def test(self, app: str, server: Mapping[str, Any]) -> Mapping[str, Any] | Trouble:
        """Let Overseerr call a server. Every failure is the same 500, except CSRF protection, which is 403."""
        body = {key: server.get(key) for key in ("hostname", "port", "apiKey", "useSsl", "baseUrl")}
        answer = self.transport.change(
            "POST",
            f"/api/v1/settings/{app}/test",
            json={k: v for k, v in body.items() if v is not None},
            kind="test",
            seconds=20,
        )
        if isinstance(answer, Reply) and answer.status == 403:
            return Trouble("csrf", f"{answer.where} answers 403 although the key reads settings")
        if isinstance(answer, Reply) and answer.status == 500:
            return Trouble("unreachable", f"{answer.where}: Overseerr fails to connect to {app}")
        return json_of(answer, dict)

    def update_server(self, app: str, server: Mapping[str, Any]) -> Trouble | None:
        """Write a server back whole."""
        body = {key: value for key, value in server.items() if key != "id"}
        reply = usable(self.transport.change("PUT", f"/api/v1/settings/{app}/{server['id']}", json=body, kind="write"))
        return reply if isinstance(reply, Trouble) else None

    def notifications(self, agent: str) -> Mapping[str, Any] | Trouble:
        """Return `enabled` of one notification agent; its options, which hold secrets, are left out."""
        answer = self.transport.get(f"/api/v1/settings/notifications/{agent}")
        found = read(answer, OVERSEERR["/settings/notifications"])
        return found if isinstance(found, Trouble) else {"enabled": bool(found.get("enabled"))}

    def request_movie(self, tmdb_id: int) -> Mapping[str, Any] | Trouble:
        """Ask for a film. 409 means that it was asked for before, which is as good."""
        answer = self.transport.change(
            "POST", "/api/v1/request", json={"mediaType": "movie", "mediaId": tmdb_id}, kind="write"
        )
        if isinstance(answer, Reply) and answer.status == 409:
            return {"id": None, "status": "duplicate"}
        return read(answer, OVERSEERR["/request"])
