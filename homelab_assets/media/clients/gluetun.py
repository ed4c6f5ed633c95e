"""Gluetun's control server. Only GET: a PUT to the same routes stops the tunnel."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from homelab_assets.media.clients.shapes import GLUETUN, read
from homelab_assets.media.clients.transport import Reply, Transport, Trouble
from homelab_assets.media.settings import Service


class Gluetun(Struct, frozen=True, kw_only=True):
    """A client of Gluetun."""

    transport: Transport

    @classmethod
    def of(cls, service: Service) -> "Gluetun":
        """Make a client from settings: API key, or user and password, or neither."""
        headers = {"X-API-Key": service.api_key} if service.api_key else {}
        if service.username:
            import base64

            pair = base64.b64encode(f"{service.username}:{service.password or ''}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        return cls(transport=Transport.of(service, headers))

    def alive(self) -> Mapping[str, Any] | Trouble:
        """Return `{"status": "running"}` and its kin."""
        # Not /v1/openvpn/status: that says "stopped" on WireGuard while the tunnel runs.
        return self._ask("/v1/vpn/status")

    def public_ip(self) -> Mapping[str, Any] | Trouble:
        """Return `public_ip` and `organization` as they were after the last connect; "" where unknown."""
        return self._ask("/v1/publicip/ip")

    def _ask(self, path: str) -> Mapping[str, Any] | Trouble:
        answer = self.transport.get(path)
        if isinstance(answer, Reply) and answer.status == 401:
            return Trouble("vpn_probe_unauthorised", f"{answer.where} answers 401")
        return read(answer, GLUETUN[path])
