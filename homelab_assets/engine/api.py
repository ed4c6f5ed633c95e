"""The engine's HTTP API: the Docker SDK over any stream, on connections that are reused."""

import http.client
import re
import ssl
import threading
from contextlib import suppress
from typing import Any

import docker
import urllib3
from docker.errors import APIError, NotFound
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from homelab_assets.engine.connection import Connection, Stream
from homelab_assets.errors import CaptureError
from homelab_assets.secrecy import redact

_BASE = "http://docker:80"
_OLDEST = "1.24"
_NEWEST = "1.51"
"""What newer engines say to those who ask in a newer API was never seen; this one they still speak."""


class EngineApi:
    """One engine's API. Calls from several threads run side by side, each on a connection of its own.

    Args:
        read_timeout: seconds without a byte after which a call fails.
        width: how many connections are kept.
    """

    def __init__(self, connection: Connection, *, read_timeout: float, width: int) -> None:
        self._adapter = _StreamAdapter(connection, read_timeout, width)
        self.client = docker.APIClient(base_url=_BASE, version=_OLDEST, timeout=read_timeout)
        # Neither the proxies of the environment nor ~/.netrc have a say in how an engine is reached.
        self.client.trust_env = False
        self.client.mount(_BASE, self._adapter)

    def negotiate(self) -> Any:
        """Ask for the engine's version, speak its newest API of those known here from now on, and return what
        `/version` answers."""
        version = self.call("GET /version", lambda: self.client.version(api_version=False))
        spoken = version.get("ApiVersion") if isinstance(version, dict) else None
        if not isinstance(spoken, str):
            raise CaptureError("what answers is no Docker engine", hint="correct the address in lab.yaml")
        self.client._version = _spoken(spoken, version.get("MinAPIVersion"))
        return version

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON that a path of the API answers; None where the engine knows no such thing (404)."""

        def ask() -> Any:
            response = self.client._get(self.client._url(path), params=params)
            return self.client._result(response, json=True)

        try:
            return self.call(f"GET {path}", ask)
        except NotFound:
            return None

    def call(self, what: str, ask: Any) -> Any:
        """Make a call of the SDK and turn its failures into a CaptureError; NotFound passes."""
        try:
            return ask()
        except NotFound:
            raise
        except APIError as error:
            said = str(error.explanation or "").strip() or "nothing more"
            raise CaptureError(
                f"the engine answers {error.status_code or 'an error'} to {what}: {redact(said[:300])}",
                hint="see the engine's log: journalctl -u docker",
            ) from None
        except (
            RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            EOFError,
            ValueError,
        ) as error:
            raise self._explain(what, error) from None

    def _explain(self, what: str, error: Exception) -> CaptureError:
        causes = _causes(error)
        if any(isinstance(cause, TimeoutError) for cause in causes):
            return CaptureError(
                f"the engine hangs: {what} brings nothing for {self._adapter.read_timeout:g} s",
                hint="look at the host's load, then: sudo systemctl restart docker",
            )
        if isinstance(error, ValueError):
            return CaptureError(f"the engine's answer to {what} is no JSON", hint="is it really a Docker engine?")
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            return CaptureError(
                f"the engine broke off the TLS connection during {what}",
                hint="it may want a client certificate of its own CA: `tls.cert` and `tls.key` in lab.yaml",
            )
        last = next((cause for cause in reversed(causes) if str(cause)), error)
        return CaptureError(
            f"the connection broke during {what}: {last}",
            hint="run it again; if it stays, look at the engine and at sshd",
        )

    def abort(self) -> None:
        """Break all calls, also those of other threads, at once."""
        self._adapter.abort()

    def close(self) -> None:
        """Close all connections."""
        self.client.close()
        self._adapter.abort()


class _StreamAdapter(HTTPAdapter):
    """Lets requests speak over the streams of a connection."""

    def __init__(self, connection: Connection, read_timeout: float, width: int) -> None:
        self.read_timeout = read_timeout
        self._pool = _StreamPool(connection, read_timeout, width)
        super().__init__()

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        return self._pool

    def abort(self) -> None:
        self._pool.abort()

    def close(self) -> None:
        super().close()
        self._pool.close()


class _StreamPool(HTTPConnectionPool):
    def __init__(self, connection: Connection, read_timeout: float, width: int) -> None:
        super().__init__("docker", maxsize=width, block=True)
        self._connection = connection
        self._read_timeout = read_timeout
        self._lock = threading.Lock()
        self._open: list[Stream] = []
        self._aborted = False

    def _new_conn(self) -> Any:
        return _StreamHTTPConnection(self)

    def open_stream(self) -> Stream:
        stream = self._connection.open_stream()
        stream.settimeout(self._read_timeout)
        with self._lock:
            self._open.append(stream)
            aborted = self._aborted
        if aborted:
            stream.close()
        return stream

    def abort(self) -> None:
        with self._lock:
            self._aborted = True
            streams, self._open = self._open, []
        for stream in streams:
            # Closing alone would not wake a thread that waits in recv().
            with suppress(OSError, EOFError):
                stream.shutdown(2)
            with suppress(OSError, EOFError):
                stream.close()


class _StreamHTTPConnection(HTTPConnection):
    def __init__(self, pool: _StreamPool) -> None:
        super().__init__("docker")
        self._pool = pool

    def connect(self) -> None:
        self.sock = self._pool.open_stream()

    @property
    def is_connected(self) -> bool:
        # The default asks select() whether the peer has hung up, which an SSH channel can't answer cheaply.
        return self.sock is not None


def _spoken(newest: str, oldest: Any) -> str:
    """The API to ask in, of an engine that speaks these two and all between them."""
    among = min(newest, _NEWEST, key=_number)
    return max(among, oldest, key=_number) if isinstance(oldest, str) else among


def _number(api: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", api))


def _causes(error: BaseException) -> list[BaseException]:
    """List an error and what it wraps, outermost first."""
    found: list[BaseException] = []
    queue: list[Any] = [error]
    while queue and len(found) < 20:
        item = queue.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            queue += [*item.args, item.__cause__, item.__context__, getattr(item, "reason", None)]
    return found
