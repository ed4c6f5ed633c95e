"""Bazarr and SABnzbd, which stand beside the chain: alive, and with the right key?"""

import pytest

from homelab_assets.media.clients import open_clients
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.settings import MediaSettings, Service
from homelab_assets.media.simulator.server import App, Network, Request, Response, Route, reply, words

KEY = "0123456789abcdef0123456789abcdef"


class Bazarr(App):
    """Wants its key in a header, for everything."""

    name = "bazarr"

    def routes(self) -> list[tuple[str, str, Route]]:
        return [("GET", "/api/system/status", self.status)]

    def status(self, request: Request) -> Response:
        if request.headers.get("x-api-key") != KEY:
            return words("<html>Unauthorized</html>", 401, "text/html")
        return reply({"data": {"bazarr_version": "1.5.3"}})


class SABnzbd(App):
    """Wants its key in the query, and its name in the list of host names."""

    name, listed = "sabnzbd", True

    def routes(self) -> list[tuple[str, str, Route]]:
        return [("GET", "/sabnzbd/api", self.api)]

    def api(self, request: Request) -> Response:
        if not self.listed:
            return words("Access denied - Hostname verification failed: https://sabnzbd.org/hostname-check", 403)
        if request.query["mode"] == "version":
            return reply({"version": "4.5.1"})
        if request.query.get("apikey") != KEY:
            return reply({"status": False, "error": "API Key Incorrect"}, 403)
        return reply({"queue": {"status": "Idle"}})


def judge(app: App, key: str | None, base: str = "") -> dict[str, str]:
    """Return status or cause of the app's checks."""
    app.start()
    try:
        settings = MediaSettings(services={app.name: Service(url=app.url + base, api_key=key)})
        with open_clients(settings) as clients:
            result = run_pipeline(settings, clients=clients, generated_at="2026-11-23T06:00:00Z", health_only=True)
    finally:
        app.stop()
    text = str(result.to_json())
    assert KEY not in text
    assert result.summary["total"] == 2
    checks = [check for check in result.checks if check.probe.app == app.name and check.status != "skipped"]
    return {check.probe.id.partition(".")[2]: check.to_json()["cause"] or check.status for check in checks}


@pytest.mark.parametrize(("key", "cause"), [(KEY, "pass"), ("another", "key_rejected"), (None, "key_missing")])
def test_a_helper_is_alive_and_its_key_is_tried(key: str | None, cause: str) -> None:
    assert judge(Bazarr(Network()), key) == {"reachable": "pass", "key": cause}
    assert judge(SABnzbd(Network()), key, "/sabnzbd") == {"reachable": "pass", "key": cause}


def test_a_host_name_that_sabnzbd_does_not_know_is_no_wrong_key() -> None:
    app = SABnzbd(Network())
    app.listed = False
    assert judge(app, KEY, "/sabnzbd") == {"reachable": "host_header_blocked", "key": "blocked"}
