"""Simulated Overseerr or Seerr: really calls Radarr and Sonarr."""

import json
from typing import Any

from homelab_assets.media.simulator.server import App, Network, Request, Response, Route, reply

AGENTS = ("email", "webpush", "discord", "telegram", "pushover", "pushbullet", "slack", "gotify", "webhook")


class Overseerr(App):
    """Overseerr or Seerr.

    Attributes:
        key: the API key that it accepts. csrf: refuses changes by key. servers: by app. agents: which are on.
    """

    name, port = "overseerr", 5055

    def __init__(self, network: Network, key: str, *, seerr: bool = False) -> None:
        self.key, self.seerr, self.csrf = key, seerr, False
        self.servers: dict[str, list[dict[str, Any]]] = {"radarr": [], "sonarr": []}
        self.agents = dict.fromkeys(AGENTS, False) | {"webpush": True}
        self.requests: list[dict[str, Any]] = []
        super().__init__(network)

    def refuse(self, request: Request) -> Response | None:
        if request.path in ("/api/v1/status", "/api/v1/settings/public"):
            return None
        given = request.headers.get("x-api-key")
        if given is None:
            text = "cookie 'connect.sid' required"
            return reply({"message": text, "errors": [{"path": request.path, "message": text}]}, 401)
        if given != self.key:
            return reply({"status": 403, "error": "You do not have permission to access this endpoint"}, 403)
        if self.csrf and request.method != "GET":
            return reply({"message": "invalid csrf token"}, 403)
        return None

    def routes(self) -> list[tuple[str, str, Route]]:
        return [
            ("GET", "/api/v1/status", lambda request: reply(self._status())),
            ("GET", "/api/v1/settings/public", lambda request: reply({"initialized": True, "hideAvailable": False})),
            ("GET", "/api/v1/settings/main", lambda request: reply(self._main())),
            ("GET", "/api/v1/settings/(radarr|sonarr)", lambda request: reply(self.servers[request.match[0]])),
            ("PUT", r"/api/v1/settings/(radarr|sonarr)/(\d+)", self._put_server),
            ("POST", "/api/v1/settings/(radarr|sonarr)/test", self._test),
            ("GET", r"/api/v1/settings/notifications/(\w+)", self._agent),
            ("POST", "/api/v1/request", self._request),
        ]

    def _status(self) -> dict[str, Any]:
        version = "3.1.0" if self.seerr else "1.34.0"
        return {
            "version": version,
            "commitTag": "local",
            "updateAvailable": False,
            "commitsBehind": 0,
            "restartRequired": False,
        }

    def _main(self) -> dict[str, Any]:
        return {
            "apiKey": self.key,
            "applicationTitle": "Seerr" if self.seerr else "Overseerr",
            "applicationUrl": "",
            "csrfProtection": self.csrf,
        }

    def _agent(self, request: Request) -> Response:
        if request.match[0] not in self.agents:
            return reply({"message": "not found"}, 404)
        return reply({"enabled": self.agents[request.match[0]], "types": 0, "options": {}})

    def _put_server(self, request: Request) -> Response:
        app, number = request.match[0], int(request.match[1])
        body = {**request.json(), "id": number}
        self.servers[app] = [body if one["id"] == number else one for one in self.servers[app]]
        return reply(body)

    def _call(self, server: dict[str, Any], path: str, method: str = "GET", body: Any = None) -> Any:
        scheme = "https" if server.get("useSsl") else "http"
        url = f"{scheme}://{server['hostname']}:{server['port']}{server.get('baseUrl') or ''}/api/v3{path}"
        headers = {"X-Api-Key": server["apiKey"], "Content-Type": "application/json"}
        answer = self.network.call(method, url, body=body, headers=headers)
        if answer.status >= 300:
            raise OSError(f"HTTP {answer.status}")
        return json.loads(answer.text)

    def _test(self, request: Request) -> Response:
        try:
            profiles, roots, tags = (
                self._call(request.json(), path) for path in ("/qualityprofile", "/rootfolder", "/tag")
            )
        except (OSError, ValueError):
            return reply({"message": f"Failed to connect to {request.match[0].capitalize()}"}, 500)
        folders = [{"id": one["id"], "path": one["path"]} for one in roots]
        return reply({"profiles": profiles, "rootFolders": folders, "tags": tags, "urlBase": ""})

    def _request(self, request: Request) -> Response:
        body = request.json()
        if any(one["media"]["tmdbId"] == body["mediaId"] for one in self.requests):
            return reply({"message": "Request for this media already exists."}, 409)
        made = {"id": len(self.requests) + 1, "status": 2, "media": {"tmdbId": body["mediaId"], "status": 3}}
        self.requests.append(made)
        default = next((one for one in self.servers["radarr"] if one.get("isDefault")), None)
        if default is not None:
            try:
                (film,) = self._call(default, f"/movie/lookup?term=tmdb:{body['mediaId']}")
                wanted = {
                    **film,
                    "rootFolderPath": default["activeDirectory"],
                    "qualityProfileId": default["activeProfileId"],
                    "addOptions": {"searchForMovie": True},
                }
                self._call(default, "/movie", "POST", wanted)
            except (OSError, ValueError):
                made["status"] = 4
        return reply(made, 201)


def server(app: str, port: int, key: str, folder: str, profile: int) -> dict[str, Any]:
    """Make a server of Overseerr's."""
    own = {"enableSeasonFolders": True} if app == "sonarr" else {"minimumAvailability": "released"}
    return {
        **own,
        "id": 0,
        "name": app.capitalize(),
        "hostname": app,
        "port": port,
        "apiKey": key,
        "useSsl": False,
        "baseUrl": "",
        "activeProfileId": profile,
        "activeProfileName": "HD-1080p",
        "activeDirectory": folder,
        "is4k": False,
        "isDefault": True,
        "externalUrl": "",
        "syncEnabled": False,
        "preventSearch": False,
    }
