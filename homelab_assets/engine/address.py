"""The `docker:` URL of a host in `lab.yaml`."""

from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from homelab_assets.errors import ConfigurationError

Kind = Literal["ssh", "unix", "tcp", "capture"]


class Address(Struct, frozen=True, kw_only=True):
    """Where an engine is reached.

    Attributes:
        host, port, user: for ssh and tcp; port and user are None where the URL does not say them.
        path: the socket (unix) or the folder (capture).
    """

    kind: Kind
    host: str = ""
    port: int | None = None
    user: str | None = None
    path: str = ""


def parse_address(url: str) -> Address:
    """Read a `docker:` URL: `ssh://[user@]host[:port]`, `unix:///path`, `tcp://host[:port]` or `capture:folder`.

    Raises:
        ConfigurationError: it is none of these.
    """
    kind, _, rest = url.partition(":")
    if kind == "capture" and rest:
        return Address(kind="capture", path=rest)
    if kind == "unix" and rest.startswith("///"):
        return Address(kind="unix", path=rest[2:])
    if kind in ("ssh", "tcp") and rest.startswith("//"):
        return _network_address("ssh" if kind == "ssh" else "tcp", url)
    raise _unusable(url)


def _network_address(kind: Kind, url: str) -> Address:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unusable(url) from None
    host = parts.hostname or ""
    if not host or host.startswith("-") or parts.path.strip("/") or parts.query or parts.fragment or parts.password:
        raise _unusable(url)
    # urlsplit lowers the case of the host, but aliases in ~/.ssh/config have one.
    at = parts.netloc.rpartition("@")[2]
    begins = at.lower().find(host)
    if begins < 0:
        # Letters that have no lower case of their own length: no name of a host has such.
        raise _unusable(url)
    spelled = at[begins:][: len(host)]
    return Address(kind=kind, host=spelled, port=port, user=unquote(parts.username) if parts.username else None)


def _unusable(url: str) -> ConfigurationError:
    return ConfigurationError(
        f"`docker: {_without_password(url)}` is no address of an engine",
        hint="write ssh://user@host, unix:///var/run/docker.sock, tcp://host:2376 or capture:folder; "
        "passwords don't belong in it",
    )


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    scheme, slashes, user = before.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}@{after}" if at else url
