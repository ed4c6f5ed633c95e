"""What is seen by looking out of a container, and at its files."""

from msgspec import Struct


class Egress(Struct, frozen=True, kw_only=True):
    """Addresses that the internet sees, asked for from inside qBittorrent's network. None: no route; "": not known."""

    v4: str | None
    v6: str | None
    source: str


class FileIdentity(Struct, frozen=True, kw_only=True):
    """What makes a file the same file under another name: device, inode; `links` counts its names."""

    device: int
    inode: int
    links: int
