"""What all simulated apps share: a real HTTP server on loopback, routes, and a name service like Docker's."""

import http.client
import json
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace


class Request(Struct, frozen=True, kw_only=True):
    """What a caller sent. Header names are lower case; `match` holds the groups of the route's pattern."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    match: tuple[str, ...] = ()

    def json(self) -> Any:
        """Return the body as JSON; `{}` where there is none."""
        return json.loads(self.body or b"{}")

    def form(self) -> dict[str, str]:
        """Return the body as form fields."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Response(Struct, frozen=True, kw_only=True):
    """What an app answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """Answer with JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status=status, body=body, headers={"Content-Type": "application/json; charset=utf-8", **headers})


def words(text: str, status: int = 200, kind: str = "text/plain", **headers: str) -> Response:
    """Answer with text."""
    return Response(status=status, body=text.encode(), headers={"Content-Type": kind, **headers})


Route = Callable[[Request], Response]


class Answer(Struct, frozen=True, kw_only=True):
    """What one simulated app got from another."""

    status: int
    reason: str
    headers: Mapping[str, str]
    text: str


class NoSuchName(OSError):
    """Docker's name service does not know the name."""


class Network:
    """The names and ports under which the apps see each other, and where they really listen on loopback."""

    def __init__(self) -> None:
        self.ports: dict[tuple[str, int], int] = {}

    def call(self, method: str, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Call from inside a container.

        Raises:
            NoSuchName: the host is unknown. OSError: nobody listens there, or it breaks off.
        """
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        if host not in {name for name, _ in self.ports}:
            raise NoSuchName(f"Name or service not known ({host}:{port})")
        if (host, port) not in self.ports:
            raise ConnectionRefusedError(f"Connection refused ({host}:{port})")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[host, port], timeout=5)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(
                method,
                target,
                body=data,
                headers={"Host": f"{host}:{port}", "Accept": "application/json", **(headers or {})},
            )
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            return Answer(status=response.status, reason=response.reason, headers=dict(response.headers), text=text)
        except ConnectionRefusedError:
            raise ConnectionRefusedError(f"Connection refused ({host}:{port})") from None
        except http.client.HTTPException as error:
            raise OSError(f"{type(error).__name__} ({host}:{port})") from None
        finally:
            connection.close()


class App:
    """A simulated app. Subclasses add routes in `routes()` and may refuse a request in `refuse()`.

    Attributes:
        broken: answers instead of every route where set, for faults such as a login proxy in front.
    """

    name = "app"
    port = 0

    def __init__(self, network: Network) -> None:
        self.network = network
        self.broken: Route | None = None
        self._server: ThreadingHTTPServer | None = None
        self._routes = [(method, re.compile(pattern), route) for method, pattern, route in self.routes()]

    def routes(self) -> list[tuple[str, str, Route]]:
        """Return (method, pattern of the path, function) of everything that the app answers."""
        raise NotImplementedError

    def refuse(self, request: Request) -> Response | None:
        """Return the answer to a caller that may not come in, or None."""
        return None

    def extra_headers(self) -> Mapping[str, str]:
        """Return headers that go with every answer."""
        return {}

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if self.broken is not None:
            return self.broken(request)
        if (refusal := self.refuse(request)) is not None:
            return refusal
        for method, pattern, route in self._routes:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                return route(replace(request, match=found.groups()))
        return reply({"message": "NotFound"}, 404)

    @property
    def url(self) -> str:
        """Where it listens, from outside."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def start(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Listen on loopback; port 0 takes a free one."""
        app = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                _serve(app, self)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True, name=f"simulated {self.name}"
        ).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _serve(app: App, handler: BaseHTTPRequestHandler) -> None:
    parts = urlsplit(handler.path)
    length = int(handler.headers.get("Content-Length") or 0)
    request = Request(
        method="GET" if handler.command == "HEAD" else handler.command,
        path=parts.path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in handler.headers.items()},
        body=handler.rfile.read(length) if length else b"",
    )
    # Not under a lock: apps call each other back while they answer.
    response = app.answer(request)
    try:
        handler.send_response(response.status)
        for name, value in {
            **app.extra_headers(),
            **response.headers,
            "Content-Length": str(len(response.body)),
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(response.body)
    except OSError:
        pass  # the caller did not wait
