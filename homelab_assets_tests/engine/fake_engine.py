"""A small Docker engine on a Unix socket (or a TCP port): real HTTP, made-up contents, any misbehaviour."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseServer, TCPServer, ThreadingMixIn, UnixStreamServer
from typing import Any
from urllib.parse import urlsplit

Answer = Any | Callable[["Handler"], None]

VERSION = {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64"}


def container(name: str, image: str = "app:1", **labels: str) -> dict[str, Any]:
    """Return an inspect document with what everybody relies on."""
    return {
        "Id": f"id-{name}",
        "Name": f"/{name}",
        "Image": "sha256:one",
        "Created": "2026-01-01T00:00:00Z",
        "Config": {"Image": image, "Env": ["TZ=UTC", "API_KEY=0123456789abcdef0123456789abcdef"], "Labels": labels},
        "HostConfig": {},
        "State": {"Status": "running"},
        "Mounts": [],
        "NetworkSettings": {"Networks": {}},
    }


def engine_answers(*containers: Mapping[str, Any]) -> dict[str, Answer]:
    """Return what an engine with these containers answers, by path without the API's version."""
    image = {"Id": "sha256:one", "RepoTags": ["app:1"], "Config": {"Env": [], "Labels": None}}
    moved = {"Id": "sha256:two", "RepoTags": ["app:2"], "Config": {}}
    network = {"Id": "net", "Name": "proxy", "Driver": "bridge", "Labels": {}}
    return {
        "/version": VERSION,
        "/info": {"Name": "fake", "ServerVersion": "20.10.24", "SystemTime": "2026-01-01T00:00:00.123456789Z"},
        "/containers/json": [{"Id": one["Id"]} for one in containers],
        **{f"/containers/{one['Id']}/json": one for one in containers},
        "/images/json": [{"Id": image["Id"], "RepoTags": ["app:1"]}, {"Id": moved["Id"], "RepoTags": ["app:2"]}],
        "/images/sha256:one/json": image,
        "/images/sha256:two/json": moved,
        "/networks": [network],
        "/networks/net": {**network, "Containers": {}},
        "/volumes": {"Volumes": [{"Name": "data", "Driver": "local"}], "Warnings": None},
    }


class Handler(BaseHTTPRequestHandler):
    """Answers from `server.answers`; a callable there does as it likes with the connection."""

    protocol_version = "HTTP/1.1"
    server: "FakeEngine"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        first, _, rest = path.lstrip("/").partition("/")
        path = f"/{rest}" if first.startswith("v1.") else path
        with self.server.lock:
            self.server.asked.append(path)
        answer = self.server.answers.get(path, {"message": f"no such thing: {path}"})
        if callable(answer):
            answer(self)
        else:
            self.answer(200 if path in self.server.answers else 404, answer)

    def answer(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_: Any) -> None:
        """Keep silent."""


class FakeEngine(ThreadingMixIn, BaseServer):
    """Use it as a context manager. `asked` lists the paths that were asked for.

    Attributes:
        released: set it to let handlers go that hang.
    """

    daemon_threads = True

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many tests want."""

    def __enter__(self) -> "FakeEngine":
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join(5)


class UnixEngine(FakeEngine, UnixStreamServer):
    """A fake engine on a Unix socket."""

    def __init__(self, path: Path, answers: Mapping[str, Answer]) -> None:
        FakeEngine.__init__(self, answers)
        UnixStreamServer.__init__(self, str(path), Handler)


class TcpEngine(FakeEngine, TCPServer):
    """A fake engine on a port of this machine."""

    allow_reuse_address = True

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        FakeEngine.__init__(self, answers)
        TCPServer.__init__(self, ("127.0.0.1", 0), Handler)


def hangs(handler: Handler) -> None:
    """Accept the request and say nothing."""
    handler.server.released.wait(60)


def drips(handler: Handler) -> None:
    """Send one byte after the other, far too slowly."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    with suppress(OSError):
        while not handler.server.released.wait(0.1):
            handler.wfile.write(b" ")
            handler.wfile.flush()


def breaks_off(handler: Handler) -> None:
    """Hang up in the middle of the answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"half": ')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def fails(handler: Handler) -> None:
    """Answer as an engine in trouble."""
    handler.answer(500, {"message": "layer does not exist"})


def meets(others: threading.Barrier, body: Any) -> Callable[[Handler], None]:
    """Answer once others have been asked, too."""

    def answer(handler: Handler) -> None:
        others.wait()
        handler.answer(200, body)

    return answer
