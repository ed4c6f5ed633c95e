"""The files of a host that tell what its containers' variables come from: `.env`, compose files, env files."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from homelab_assets.engine.compose_files import (
    Started,
    compose_file_lists,
    load_started,
    named_env_files,
    used_variables,
)
from homelab_assets.engine.environment_files import Variables, environment_files, sealed_variables
from homelab_assets.secrecy import Vault

ReadAll = Callable[[Sequence[str]], Iterable[bytes | None]]
"""Gives the contents of files, None for each that can't be read."""


def read_host_files(containers: Sequence[Mapping[str, Any]], read_all: ReadAll, vault: Vault) -> dict[str, Any]:
    """Read the `.env` files beside the running compose files, which variables those use, and the env files that they
    name. Many can't be read: that is no error.

    Returns:
        `dotenv`, `env_files` and `compose_variables` of a `Captured`.
    """
    texts: dict[str, bytes | None] = {}

    def read(paths: Iterable[str]) -> None:
        wanted = [path for path in paths if path not in texts]
        texts.update(zip(wanted, read_all(wanted), strict=True))

    v1_alone, lists = environment_files(containers), compose_file_lists(containers)
    read([*v1_alone, *sorted({file for files in lists for file in files.split(",")})])
    dotenv: dict[str, Variables] = {}
    for path, v1 in v1_alone.items():
        data = texts[path]
        if data is not None and (variables := sealed_variables(data, path, vault, v1=v1)) is not None:
            dotenv[path] = variables
    used = {}
    named: dict[str, Started] = {}
    for files, started in lists.items():
        project = load_started({file: texts[file] for file in files.split(",")}, started)
        if project is not None:
            used[files] = used_variables(project, started.services, vault)
            # What Compose v1 makes of an env file is another matter.
            named |= {path: started for path in named_env_files(project, started.services) if not started.v1}
    read(sorted(named))
    env_files: dict[str, Variables] = {}
    for path, started in named.items():
        data = texts[path]
        environment = {name: value for file in started.dotenv for name, value in dotenv.get(file, {}).items()}
        if data is not None and (variables := sealed_variables(data, path, vault, environment=environment)) is not None:
            env_files[path] = variables
    return {"dotenv": dotenv, "env_files": env_files, "compose_variables": used}
