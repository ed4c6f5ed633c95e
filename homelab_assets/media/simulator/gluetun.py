"""Simulated Gluetun: its control server."""

from homelab_assets.media.simulator.server import App, Network, Request, Response, Route, reply, words


class Gluetun(App):
    """Gluetun. `private`: every route wants a key, as from the version after 3.41."""

    name, port = "gluetun", 8000

    def __init__(self, network: Network, key: str, *, private: bool = False) -> None:
        self.key, self.private = key, private
        self.status, self.public_ip = "running", "203.0.113.77"
        super().__init__(network)

    def refuse(self, request: Request) -> Response | None:
        if self.private and request.headers.get("x-api-key") != self.key:
            return words("Unauthorized\n", 401)
        return None

    def routes(self) -> list[tuple[str, str, Route]]:
        return [
            ("GET", "/v1/vpn/status", lambda request: reply({"status": self.status})),
            # As the real one on WireGuard: "stopped" while the tunnel runs.
            ("GET", "/v1/openvpn/status", lambda request: reply({"status": "stopped"})),
            (
                "GET",
                "/v1/publicip/ip",
                lambda request: reply({"public_ip": self.public_ip, "organization": "A VPN provider"}),
            ),
        ]
