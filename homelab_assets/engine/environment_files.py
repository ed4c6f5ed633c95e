"""The `.env` files of running stacks: which there may be, and what they say. They live in memory only."""

import re
from collections.abc import Iterable, Mapping
from io import StringIO
from posixpath import isabs, join, normpath
from typing import Any

from homelab_assets.errors import HomelabError
from homelab_assets.secrecy import Vault

_PREFIX = "com.docker.compose.project."
# A label is written by whoever started the container: it must not make us read any file of the host.
_ALLOWED = re.compile(r"(?:.*[._-])?env(?:[._-].*)?", re.IGNORECASE)


def environment_files(containers: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Return the paths of the `.env` files that containers' Compose labels point to, in order: what they were started
    with, if the label says it, else the `.env` beside the compose files. Each with whether only Compose v1 reads it."""
    found: dict[str, bool] = {}
    for container in containers:
        labels = (container.get("Config") or {}).get("Labels") or {}
        folder = labels.get(f"{_PREFIX}working_dir")
        named = labels.get(f"{_PREFIX}environment_file")
        if not isinstance(folder, str) or not isabs(folder):
            continue
        v1 = str(labels.get("com.docker.compose.version")).startswith("1.")
        for file in named.split(",") if isinstance(named, str) and named else [".env"]:
            path = normpath(join(folder, file))
            found[path] = found.get(path, True) and v1
    return {path: found[path] for path in sorted(found) if _is_allowed(path)}


def _is_allowed(path: str) -> bool:
    return bool(_ALLOWED.fullmatch(path.rpartition("/")[2])) and is_plain(path)


def is_plain(path: str) -> bool:
    """Whether a path may be that of a file which somebody keeps: none of the kernel's."""
    return "\0" not in path and not path.startswith(("/proc/", "/sys/", "/dev/"))


def sealed_variables(data: bytes, path: str, vault: Vault, *, v1: bool = False) -> dict[str, str] | None:
    """Read a `.env` file and seal its values by their names; None where Compose could not read it either.

    Args:
        v1: read it as Compose v1 does, to which quotes and `$` mean something else.
    """
    from homelab_assets.compose.dotenv import parse

    try:
        text = data.decode("utf-8-sig")
        values = _read_by_v1(text) if v1 else parse(text, file=path)
    except (UnicodeDecodeError, HomelabError):
        return None
    return {name: vault.seal(name, value) for name, value in values.items()}


def _read_by_v1(text: str) -> dict[str, str]:
    """What Compose v1 makes of a `.env` file, by the library that it uses itself; without what only the shell knew."""
    from dotenv import dotenv_values
    from dotenv.variables import Variable, parse_variables

    values: dict[str, str | None] = {}
    for name, written in dotenv_values(stream=StringIO(text), interpolate=False).items():
        parts = list(parse_variables(written or ""))
        names = {part.name for part in parts if isinstance(part, Variable) and part.default is None}
        if written is not None and names <= values.keys():
            values[name] = "".join(part.resolve(values) for part in parts)
    return {name: value for name, value in values.items() if value is not None}
