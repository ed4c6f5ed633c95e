"""Look around for what a `lab.yaml` needs: Docker engines, SSH hosts, clones of repositories. Reads only."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, count
from pathlib import Path

from msgspec import Struct

from homelab_assets.late import late

_COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_SKIPPED = frozenset({"node_modules", "venv", "__pycache__", "snap", "Library"})
_FORGE = late(
    r"(?:https://|git@|ssh://git@)(?:[^@/]*@)?(?P<host>[\w.-]+)(?::\d+)?[:/](?P<slug>[\w.-]+/[\w.-]+?)(?:\.git)?/?$"
)


class FoundHost(Struct, frozen=True, kw_only=True):
    """A Docker engine that may be there: its name, its `docker:` URL, and where that is known from."""

    name: str
    docker: str
    source: str


class FoundRepository(Struct, frozen=True, kw_only=True):
    """A clone nearby.

    `stacks` is the pattern of its compose folders, or None; `forge_host` and `slug` come from its remote.
    """

    name: str
    path: Path
    stacks: str | None
    forge_host: str | None = None
    slug: str | None = None


def find_hosts(home: Path, environment: Mapping[str, str]) -> list[FoundHost]:
    """Find Docker engines: `$DOCKER_HOST`, the local socket, and the hosts of `~/.ssh/config`, in this order."""
    found = []
    if environment.get("DOCKER_HOST", "").startswith(("unix://", "ssh://", "tcp://")):
        found.append(FoundHost(name="docker-host", docker=environment["DOCKER_HOST"], source="$DOCKER_HOST"))
    for socket in (Path("/var/run/docker.sock"), home / ".docker/run/docker.sock"):
        if socket.is_socket() and not found:
            found.append(FoundHost(name="local", docker=f"unix://{socket}", source=str(socket)))
    for name in _ssh_names(home / ".ssh" / "config"):
        free = _free(name, {host.name for host in found})
        found.append(FoundHost(name=free, docker=f"ssh://{name}", source="~/.ssh/config"))
    return found


def _ssh_names(file: Path) -> list[str]:
    try:
        text = file.read_text(errors="replace")
    except OSError:
        return []
    names: list[str] = []
    for match in re.finditer(r"^\s*Host(?:\s+|\s*=\s*)(.+)$", text, re.IGNORECASE | re.MULTILINE):
        names += [name for name in match[1].split() if re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) and name not in names]
    return [name for name in names if not re.search(r"github|gitlab|gitea|bitbucket", name, re.IGNORECASE)]


def find_repositories(folders: Sequence[Path]) -> list[FoundRepository]:
    """Find clones in, and directly below, the folders that hold compose files, Ansible roles or Terraform modules."""
    found: dict[Path, FoundRepository] = {}
    for folder in folders:
        for candidate in [folder, *_children(folder)]:
            path = candidate.resolve()
            if path not in found and (path / ".git").exists():
                stacks = _stacks(path)
                if stacks or (path / "ansible").is_dir() or (path / "terraform").is_dir():
                    host, slug = _remote(path)
                    name = _free(_usable(path.name), {one.name for one in found.values()})
                    found[path] = FoundRepository(name=name, path=path, stacks=stacks, forge_host=host, slug=slug)
    return list(found.values())


def _usable(folder: str) -> str:
    """Return a folder's name as a name in `lab.yaml`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder).strip("-._") or "repository"


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name that nothing else has yet, as `lab.yaml` wants it: `homelab`, `homelab-2`, …"""
    return next(one for one in chain([name], (f"{name}-{number}" for number in count(2))) if one not in taken)


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.is_dir() and path.name not in _SKIPPED and not path.name.startswith(".")
        )
    except OSError:
        return []


def _stacks(repository: Path) -> str | None:
    for pattern in ("stacks/*", "compose/*", "docker/*", "services/*", "apps/*", "*"):
        if any(
            (folder / name).is_file()
            for folder in repository.glob(pattern)
            if folder.is_dir()
            for name in _COMPOSE_NAMES
        ):
            return pattern
    return "." if any((repository / name).is_file() for name in _COMPOSE_NAMES) else None


def _remote(repository: Path) -> tuple[str | None, str | None]:
    try:
        text = (repository / ".git" / "config").read_text(errors="replace")
    except OSError:
        return None, None
    match = re.search(r"^\s*url\s*=\s*(\S+)", text, re.MULTILINE)
    forge = _FORGE.match(match[1]) if match else None
    # A token that is meant for a Gitea is nothing for these.
    if forge is None or re.search(r"gitlab|bitbucket|azure|visualstudio|sr\.ht", forge["host"]):
        return None, None
    return forge["host"], forge["slug"]
