"""The compose files that running stacks were started from: which variables they name. Nothing else of them is kept."""

from collections.abc import Collection, Iterable, Mapping
from posixpath import isabs
from typing import Any

from homelab_assets.errors import HomelabError
from homelab_assets.secrecy import Vault


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
    plain = isabs(path) and "\0" not in path and not path.startswith(("/proc/", "/sys/", "/dev/"))
    return plain and path.endswith((".yml", ".yaml"))


def named_variables(
    files: Mapping[str, bytes | None], services: Collection[str], vault: Vault
) -> dict[str, str | None] | None:
    """List the variables that compose files name, each with the fingerprint of its default.

    Args:
        files: text by path. services: names of the services that were started from them.

    Returns:
        None for a default where there is none, or several. None for the whole where these files don't tell all: one
        can't be read, or refers to further files, or a service is missing: they aren't what they were at the start.
    """
    from homelab_assets.compose.documents import read_documents
    from homelab_assets.compose.interpolation import variables_of

    try:
        documents = [one for path, data in files.items() if data is not None for one in read_documents(data, path)]
    except (HomelabError, RecursionError, ValueError):
        return None
    roots = [document.root for document in documents if isinstance(document.root, dict)]
    declared = [root["services"] for root in roots if isinstance(root.get("services"), dict)]
    refers = any("include" in root for root in roots) or any(
        isinstance(body, dict) and "extends" in body for section in declared for body in section.values()
    )
    if None in files.values() or refers or not set(services) <= set().union(*declared):
        return None
    defaults: dict[str, set[str | None]] = {}
    for document in documents:
        for scalar in document.templates:
            for name, use in variables_of(scalar):
                defaults.setdefault(name, set()).add(None if use.default is None else vault.fingerprint(use.default))
    return {name: found.pop() if len(found) == 1 else None for name, found in defaults.items()}
