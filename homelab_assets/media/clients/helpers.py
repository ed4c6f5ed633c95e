"""Bazarr and SABnzbd, which stand beside the chain: are they up, and is the key right?"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from homelab_assets.media.clients.transport import Reply, Transport, Trouble, json_of, usable
from homelab_assets.media.settings import Service
from homelab_assets.model import Unprinted


class Bazarr(Struct, frozen=True, kw_only=True):
    """A client of Bazarr."""

    transport: Transport

    @classmethod
    def of(cls, service: Service) -> "Bazarr":
        """Make a client from settings."""
        headers = {"X-API-KEY": service.api_key} if service.api_key else {}
        return cls(transport=Transport.of(service, headers))

    def alive(self) -> str | Trouble:
        """Say whether it answers; its start page needs no key."""
        reply = self.transport.get("/api/system/status")
        if isinstance(reply, Reply) and reply.status in (401, 403):
            return "answers"
        found = usable(reply)
        return found if isinstance(found, Trouble) else "answers"

    def status(self) -> Mapping[str, Any] | Trouble:
        """Return version and more."""
        return json_of(self.transport.get("/api/system/status"), dict)


class SABnzbd(Unprinted, Struct, frozen=True, kw_only=True):
    """A client of SABnzbd. Its key goes into the query, so it is among the texts that are scrubbed."""

    transport: Transport
    key: str = ""

    @classmethod
    def of(cls, service: Service) -> "SABnzbd":
        """Make a client from settings."""
        return cls(transport=Transport.of(service), key=service.api_key or "")

    def alive(self) -> Mapping[str, Any] | Trouble:
        """Return the version; needs no key."""
        answer = self.transport.get("/api", params={"mode": "version", "output": "json"})
        if isinstance(answer, Reply) and answer.status == 403:
            return Trouble("host_header_blocked", f"{answer.where}: {self.transport.scrub(answer.text.strip()[:200])}")
        return json_of(answer, dict)

    def status(self) -> Mapping[str, Any] | Trouble:
        """Return the queue's state. A wrong key comes as status 200 or 403 with an error in the body."""
        found = json_of(
            self.transport.get("/api", params={"mode": "queue", "limit": "0", "output": "json", "apikey": self.key}),
            dict,
        )
        if not isinstance(found, Trouble) and (found.get("error") or found.get("status") is False):
            return Trouble("key_rejected", self.transport.scrub(f"SABnzbd: {found.get('error')}"))
        return found
