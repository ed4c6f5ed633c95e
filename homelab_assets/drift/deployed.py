"""Where, as what and from which files a stack was deployed, as the labels of its containers tell."""

import posixpath
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.drift.view import Observed
from homelab_assets.errors import UserError
from homelab_assets.labels import CONFIG_FILES, ENVIRONMENT_FILE, WORKING_DIR
from homelab_assets.model import Baseline, Captured

NO_FOLDER = "/\uf8ff"
"""Stands for the project's folder where no label tells it (Portainer): relative binds are compared by their tail."""


class Deployment(Struct, frozen=True, kw_only=True):
    """Where and as what a stack was deployed on a host.

    Attributes:
        directory: the project's folder on the host, `NO_FOLDER` where it isn't known.
        project: the project's name in the labels, None where no container carries it.
        variables: values of the `.env` files as the host holds them, by file; settled.
        env_files: variables of all files on the host that a service may take them from, a `.env` too, by path.
        services: what its containers there are called as services.
        newer: whether it is Compose 5, as far as is known, that last brought it up.
        used: variables that its containers use by the host's own compose files, each with the fingerprint of its
            default, None where it has none or several; None as a whole where these files aren't known.
        spellings: of values of which there are tokens alone, see `Captured`.
    """

    directory: str
    project: str | None = None
    variables: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    env_files: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    services: frozenset[str] = frozenset()
    newer: bool = True
    used: Mapping[str, str | None] | None = None
    spellings: Mapping[str, Sequence[str]] | None = None


def not_deployed(baseline: Baseline) -> Deployment:
    """What stands for the deployment of a stack of which nothing runs, or nothing that is known."""
    return Deployment(directory="/" + (baseline.directory.strip("/") or baseline.stack))


def deployment_of(baseline: Baseline, group: Sequence[Observed], captured: Captured) -> Deployment:
    """Read from the containers' labels where a stack was deployed."""
    if not group:
        return not_deployed(baseline)
    # Of several places, be it that only some services were deployed from the last one, that is where the stack is now.
    youngest = max(group, key=lambda container: (WORKING_DIR in container.labels, container.created))
    labels = youngest.labels
    directory = str(labels.get(WORKING_DIR) or "").rstrip("/")
    named = str(labels.get(ENVIRONMENT_FILE) or "")
    files = named.split(",") if named else [".env"]
    variables = {
        path: captured.dotenv[path]
        for file in files
        if (path := posixpath.normpath(posixpath.join(directory or "/", file))) in captured.dotenv
    }
    return Deployment(
        directory=directory if directory.startswith("/") else NO_FOLDER,
        project=group[0].project,
        variables=variables,
        env_files={**captured.dotenv, **captured.env_files},
        newer=youngest.compose[:1] not in ((1,), (2,)),
        services=frozenset(container.service for container in group if container.service),
        used=_used(group, captured),
        spellings=captured.spellings,
    )


def _used(group: Sequence[Observed], captured: Captured) -> dict[str, str | None] | None:
    """Variables that the containers use by the compose files that they were started from, if all of these are known."""
    defaults: dict[str, str | None] = {}
    for container in group:
        known = captured.compose_variables.get(str(container.labels.get(CONFIG_FILES)), {})
        used = known.get(container.service or "")
        if used is None:
            return None
        for name, default in used.items():
            defaults[name] = default if defaults.get(name, default) == default else None
    return defaults


def as_deployed(baseline: Baseline, group: Sequence[Observed], deployment: Deployment) -> Baseline:
    """Return the baseline with the files that the stack was brought up with, as the labels of its youngest container
    name them (`-f`, `COMPOSE_FILE`): if git has them all, none for another host, and there are more than its own base
    and endpoint file, or the `.env` there asks for just these.
    """
    if not group or not baseline.files:
        return baseline
    labels = max(group, key=lambda container: container.created).labels
    folder, named = str(labels.get(WORKING_DIR) or ""), str(labels.get(CONFIG_FILES) or "")
    home = posixpath.dirname(baseline.files[0])
    files = _in_repository(named, folder.rstrip("/"), home)
    # Whoever names files switches the automatic override off.
    own = {file for file in baseline.files if ".override." not in posixpath.basename(file)}
    more = files[0] == baseline.files[0] and own < set(files)
    if not more and files != _asked_for(deployment, home):
        return baseline
    if not set(files).isdisjoint(baseline.foreign) or not _all_in_git(files, baseline):
        return baseline
    return replace(baseline, files=files)


@lru_cache(maxsize=1024)
def _in_repository(named: str, folder: str, home: str) -> tuple[str, ...]:
    """Files that a label names, as if the project's folder were this one of the repository; asked for every container
    of a stack."""
    inside = [posixpath.relpath(file, folder or "/") if file.startswith("/") else file for file in named.split(",")]
    return tuple(posixpath.normpath(posixpath.join(home, file)) for file in inside)


def _asked_for(deployment: Deployment, home: str) -> tuple[str, ...]:
    """The compose files that the stack's `.env` on the host names, as if they were all that Compose is told."""
    said = {name: value for variables in deployment.variables.values() for name, value in variables.items()}
    files = (said.get("COMPOSE_FILE") or "").split(said.get("COMPOSE_PATH_SEPARATOR") or ":")
    named = ",".join(file for file in files if file)
    return _in_repository(named, deployment.directory.rstrip("/"), home) if named else ()


def _all_in_git(files: Sequence[str], baseline: Baseline) -> bool:
    try:
        return all(not file.startswith("..") and baseline.tree.read(file) is not None for file in files)
    except UserError:
        return False
