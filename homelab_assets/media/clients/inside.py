"""Looks into the media host's containers through their engine: reads a file, or runs one of two fixed commands.

Reading a file is a plain GET. Commands run inside a container (`exec`), so they are opt-in: `media.look_inside`.
"""

import http.client
import io
import ipaddress
import json
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from docker.errors import NotFound
from msgspec import Struct, field

from homelab_assets.engine.address import parse_address
from homelab_assets.engine.api import EngineApi
from homelab_assets.engine.connection import Connection, connect
from homelab_assets.errors import UserError
from homelab_assets.media.clients.egress import Egress, FileIdentity
from homelab_assets.media.clients.transport import Trouble, within

if TYPE_CHECKING:
    from homelab_assets.lab.settings import HostSettings

_READ_SECONDS, _EXEC_SECONDS = 10.0, 20.0
_LARGEST = 2_000_000
_SERVICES = {4: "https://api.ipify.org", 6: "https://api6.ipify.org"}
# On a terminal, what a missing or failing tool complains about would stand before the address.
_ASK = "{{ curl -fsS{flag} -m 8 {url} || wget -q -T 8 -O - {url}; }} 2>/dev/null"


class Inside(Struct, frozen=True):
    """Containers of one host. `effects` counts what was done: `file` (read) and `exec`."""

    api: EngineApi
    connection: Connection
    effects: Counter[str] = field(default_factory=Counter)

    def read_file(self, container: str, path: str) -> str | None:
        """Return a text file of a container; None where there is none, or it can't be read."""
        self.effects["file"] += 1
        url = self.api.client._url("/containers/{0}/archive", container)

        def ask() -> bytes:
            response = self.api.client._get(url, params={"path": path})
            self.api.client._raise_for_status(response)
            return bytes(response.content)

        try:
            data = self.api.call(f"GET {path} of {container}", ask)
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                member = archive.next()
                file = archive.extractfile(member) if member and member.size <= _LARGEST else None
                return file.read().decode("utf-8", "replace") if file else None
        except (NotFound, UserError, tarfile.TarError, KeyError):
            return None

    def stat(self, container: str, path: str) -> FileIdentity | None:
        """Look at a file as the container sees it; None where it does not exist, or there is no `stat`."""
        answer = self._run(container, ["stat", "-L", "-c", "%d %i %h", "--", path])
        parts = (answer or "").split()
        if len(parts) != 3 or not all(part.isdigit() for part in parts):
            return None
        return FileIdentity(device=int(parts[0]), inode=int(parts[1]), links=int(parts[2]))

    def egress(self, container: str) -> Egress | Trouble:
        """Ask an address service from inside a container, whose network is thereby the one that answers."""
        found: dict[int, str | None] = {}
        for version in _SERVICES:
            if version == 6 and not self._has_ipv6(container):
                found[version] = None
                continue
            found[version] = _address(self._run(container, ["sh", "-c", egress_script(version)]), version)
        if found[4] == found[6] == "":
            return Trouble("unreachable", "no address service could be asked from inside the container")
        return Egress(v4=found[4], v6=found[6], source="from inside qBittorrent's container")

    def _has_ipv6(self, container: str) -> bool:
        """Say whether its network has an IPv6 address that reaches further than the link; in doubt, yes."""
        table = self._run(container, ["cat", "/proc/net/if_inet6"])
        return table is None or any(line.split()[3:4] == ["00"] for line in table.splitlines())

    def _run(self, container: str, command: Sequence[str]) -> str | None:
        """Run a command in a container; None where it fails, or is not done in time."""
        self.effects["exec"] += 1
        client = self.api.client

        def ask() -> str | None:
            # With a terminal the output is no multiplexed stream.
            made = client.exec_create(container, list(command), tty=True, stdin=False)
            text = within(_EXEC_SECONDS, lambda: self._output(made["Id"]), None)
            return text if client.exec_inspect(made["Id"]).get("ExitCode") == 0 else None

        try:
            found = self.api.call(f"exec in {container}", ask)
            return None if found is None else str(found)
        except (NotFound, UserError):
            return None

    def _output(self, identity: str) -> str | None:
        """Start a command, and read until it ends.

        On a stream of its own: the engine answers without a length, and `http.client` closes a connection at once
        whose end is the end of the answer, which an SSH channel does not survive.
        """
        try:
            stream = self.connection.open_stream()
        except (UserError, OSError, EOFError):
            return None
        body = json.dumps({"Detach": False, "Tty": True})
        head = (
            f"POST /v{self.api.client._version}/exec/{identity}/start HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n"
        )
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            stream.settimeout(_EXEC_SECONDS)
            stream.sendall((head + body).encode())
            with closing(http.client.HTTPResponse(stream, method="POST")) as answer:  # type: ignore[arg-type]
                answer.begin()
                return answer.read(_LARGEST).decode("utf-8", "replace") if answer.status == 200 else None
        except (OSError, EOFError, http.client.HTTPException):
            return None
        finally:
            stream.close()


def egress_script(version: int) -> str:
    """Return what a shell asks an address service with, by whichever tool its image has."""
    return _ASK.format(flag=f" -{version}", url=_SERVICES[version])


def _address(text: str | None, version: int) -> str:
    """Return the address in an answer, "" where there is none."""
    try:
        address = ipaddress.ip_address((text or "").strip())
    except ValueError:
        return ""
    return str(address) if address.version == version else ""


@contextmanager
def open_inside(host: "HostSettings") -> Iterator[Inside | None]:
    """Open the engine of a host; None for a recorded host, or where the engine can't be reached."""
    if parse_address(host.docker).kind == "capture":
        yield None
        return
    with ExitStack() as stack:
        try:
            connection = connect(host)
            stack.callback(connection.close)
            api = EngineApi(connection, read_timeout=_READ_SECONDS, width=1)
            stack.callback(api.close)
            api.negotiate()
        except UserError:
            yield None
            return
        yield Inside(api, connection)
