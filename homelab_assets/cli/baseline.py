"""`drift-detector baseline`: the canonical compose model of files, as `docker compose config --format json`."""

import os
import sys
from pathlib import Path

import click

from homelab_assets.cli.common import Options, verb
from homelab_assets.errors import UserError
from homelab_assets.rendering.json_text import json_text


@click.command("baseline")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--env-file", "env_files", multiple=True, metavar="F", help="Variables, instead of the .env beside the first FILE."
)
@click.option("-p", "--project-name", metavar="NAME", help="Default: `name:` in the files, or the folder's name.")
@click.option("--project-directory", metavar="D", help="Default: the folder of the first FILE.")
@click.option("--profile", "profiles", multiple=True, metavar="P", help="Turn a profile on; `*` for all.")
@verb(formats=("json",))
def command(
    options: Options,
    files: tuple[str, ...],
    env_files: tuple[str, ...],
    project_name: str | None,
    project_directory: str | None,
    profiles: tuple[str, ...],
) -> None:
    """Print the canonical compose model of the given files, merged in order, as JSON.

    Same shape and values as `docker compose -f FILE... config --format json`. `-` reads a file from stdin.
    """
    from homelab_assets.compose import load
    from homelab_assets.compose.environment import interpolation_environment

    here = _working_directory()
    paths = [_STDIN if file == "-" else _absolute(file, here) for file in files]
    for path in paths:
        _refuse_what_is_no_file(path)
    on_disk = [path for path in paths if path != _STDIN]
    directory = (
        _absolute(project_directory, here) if project_directory else os.path.dirname(on_disk[0]) if on_disk else here
    )
    shell = {"PWD": here, **os.environ}
    chosen = env_files or tuple(part for part in shell.get("COMPOSE_ENV_FILES", "").split(",") if part)
    environment = interpolation_environment(
        shell, directory=directory, read=_read, env_files=[_absolute(path, here) for path in chosen]
    )
    project = load(
        paths,
        read=_read,
        project_directory=directory,
        environment=environment,
        project_name=project_name,
        profiles=profiles,
        is_directory=os.path.isdir,
    )
    for warning in project.warnings:
        options.say(f"warning: {warning}")
    options.write(json_text(project.to_json()))


_STDIN = "/dev/stdin"


def _working_directory() -> str:
    """The working directory by the name that the user went there, symbolic links kept."""
    named = os.environ.get("PWD", "")
    if os.path.isabs(named) and os.path.exists(named) and os.path.samefile(named, "."):
        return named
    return os.getcwd()


def _absolute(path: str, here: str) -> str:
    return os.path.normpath(os.path.join(here, path))


def _refuse_what_is_no_file(path: str) -> None:
    from homelab_assets.repository.stacks import BASE_NAMES

    if os.path.isdir(path):
        files = (os.path.join(path, name) for name in BASE_NAMES)
        file = next(filter(os.path.exists, files), None)
        hint = f"name its compose file: {file}" if file else "no compose file is in it"
        raise UserError("is a folder", where=path, hint=hint)
    if not os.path.exists(path):
        raise UserError("no such file", where=path)


def _read(path: str) -> bytes | None:
    try:
        return sys.stdin.buffer.read() if path == _STDIN else Path(path).read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
