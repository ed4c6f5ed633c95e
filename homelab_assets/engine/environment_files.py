"""The `.env` files of running stacks: which there may be, and what they say. They live in memory only."""

import re
from collections.abc import Iterable, Mapping
from posixpath import isabs, join, normpath
from typing import Any

from homelab_assets.errors import HomelabError
from homelab_assets.secrecy import Vault

_PREFIX = "com.docker.compose.project."
# A label is written by whoever started the container: it must not make us read any file of the host.
_ALLOWED = re.compile(r"(?:.*[._-])?env(?:[._-].*)?", re.IGNORECASE)


def environment_file_paths(containers: Iterable[Mapping[str, Any]]) -> list[str]:
    """List the `.env` files that containers' Compose labels point to, in order of path: what they were started with, if
    the label says it, else the `.env` beside the compose files."""
    paths: set[str] = set()
    for container in containers:
        labels = (container.get("Config") or {}).get("Labels") or {}
        folder = labels.get(f"{_PREFIX}working_dir")
        named = labels.get(f"{_PREFIX}environment_file")
        if not isinstance(folder, str) or not isabs(folder):
            continue
        files = named.split(",") if isinstance(named, str) and named else [".env"]
        paths.update(normpath(join(folder, file)) for file in files)
    return sorted(path for path in paths if _is_allowed(path))


def _is_allowed(path: str) -> bool:
    return bool(_ALLOWED.fullmatch(path.rpartition("/")[2])) and is_plain(path)


def is_plain(path: str) -> bool:
    """Whether a path may be that of a file which somebody keeps: none of the kernel's."""
    return "\0" not in path and not path.startswith(("/proc/", "/sys/", "/dev/"))


def sealed_variables(data: bytes, path: str, vault: Vault) -> dict[str, str] | None:
    """Read a `.env` file and seal its values by their names; None where Compose could not read it either."""
    from homelab_assets.compose.dotenv import parse

    try:
        values = parse(data.decode("utf-8-sig"), file=path)
    except (UnicodeDecodeError, HomelabError):
        return None
    return {name: vault.seal(name, value) for name, value in values.items()}
