"""Ways to an engine: each opens byte streams to it, and reads small files of its host where it can."""

import logging
import os
import socket
import stat
from collections.abc import Mapping
from typing import Any, Protocol, assert_never

from homelab_assets.engine import streams
from homelab_assets.engine.address import Address, parse_address
from homelab_assets.errors import CaptureError
from homelab_assets.lab.settings import HostSettings

_log = logging.getLogger(__name__)
FILE_LIMIT = 256 * 1024


class Stream(Protocol):
    """The part of a socket that HTTP needs."""

    def sendall(self, data: bytes, /) -> None: ...
    def settimeout(self, timeout: float | None, /) -> None: ...
    def makefile(self, mode: Any, /) -> Any: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Connection(Protocol):
    """A way to one engine. All methods may be called from several threads."""

    def open_stream(self) -> Stream:
        """Open one more byte stream to the engine's API; a CaptureError says why that is impossible."""
        ...

    def read_file(self, path: str, info: Mapping[str, Any]) -> bytes | None:
        """Read a regular file of the engine's host, at most `FILE_LIMIT` bytes; None where that is impossible.

        Args:
            info: what the engine said of itself (`/info`).

        Raises:
            FileNotFoundError: there is no such file.
        """
        ...

    def close(self) -> None:
        """End the connection and everything that goes through it."""
        ...


class UnixConnection:
    """The socket of an engine on this machine."""

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout

    def open_stream(self) -> Stream:
        return streams.connect_unix(self._path, self._timeout)

    def read_file(self, path: str, info: Mapping[str, Any]) -> bytes | None:
        # A socket can be forwarded from another machine, where the same path is another file.
        return _read_local(path) if info.get("Name") == socket.gethostname() else None

    def close(self) -> None:
        """Nothing is shared between streams."""


class TcpConnection:
    """An engine's TCP port, with TLS or in clear. It gives no access to files."""

    def __init__(self, host: str, port: int, tls: Mapping[str, Any], timeout: float) -> None:
        self._host, self._port, self._tls, self._timeout = host, port, tls, timeout

    def open_stream(self) -> Stream:
        return streams.connect_tls(self._host, self._port, self._timeout, self._tls)

    def read_file(self, path: str, info: Mapping[str, Any]) -> bytes | None:
        return None

    def close(self) -> None:
        """Nothing is shared between streams."""


def connect(settings: HostSettings) -> Connection:
    """Connect to a host's engine as its settings say.

    Raises:
        CaptureError: it can't be reached; the message says why and what to do next.
        ConfigurationError: the settings make no sense.
    """
    address = parse_address(settings.docker)
    match address.kind:
        case "ssh":
            from homelab_assets.engine.ssh import SshConnection

            return SshConnection(address, settings)
        case "unix":
            return UnixConnection(address.path, settings.connect_timeout)
        case "tcp":
            if not settings.tls:
                _log.warning(
                    "%s is reached over TCP without TLS: whoever reaches that port owns the host", settings.name
                )
            return TcpConnection(address.host, tcp_port(address, settings), settings.tls, settings.connect_timeout)
        case "capture":
            raise CaptureError("a recorded capture is read, not connected to")
        case _:
            assert_never(address.kind)


def tcp_port(address: Address, settings: HostSettings) -> int:
    """Return the port, by default the one that Docker uses with TLS (2376) or without (2375)."""
    return address.port or (2376 if settings.tls else 2375)


def _read_local(path: str) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_size <= FILE_LIMIT:
                return file.read(FILE_LIMIT)
    except FileNotFoundError:
        raise
    except OSError:
        pass
    return None
