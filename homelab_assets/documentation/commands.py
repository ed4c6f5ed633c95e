"""Commands for one service, with its real names and paths, quoted for the shell."""

import posixpath
import re
import shlex

from msgspec import Struct

from homelab_assets.compose.normalise import normalised_name
from homelab_assets.documentation.estate import Service
from homelab_assets.documentation.links import slug
from homelab_assets.rendering.markdown import terminal_safe
from homelab_assets.secrecy import show

_DEFAULT_FILES = frozenset({"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"})
_PORTAINER = re.compile(r"/data/compose/\d+(?:/.*)?", re.DOTALL)


class Commands(Struct, frozen=True, kw_only=True):
    """What to type. Each is one or more lines of shell; "" where it does not apply.

    Attributes:
        rollback: for a clone from which people push, on the branch that is deployed; all others are for the host.
    """

    enter: str
    start: str
    stop: str
    restart: str
    update: str
    logs: str
    state: str
    health: str
    rollback: str
    note: str = ""


def commands_of(service: Service) -> Commands:
    """Return the commands for a service: Compose's where a folder is known or nothing runs, else the engine's own."""
    container = quoted(service.containers[0] if service.containers else service.name)
    logs = f"docker logs --tail 100 --timestamps {container}"
    state = f"docker inspect --format '{{{{.State.Status}}}} {{{{.State.ExitCode}}}} {{{{.State.Error}}}}' {container}"
    # Nothing starts a paused container.
    paused = service.state == "paused"
    placed = folder_of(service) or (service.declared and not service.containers)
    if not service.stack or not placed or is_portainers(service):
        managed = bool(service.stack)
        return Commands(
            enter="",
            start=f"docker {'unpause' if paused else 'start'} {container}",
            stop=f"docker stop {container}",
            restart=f"docker restart {container}",
            update="",
            logs=logs,
            state=state,
            health=_health(service, container),
            rollback="",
            note="Portainer holds this stack: update it and roll it back there."
            if managed and folder_of(service)
            else _BY_HAND
            if not managed
            else "",
        )
    compose, name = compose_of(service), quoted(service.name)
    pull = "git pull --ff-only\n" if service.declared else ""
    return Commands(
        enter=f"cd {quoted(folder_of(service))}" if folder_of(service) else "",
        start=f"{compose} {'unpause' if paused else 'up -d'} {name}",
        stop=f"{compose} stop {name}",
        restart=f"{compose} restart {name}",
        update=f"{pull}{compose} pull {name}\n{compose} up -d {name}",
        logs=logs,
        state=state,
        health=_health(service, container),
        rollback=_rollback(service),
        note="" if folder_of(service) else _NOT_SEEN,
    )


def rejoin_of(service: Service, parent: Service) -> str:
    """Return the command, typed where the parent's are, that takes a service into the parent's new network namespace.

    A container stays in the namespace that it was started in, and that ends with its parent's container.
    """
    own = commands_of(service)
    if not own.enter:
        return own.restart
    again = f"{compose_of(service)} up -d --force-recreate {quoted(service.name)}"
    return again if folder_of(service) == folder_of(parent) else f"({own.enter} && {again})"


def _rollback(service: Service) -> str:
    """Git is the truth: what is only reverted on the host is drift, and comes back with the next pull."""
    if service.declared is None:
        return ""
    # A service may be rolled back twice.
    branch = f"revert/{slug(service.stack or '', service.name)}-COMMIT"
    return "\n".join(
        (
            "git pull --ff-only",
            f"git log --oneline -- {quoted(service.declared.directory or '.')}",
            f"git switch -c {quoted(branch)}",
            "git revert --no-edit COMMIT",
            f"git push -u origin {quoted(branch)}",
        )
    )


_NOT_SEEN = "Where its compose files lie on the host was not seen: type what begins with `docker compose` there."
_BY_HAND = "It was started by hand: how is known only from the container. `drift-detector adopt` makes a stack of it."


def quoted(text: str) -> str:
    """Quote text for the shell, without characters that would act on the terminal that it is pasted into."""
    return shlex.quote(terminal_safe(show(text)))


def folder_of(service: Service) -> str:
    """Return the folder of a service's compose files on its host; "" where it is not known."""
    return service.directory if service.directory.startswith("/") else ""


def is_portainers(service: Service) -> bool:
    """Say whether Portainer holds a service's stack: its folder is one of Portainer's own, and not one of the host."""
    return bool(service.stack) and _PORTAINER.fullmatch(folder_of(service)) is not None


def compose_of(service: Service) -> str:
    """Return `docker compose` with what it takes to mean this stack, as typed in its folder."""
    folder, parts = folder_of(service), ["docker", "compose"]
    named = folder or (service.declared.directory if service.declared else "")
    if service.project and service.project != normalised_name(posixpath.basename(named)):
        parts += ["-p", service.project]
    environment = [_relative(file, folder) for file in environment_files_of(service)]
    if service.environment_files and environment != [".env"]:
        parts += [part for file in environment for part in ("--env-file", file)]
    files = [_relative(file, folder) for file in service.config_files]
    if service.declared:
        in_git = [posixpath.relpath(file, service.declared.directory or ".") for file in service.declared.files]
        # Git may have got a file for the endpoint since: whoever leaves it out brings back what it mends.
        files = in_git if not service.containers or set(files) < set(in_git) else files
    if len(files) != 1 or files[0] not in _DEFAULT_FILES:
        parts += [part for file in files for part in ("-f", file)]
    return " ".join(quoted(part) for part in parts)


def environment_files_of(service: Service) -> list[str]:
    """Return the files on the host that Compose takes variables from: what it was told, else the `.env`."""
    folder = folder_of(service)
    return [posixpath.normpath(posixpath.join(folder, file)) for file in service.environment_files or (".env",)]


def _relative(file: str, folder: str) -> str:
    return file.removeprefix(folder.rstrip("/") + "/")


def _health_test(service: Service) -> list[str]:
    """The health check that runs; where git has a `${VAR}` in it, git's own words: what it stands for may be secret."""
    declared = ((service.declared.model if service.declared else {}).get("healthcheck") or {}).get("test") or ()
    test = [str(part) for part in declared]
    return test if any("${" in part for part in test) else list(service.health_test)


def _health(service: Service, container: str) -> str:
    test = _health_test(service)
    if not test or test[0] == "NONE":
        return ""
    asked = f"docker inspect --format '{{{{.State.Health.Status}}}}' {container}"
    if test[0] == "CMD-SHELL" and len(test) == 2:
        return f"{asked}\ndocker exec {container} sh -c {quoted(test[1])}"
    if test[0] == "CMD":
        return f"{asked}\ndocker exec {container} {' '.join(quoted(part) for part in test[1:])}"
    return asked
