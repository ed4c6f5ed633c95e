"""The compose files that running stacks were started from: which variables they use, and which env files they name.
Nothing else of them is kept."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from posixpath import dirname, isabs, join, normpath
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from homelab_assets.engine.environment_files import dotenv_paths, is_allowed, is_plain
from homelab_assets.errors import HomelabError
from homelab_assets.labels import CONFIG_FILES, SERVICE, VERSION, WORKING_DIR, labels_of
from homelab_assets.secrecy import Vault

if TYPE_CHECKING:
    from homelab_assets.compose import Expression, Project


class Started(Struct, kw_only=True):
    """What containers were started from one list of compose files.

    Attributes:
        services: names. directory: the project's folder. dotenv: paths of its `.env` files.
        v1: whether Compose v1 started any.
    """

    services: set[str] = field(default_factory=set)
    directory: str = "/"
    dotenv: Sequence[str] = ()
    v1: bool = False


def compose_file_lists(containers: Iterable[Mapping[str, Any]]) -> dict[str, Started]:
    """Map each list of compose files, as containers' labels name them, to what was started from it."""
    lists: dict[str, Started] = {}
    for container in containers:
        labels = labels_of(container)
        files, service = labels.get(CONFIG_FILES), labels.get(SERVICE)
        if isinstance(files, str) and isinstance(service, str) and all(map(is_compose_file, files.split(","))):
            started = lists.setdefault(files, Started())
            started.services.add(service)
            started.v1 = started.v1 or str(labels.get(VERSION)).startswith("1.")
            folder = labels.get(WORKING_DIR)
            if isinstance(folder, str) and isabs(folder):
                started.directory, started.dotenv = normpath(folder), dotenv_paths(labels)
    return lists


def is_compose_file(path: str) -> bool:
    """Whether a path is named as compose files are."""
    # A label is written by whoever started the container: it must not make us read any file of the host.
    return isabs(path) and path.endswith((".yml", ".yaml")) and is_plain(path)


def load_started(files: Sequence[str], started: Started, read: Callable[[str], bytes | None]) -> "Project | None":
    """Load compose files of a host, no variable known.

    Args:
        files: paths in merge order. read: gives what these, and those that they include or extend, say.

    Returns:
        None where they don't tell all: one can't be read, or a service is missing: they aren't what they were then.
    """
    from homelab_assets import compose

    if None in map(read, files):
        return None
    try:
        project = compose.load(
            files,
            read=read,
            project_directory=started.directory,
            environment={},
            project_name="any",
            symbolic=True,
            newer=True,
        )
    except HomelabError:
        return None
    return project if started.services <= project.services.keys() | project.disabled.keys() else None


def used_variables(project: "Project", services: Collection[str], vault: Vault) -> dict[str, dict[str, str | None]]:
    """List the variables that services use, by service, each with the fingerprint of its default: None where there is
    none, or several."""
    known = {**project.services, **project.disabled}
    return {name: _defaults([known[name], project.resources], project.expressions, vault) for name in services}


def named_env_files(project: "Project", services: Collection[str]) -> set[str]:
    """Return the paths of the files that services take variables from (`env_file`), of those that we may read."""
    named = {path for service in services for path in project.open_env_files.get(service, ())}
    return {path for path in named - project.raw_env_files if isabs(path) and is_allowed(path)}


def included_env_files(project: "Project", asked: Collection[str]) -> set[str]:
    """Return the paths of the files that includes take variables from (a `.env` in their folder, if nothing else is
    said), of those that we may read.

    Args:
        asked: all that was asked for to load the project.
    """
    beside = {join(dirname(path), ".env") for path in asked if is_compose_file(path)}
    of_services = set().union(*project.open_env_files.values(), *project.open_label_files.values())
    return {path for path in asked if is_allowed(path) and (path in beside or path not in of_services)}


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
