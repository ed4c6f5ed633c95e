"""The `.env` and env files of running stacks: which there may be, and what they say. They live in memory only."""

import re
from collections.abc import Iterable, Mapping
from io import StringIO
from posixpath import isabs, join, normpath
from typing import Any

from homelab_assets.errors import HomelabError
from homelab_assets.labels import ENVIRONMENT_FILE, VERSION, WORKING_DIR, labels_of
from homelab_assets.late import late
from homelab_assets.secrecy import Vault

# A label is written by whoever started the container: it must not make us read any file of the host.
_ALLOWED = late(r"(?:.*[._-])?env(?:[._-].*)?", re.IGNORECASE)


def environment_files(containers: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Return the paths of the `.env` files that containers' Compose labels point to, in order: what they were started
    with, if the label says it, else the `.env` beside the compose files. Each with whether only Compose v1 reads it."""
    found: dict[str, bool] = {}
    for container in containers:
        labels = labels_of(container)
        v1 = str(labels.get(VERSION)).startswith("1.")
        for path in dotenv_paths(labels):
            found[path] = found.get(path, True) and v1
    return dict(sorted(found.items()))


def dotenv_paths(labels: Mapping[str, Any]) -> list[str]:
    """Return the paths of the `.env` files that one container's labels point to."""
    folder, named = labels.get(WORKING_DIR), labels.get(ENVIRONMENT_FILE)
    if not isinstance(folder, str) or not isabs(folder):
        return []
    files = named.split(",") if isinstance(named, str) and named else [".env"]
    return [path for file in files if is_allowed(path := normpath(join(folder, file)))]


def is_allowed(path: str) -> bool:
    """Whether a path is named as files of variables are."""
    return bool(_ALLOWED.fullmatch(path.rpartition("/")[2])) and is_plain(path)


def is_plain(path: str) -> bool:
    """Whether a path may be that of a file which somebody keeps: none of the kernel's."""
    return "\0" not in path and not path.startswith(("/proc/", "/sys/", "/dev/"))


Variables = Mapping[str, str | None]
"""Values by name, sealed; None where only the shell of whoever deployed knows it."""


def sealed_variables(
    data: bytes, path: str, vault: Vault, *, v1: bool = False, environment: Variables | None = None
) -> Variables | None:
    """Read a `.env` or env file and seal its values by their names; None where Compose could not read it either.

    Args:
        v1: read it as Compose v1 does a `.env`, to which quotes and `$` mean something else.
        environment: for an env file, the variables of the project's `.env`, which beat its own in its values.
    """
    from homelab_assets.compose.dotenv import parse_alone

    known = {name: value and vault.reveal(value) for name, value in (environment or {}).items()}
    try:
        text = data.decode("utf-8-sig")
        values = _read_by_v1(text) if v1 else parse_alone(text, file=path, environment=known)
    except (UnicodeDecodeError, HomelabError):
        return None
    return vault.seal_mapping(values)


def _read_by_v1(text: str) -> Variables:
    """What Compose v1 makes of a `.env` file, by the library that it uses itself."""
    from dotenv import dotenv_values
    from dotenv.variables import Variable, parse_variables

    values: dict[str, str | None] = {}
    for name, written in dotenv_values(stream=StringIO(text), interpolate=False).items():
        parts = list(parse_variables(written or ""))
        names = {part.name for part in parts if isinstance(part, Variable) and part.default is None}
        told = written is not None and all(values.get(name) is not None for name in names)
        values[name] = "".join(part.resolve(values) for part in parts) if told else None
    return values
