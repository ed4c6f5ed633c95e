"""qBittorrent's Web API, up to 5.1 (`200 Ok.`, cookie SID) and from 5.2 (`204`, cookie QBT_SID_<port>, API keys).

At most one login per client: five wrong ones ban the caller's address for an hour. After a refused login the client
does not try that credential again, also not in a later run when it is given a memory.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from msgspec import Struct, field

from homelab_assets.media.clients.shapes import QBITTORRENT, read
from homelab_assets.media.clients.transport import Reply, Transport, Trouble, usable
from homelab_assets.media.settings import Service
from homelab_assets.model import Unprinted

# app/preferences holds passwords too; only these leave the client.
_PREFERENCES = (
    "save_path", "temp_path", "temp_path_enabled", "auto_tmm_enabled", "use_category_paths_in_manual_mode",
    "category_changed_tmm_enabled",
    "current_network_interface", "current_interface_address", "listen_port", "upnp", "anonymous_mode",
    "web_ui_port", "web_ui_username", "web_ui_host_header_validation_enabled", "web_ui_csrf_protection_enabled",
    "bypass_local_auth", "bypass_auth_subnet_whitelist_enabled", "max_ratio_enabled", "max_ratio_act",
)  # fmt: skip


class QBittorrent(Unprinted, Struct, kw_only=True):
    """A client of qBittorrent.

    Attributes:
        service: URL and credentials. memory: what was refused before, by URL; the values are fingerprints.
        fingerprint: of the credentials, keyed; "" where no memory is kept.
    """

    service: Service
    transport: Transport
    memory: MutableMapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    _login: "str | Trouble | None" = None

    @classmethod
    def of(
        cls, service: Service, memory: MutableMapping[str, str] | None = None, fingerprint: str = ""
    ) -> "QBittorrent":
        """Make a client from settings."""
        # Neither Origin nor Referer: a foreign one is taken for cross-site forgery.
        headers = {"Authorization": f"Bearer {service.api_key}"} if service.api_key else {}
        transport = Transport.of(service, headers)
        return cls(
            service=service, transport=transport, memory={} if memory is None else memory, fingerprint=fingerprint
        )

    def alive(self) -> str | Trouble:
        """Ask for a sign of life without logging in: what was seen, in words."""
        answer = self.transport.get("/api/v2/app/version")
        if isinstance(answer, Trouble):
            return answer
        text = answer.text.strip()
        # It refuses in one word; a page of many is that of a proxy.
        if answer.status == 403 and text in ("Forbidden", ""):
            return "answers, and wants a login"
        if answer.status == 403 and "banned" in text:
            return "answers, and has banned this address"
        # Without an Origin, 401 before any login is the check of the Host header; with an API key it is the key.
        if answer.status == 401 and text in ("Unauthorized", ""):
            if self.service.api_key:
                return "answers, and refuses the API key"
            return Trouble("host_header_blocked", f"{answer.where} answers 401 before any login")
        if answer.status == 200 and text.startswith("v"):
            return f"answers as {text}"
        return _no_qbittorrent(answer)

    def login(self) -> str | Trouble:
        """Log in once; later calls give the first result. Returns how access was gained, in words."""
        if self._login is None:
            self._login = self._log_in()
        return self._login

    def _log_in(self) -> str | Trouble:
        open_already = self.transport.get("/api/v2/app/version")
        if isinstance(open_already, Trouble):
            return open_already
        if open_already.status == 200:
            return "API key accepted" if self.service.api_key else "no login needed from here"
        if open_already.status not in (401, 403):
            return _no_qbittorrent(open_already)
        if self.service.api_key:
            return Trouble("key_rejected", "the API key is refused")
        if "banned" in open_already.text:
            return Trouble("banned", open_already.text.strip())
        if not self.service.password:
            return Trouble("key_missing", "qBittorrent wants a login and no password is set")
        if self.fingerprint and self.memory.get(self.transport.base) == self.fingerprint:
            return Trouble(
                "key_rejected",
                "these credentials were refused by an earlier run; they are tried again once they change here, or"
                " qBittorrent was restarted, so that no ban follows",
            )
        return self._judge(self._post())

    def _post(self) -> Reply | Trouble:
        form = {"username": self.service.username or "admin", "password": self.service.password or ""}
        return self.transport.change("POST", "/api/v2/auth/login", data=form, kind="login")

    def _judge(self, answer: Reply | Trouble) -> str | Trouble:
        if isinstance(answer, Trouble):
            return answer
        text = answer.text.strip()
        if answer.status in (200, 204) and text in ("", "Ok."):
            self.memory.pop(self.transport.base, None)
            return f"logged in as {self.service.username or 'admin'}"
        if answer.status == 403 and "banned" in text:
            return Trouble("banned", text)
        if answer.status in (401, 403) or text == "Fails.":
            if self.fingerprint:
                self.memory[self.transport.base] = self.fingerprint
            return Trouble(
                "key_rejected", f"login as {self.service.username or 'admin'} is refused (HTTP {answer.status})"
            )
        return _no_qbittorrent(answer)

    def version(self) -> str | Trouble:
        """Return the version, such as `v5.1.2`."""
        return self._text("/api/v2/app/version")

    def preferences(self) -> Mapping[str, Any] | Trouble:
        """Return the settings that matter here, without any secret."""
        found = self._json("app/preferences")
        return found if isinstance(found, Trouble) else {key: found[key] for key in _PREFERENCES if key in found}

    def categories(self) -> Mapping[str, Mapping[str, Any]] | Trouble:
        """Return categories by name, each with `savePath` ("" means the default)."""
        return self._json("torrents/categories")

    def torrents(self, *, fresh: bool = False) -> Sequence[Mapping[str, Any]] | Trouble:
        """Return all torrents."""
        return self._json("torrents/info", fresh=fresh)

    def transfer(self) -> Mapping[str, Any] | Trouble:
        """Return connection status and, from 5.1, the external addresses that peers see."""
        return self._json("transfer/info")

    def interfaces(self) -> Sequence[str] | Trouble:
        """Return the names of the network interfaces that qBittorrent sees."""
        found = self._json("app/networkInterfaceList")
        return found if isinstance(found, Trouble) else [str(one.get("value")) for one in found]

    def set_preferences(self, values: Mapping[str, Any]) -> Trouble | None:
        """Change settings."""
        import json

        return self._write("/api/v2/app/setPreferences", {"json": json.dumps(dict(values))})

    def set_category(self, name: str, save_path: str) -> Trouble | None:
        """Create a category, or change where it saves."""
        found = self.categories()
        if isinstance(found, Trouble):
            return found
        verb = "editCategory" if name in found else "createCategory"
        return self._write(f"/api/v2/torrents/{verb}", {"category": name, "savePath": save_path})

    def _text(self, path: str) -> str | Trouble:
        gained = self.login()
        reply = gained if isinstance(gained, Trouble) else usable(self.transport.get(path))
        return reply if isinstance(reply, Trouble) else reply.text.strip()

    def _json(self, path: str, *, fresh: bool = False) -> Any:
        gained = self.login()
        if isinstance(gained, Trouble):
            return gained
        return read(self.transport.get(f"/api/v2/{path}", fresh=fresh), QBITTORRENT[path])

    def _write(self, path: str, form: Mapping[str, str]) -> Trouble | None:
        gained = self.login()
        reply = (
            gained
            if isinstance(gained, Trouble)
            else usable(self.transport.change("POST", path, data=dict(form), kind="write"))
        )
        return reply if isinstance(reply, Trouble) else None


def _no_qbittorrent(answer: Reply) -> Trouble:
    reply = usable(answer)
    if isinstance(reply, Trouble):
        return reply
    return Trouble("not_json", f"{answer.where} answers HTTP {answer.status} like no qBittorrent")
