"""`drift-detector init`: look around and write a commented lab.yaml."""

import os
from pathlib import Path

import click
from msgspec.structs import replace

from homelab_assets.cli.common import Options, verb
from homelab_assets.errors import ConfigurationError


@click.command()
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--print", "print_only", is_flag=True, help="Print it instead of writing it.")
@verb(
    formats=("terminal",),
    lab="The lab.yaml to write. Default: $HOMELAB_LAB, ./lab.yaml.",
    output=("FILE", "The same; outranks --lab."),
)
def command(options: Options, force: bool, print_only: bool) -> None:
    """Look around (local Docker, ~/.ssh/config, clones nearby) and write a commented lab.yaml.

    Nothing is connected to and nothing is sent: only files on this machine are read.
    """
    from homelab_assets.files import write_whole
    from homelab_assets.lab.discover import find_hosts, find_repositories
    from homelab_assets.lab.settings import find_lab
    from homelab_assets.remediation.yaml_text import scalar
    from homelab_assets.rendering.nouns import counted
    from homelab_assets.rendering.templates import environment

    target = options.output or find_lab(options.lab_file) or Path("lab.yaml")
    if target.exists() and not force and not print_only:
        raise ConfigurationError(
            "is there already", where=str(target), hint="--force replaces it, --print shows what would be written"
        )
    hosts = find_hosts(Path.home(), os.environ)
    here = Path.cwd()
    repositories = find_repositories([here, here.parent, Path.home()])
    templates = environment()
    templates.filters["yaml"] = scalar
    text = templates.get_template("lab.yaml.j2").render(hosts=hosts, repositories=repositories)
    if print_only:
        replace(options, output=None).write(text)
        return
    write_whole(target, text)
    found = f"{counted(len(hosts), 'host')}, {counted(len(repositories), 'repository', 'repositories')}"
    missing = [what for what, there in (("your Docker host", hosts), ("your clone", repositories)) if not there]
    todo = f"name {' and '.join(missing)} in it" if missing else "look through it"
    options.say(f"wrote {target}: {found} found; {todo}, then run: drift-detector diff")
