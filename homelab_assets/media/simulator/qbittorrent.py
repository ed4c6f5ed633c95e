"""Simulated qBittorrent, as it answers up to 5.1 and from 5.2. The real one is used in tests where it is installed."""

import json
import posixpath
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from homelab_assets.media.simulator.server import App, Network, Request, Response, Route, reply, words

_BANNED = "Your IP address has been banned after too many failed authentication attempts."


class QBittorrent(App):
    """qBittorrent.

    Attributes:
        version: `v5.1.4` or `v5.2.3`, for instance. password: what it accepts for `admin`.
        listens_on: the port that it believes to listen on; a Host header with another one is refused. None: any.
        failures: wrong logins so far; five ban everybody. logins: how many were tried at all.
        api_key: accepted from 5.2 in place of a login.
        patience: how often a torrent must be looked at until it is complete.
    """

    name, port = "gluetun", 8080

    def __init__(
        self, network: Network, password: str, see: Callable[[str], Path | None], version: str = "v5.1.4"
    ) -> None:
        self.version, self.password, self.see = version, password, see
        self.listens_on: int | None = None
        self.failures = self.logins = 0
        self.patience = 1
        self.api_key = ""
        self.sessions: set[str] = set()
        self.interfaces = ["lo", "tun0"]
        self.external: dict[str, str] = {"last_external_address_v4": "", "last_external_address_v6": ""}
        self.categories: dict[str, dict[str, Any]] = {}
        self.torrents: list[dict[str, Any]] = []
        self.preferences: dict[str, Any] = {
            "save_path": "/media/downloads/complete",
            "temp_path": "/media/downloads/incomplete",
            "temp_path_enabled": True,
            "auto_tmm_enabled": True,
            "category_changed_tmm_enabled": True,
            "current_network_interface": "tun0",
            "current_interface_address": "",
            "listen_port": 6881,
            "upnp": False,
            "web_ui_port": 8080,
            "web_ui_username": "admin",
            "bypass_local_auth": False,
            "proxy_password": "",
            "max_ratio_enabled": False,
        }
        super().__init__(network)

    @property
    def modern(self) -> bool:
        """Whether it answers as from 5.2."""
        return self.version >= "v5.2"

    def refuse(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        foreign = [
            one for name in ("origin", "referer") if (one := request.headers.get(name)) and urlsplit(one).netloc != host
        ]
        if foreign or (self.listens_on is not None and host.rpartition(":")[2] != str(self.listens_on)):
            return words("Unauthorized", 401)
        # As the real one: what does not exist is 404 for everybody.
        known = any(pattern.fullmatch(request.path) for _, pattern, _ in self._routes)
        if request.path == "/api/v2/auth/login" or not known:
            return None
        pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
        if {value for _, _, value in pairs} & self.sessions:
            return None
        if self.modern and self.api_key and request.headers.get("authorization") == f"Bearer {self.api_key}":
            return None
        return words(_BANNED if self.failures >= 5 else "Forbidden", 403)

    def routes(self) -> list[tuple[str, str, Route]]:
        base = "/api/v2"
        return [
            ("POST", f"{base}/auth/login", self._login),
            ("GET", f"{base}/app/version", lambda request: words(self.version)),
            ("GET", f"{base}/app/webapiVersion", lambda request: words("2.15.1" if self.modern else "2.11.4")),
            ("GET", f"{base}/app/preferences", lambda request: reply(self.preferences)),
            ("POST", f"{base}/app/setPreferences", self._set_preferences),
            (
                "GET",
                f"{base}/app/networkInterfaceList",
                lambda request: reply([{"name": one, "value": one} for one in self.interfaces]),
            ),
            ("GET", f"{base}/torrents/categories", lambda request: reply(self.categories)),
            ("POST", f"{base}/torrents/(createCategory|editCategory)", self._category),
            ("GET", f"{base}/torrents/info", lambda request: reply(self._progressed())),
            ("POST", f"{base}/torrents/add", self._add),
            ("GET", f"{base}/transfer/info", lambda request: reply(self._transfer())),
        ]

    def answer(self, request: Request) -> Response:
        # What is read may be asked for by POST as well; what changes something, by nothing else.
        methods = {method for method, pattern, _ in self._routes if pattern.fullmatch(request.path)}
        if request.method == "GET" and methods == {"POST"}:
            return words("Method Not Allowed", 405)
        if request.method == "POST" and methods == {"GET"}:
            request = replace(request, method="GET")
        response = super().answer(request)
        return words("Not Found", 404) if response.status == 404 else response

    def _login(self, request: Request) -> Response:
        self.logins += 1
        if self.failures >= 5:
            return words(_BANNED, 403)
        form = request.form()
        if (form.get("username"), form.get("password")) != (self.preferences["web_ui_username"], self.password):
            self.failures += 1
            return words("Unauthorized", 401) if self.modern else words("Fails.")
        self.failures = 0
        session = secrets.token_urlsafe(24)
        self.sessions.add(session)
        name = f"QBT_SID_{self.preferences['web_ui_port']}" if self.modern else "SID"
        cookie = {"Set-Cookie": f"{name}={session}; HttpOnly; path=/"}
        return Response(status=204, headers=cookie) if self.modern else Response(body=b"Ok.", headers=cookie)

    def _set_preferences(self, request: Request) -> Response:
        self.preferences |= json.loads(request.form()["json"])
        return words("")

    def _category(self, request: Request) -> Response:
        form = request.form()
        if not all(form["category"].split("/")):
            return words("Incorrect category name", 409)
        self.categories[form["category"]] = {"name": form["category"], "savePath": form.get("savePath", "")}
        return words("")

    def _transfer(self) -> dict[str, Any]:
        known = self.external if self.version >= "v5.1" else {}
        return {"connection_status": "connected", "dht_nodes": 12, "dl_info_speed": 0, "up_info_speed": 0, **known}

    def _folder(self, category: str) -> str:
        default = str(self.preferences["save_path"])
        if not (self.preferences["auto_tmm_enabled"] or self.preferences.get("use_category_paths_in_manual_mode")):
            return default
        return posixpath.join(default, self.categories.get(category, {}).get("savePath", "") or category)

    def _add(self, request: Request) -> Response:
        form = request.form()
        name, folder = form.get("rename", "download"), self._folder(form.get("category", ""))
        self.torrents.append(
            {
                "hash": f"{len(self.torrents):040x}",
                "name": name,
                "category": form.get("category", ""),
                "state": "downloading",
                "progress": 0.0,
                "save_path": folder,
                "content_path": posixpath.join(folder, f"{name}.mkv"),
                "looks": 0,
            }
        )
        return words("Ok.")

    def _progressed(self) -> list[dict[str, Any]]:
        for torrent in self.torrents:
            torrent["looks"] += 1
            if torrent["progress"] < 1 and torrent["looks"] > self.patience:
                host = self.see(torrent["content_path"])
                if host is not None:
                    host.parent.mkdir(parents=True, exist_ok=True)
                    host.write_bytes(b"a film")
                torrent.update(progress=1.0, state="stalledUP")
        return self.torrents
