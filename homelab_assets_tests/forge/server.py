"""A real HTTP server round a simulated forge: JSON in, JSON out, on a port of the loopback interface."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from homelab_assets_tests.forge.spec import Spec
from homelab_assets_tests.forge.state import Refused, Repository

Route = tuple[str, re.Pattern[str], Callable[..., tuple[int, Any]]]


class Face:
    """One forge's way of speaking about a repository.

    Attributes:
        prefix: what stands before `/repos/…`. spec: its published description, None where that is not there.
        breaches: where requests or answers do not fit the description.
    """

    prefix = ""

    def __init__(self, repository: Repository, spec: Spec | None) -> None:
        self.repository, self.spec = repository, spec
        self.breaches: list[str] = []
        self.url = ""
        self.routes: list[Route] = self.routed()

    def routed(self) -> list[Route]:
        """Return the routes."""
        raise NotImplementedError

    def page(self, items: list[Any], query: Mapping[str, str]) -> list[Any]:
        """Return the page of a list that was asked for."""
        raise NotImplementedError

    def list_labels(self, query: Mapping[str, str], **_: Any) -> tuple[int, Any]:
        return 200, self.page(list(self.repository.labels.values()), query)

    def token_of(self, header: str) -> str | None:
        """Read the token from the `Authorization` header."""
        return header.partition(" ")[2] or None

    def error(self, refused: Refused) -> Any:
        """Return the body of a refusal."""
        return {
            "message": refused.message,
            "documentation_url": "https://docs.example/rest",
            "status": str(refused.status),
        }

    def route(self, method: str, path: str, function: Callable[..., tuple[int, Any]]) -> Route:
        """Make a route of a path with `{names}`; `{number}` is passed on as an int."""
        pattern = re.sub(r"\{number\}", r"(?P<number>\\d+)", path)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        slug = "/".join(re.escape(part) for part in self.repository.slug.split("/"))
        whole = pattern if path == "/graphql" else f"/repos/{slug}{pattern}"
        return method, re.compile(re.escape(self.prefix) + whole), function

    def answer(self, method: str, target: str, token: str, data: Any) -> tuple[int, Any, Mapping[str, str]]:
        """Answer one request, and hold both sides against the description."""
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with self.repository.lock:
            try:
                self.repository.enter(method, parts.path, self.token_of(token))
                for wanted, pattern, function in self.routes:
                    found = pattern.fullmatch(parts.path)
                    if wanted == method and found:
                        return self._checked(method, parts.path, found, function, data, query)
                raise Refused(404, "Not Found")
            except Refused as refused:
                return refused.status, self.error(refused), refused.headers

    def _checked(
        self, method: str, path: str, found: re.Match[str], function: Any, data: Any, query: Mapping[str, str]
    ) -> tuple[int, Any, Mapping[str, str]]:
        names = {name: int(text) if name == "number" else unquote(text) for name, text in found.groupdict().items()}
        known = path.removeprefix(self.prefix)
        if self.spec is not None and data is not None:
            self.breaches += [
                f"{method} {known}: request: {fault}" for fault in self.spec.request_faults(method, known, data)
            ]
        status, body = function(data=data or {}, query=query, **names)
        # What is shown must be what goes over the wire.
        body = json.loads(json.dumps(body))
        if self.spec is not None:
            faults = self.spec.response_faults(method, known, status, body)
            self.breaches += [f"{method} {known}: {status}: {fault}" for fault in faults]
        return status, body, self._next(path, query, body)

    def _next(self, path: str, query: Mapping[str, str], body: Any) -> Mapping[str, str]:
        """Name the next page, as forges do, where this one is full."""
        size = int(query.get("per_page") or query.get("limit") or 30)
        if not isinstance(body, list) or len(body) < size:
            return {}
        following = urlencode({**query, "page": int(query.get("page", 1)) + 1})
        return {"Link": f'<{self.url}{path}?{following}>; rel="next"'}


@contextmanager
def serving(face: Face) -> Iterator[Face]:
    """Serve a face on a free port until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = json.loads(self.rfile.read(length)) if length else None
            status, body, headers = face.answer(self.command, self.path, self.headers.get("Authorization", ""), data)
            text = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    face.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield face
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
