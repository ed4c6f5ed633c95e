"""The files of a host that tell what its containers' variables come from: `.env`, compose files, env files."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from homelab_assets.engine.compose_files import (
    Started,
    compose_file_lists,
    included_env_files,
    is_compose_file,
    load_started,
    named_env_files,
    used_variables,
)
from homelab_assets.engine.environment_files import Variables, environment_files, sealed_variables
from homelab_assets.secrecy import Vault

if TYPE_CHECKING:
    from homelab_assets.compose import Project

_MOST_ROUNDS = 20
"""How often to read what compose files include and extend: includes of a file come at once, what it extends in turn."""

_MOST_FILES = 1000
"""How many of them to read: whoever writes a compose file must not keep the audit busy with one."""

Content = bytes | FileNotFoundError | None
"""What a file holds, or that there is none; None where it can't be read."""

ReadAll = Callable[[Sequence[str]], Iterable[Content]]
"""Gives the contents of files."""


def read_host_files(containers: Sequence[Mapping[str, Any]], read_all: ReadAll, vault: Vault) -> dict[str, Any]:
    """Read the `.env` files beside the running compose files, which variables those use, and the env files that they
    and their includes name. Many can't be read: that is no error.

    Returns:
        `dotenv`, `env_files` and `compose_variables` of a `Captured`.
    """
    texts: dict[str, Content] = {}

    def read(paths: Iterable[str]) -> None:
        wanted = [path for path in paths if path not in texts]
        texts.update(zip(wanted, read_all(wanted), strict=True))

    v1_alone, lists = environment_files(containers), compose_file_lists(containers)
    read([*v1_alone, *sorted({file for files in lists for file in files.split(",")})])
    dotenv: dict[str, Variables] = {}
    for path, v1 in v1_alone.items():
        data = texts[path]
        if isinstance(data, bytes) and (variables := sealed_variables(data, path, vault, v1=v1)) is not None:
            dotenv[path] = variables
    used = {}
    named: dict[str, Started] = {}
    of_services = set[str]()
    for files, started in lists.items():
        project, asked = _load(files.split(","), started, texts, read)
        if project is not None:
            used[files] = used_variables(project, started.services, vault)
            own = named_env_files(project, started.services)
            of_services |= own
            # What Compose v1 makes of an env file is another matter.
            named |= {path: started for path in own | included_env_files(project, asked) if not started.v1}
    read(sorted(named))
    env_files: dict[str, Variables] = {}
    for path, started in named.items():
        data = texts[path]
        if isinstance(data, FileNotFoundError) and path in of_services:
            # To a service, one that isn't there is as good as an empty one.
            data = b""
        if not isinstance(data, bytes):
            continue
        environment = {name: value for file in started.dotenv for name, value in dotenv.get(file, {}).items()}
        if (variables := sealed_variables(data, path, vault, environment=environment)) is not None:
            env_files[path] = variables
    return {"dotenv": dotenv, "env_files": env_files, "compose_variables": used}


def _load(
    files: Sequence[str],
    started: Started,
    texts: Mapping[str, Content],
    read: Callable[[Iterable[str]], None],
) -> "tuple[Project | None, set[str]]":
    """Load compose files, with those that they include or extend, and say which files were asked for."""
    asked = set[str]()

    def look(path: str) -> bytes | None:
        asked.add(path)
        content = texts.get(path, b"") if is_compose_file(path) else None
        return content if isinstance(content, bytes) else None

    for _ in range(_MOST_ROUNDS):
        project = load_started(files, started, look)
        further = sorted(path for path in asked - texts.keys() if is_compose_file(path))
        if not further:
            return project, asked
        if len(asked) > _MOST_FILES:
            break
        read(further)
    return None, asked
