"""The compose files that running stacks were started from: which variables they use. Nothing else of them is kept."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from posixpath import isabs
from typing import TYPE_CHECKING, Any

from homelab_assets.engine.environment_files import is_plain
from homelab_assets.errors import HomelabError
from homelab_assets.secrecy import Vault

if TYPE_CHECKING:
    from homelab_assets.compose import Expression


def compose_file_lists(containers: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Map each list of compose files, as containers' labels name them, to the services that were started from it."""
    lists: dict[str, set[str]] = {}
    for container in containers:
        labels = (container.get("Config") or {}).get("Labels") or {}
        files, service = labels.get("com.docker.compose.project.config_files"), labels.get("com.docker.compose.service")
        if isinstance(files, str) and isinstance(service, str) and all(map(_is_allowed, files.split(","))):
            lists.setdefault(files, set()).add(service)
    return lists


def _is_allowed(path: str) -> bool:
    # A label is written by whoever started the container: it must not make us read any file of the host.
    return isabs(path) and path.endswith((".yml", ".yaml")) and is_plain(path)


def used_variables(
    files: Mapping[str, bytes | None], services: Collection[str], vault: Vault
) -> dict[str, dict[str, str | None]] | None:
    """List the variables that services use, each with the fingerprint of its default.

    Args:
        files: the compose files that they were started from, by path in merge order. services: names.

    Returns:
        By service; None for a default where there is none, or several. None for the whole where these files don't tell
        all: one can't be read, or refers to further files, or a service is missing: they aren't what they were then.
    """
    from homelab_assets import compose

    if None in files.values():
        return None
    try:
        loaded = compose.load(
            list(files), read=files.get, project_directory="/", environment={}, project_name="any", symbolic=True
        )
    except HomelabError:
        return None
    known = {**loaded.services, **loaded.disabled}
    if not set(services) <= known.keys():
        return None
    return {name: _defaults([known[name], loaded.resources], loaded.expressions, vault) for name in services}


def _defaults(part: Any, expressions: Sequence["Expression"], vault: Vault) -> dict[str, str | None]:
    """Names of the variables in a part of a model, those within defaults too, with the fingerprints of defaults."""
    from homelab_assets.compose.interpolation import MARKER, names_in

    found: dict[str, str | None] = {}
    for number in set(MARKER.findall(json.dumps(part, ensure_ascii=False))):
        used = expressions[int(number)]
        default = used.argument if used.operator.endswith("-") else None
        mark = None if default is None else vault.fingerprint(default)
        found[used.name] = mark if found.get(used.name, mark) == mark else None
        found |= dict.fromkeys(names_in(used.argument))
    return found
