"""Stack folders: what lies in them, and which compose files Compose would read."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from homelab_assets.errors import BaselineError
from homelab_assets.late import late
from homelab_assets.model import FileTree, path_in

# Compose's own order: the first that exists is read. The endpoint files are this project's convention.
BASE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
SAMPLE_NAMES = (".env.sample", ".env.example", ".env.template", ".env.dist", "env.sample", "env.example", "sample.env")
_ENDPOINT_FILE = late(r"(?:docker-)?compose\.(?P<endpoint>[^/]+)\.ya?ml")
_MAX_STACKS = 5000
_NONE: Mapping[str, str] = {}


class Stack(Struct, frozen=True, kw_only=True):
    """One folder with compose files. All paths are relative to the repository's root.

    Attributes:
        name: the folder's name. base: the file that Compose reads, or None where there are only endpoint files.
        shadowed: further files with a base name, which Compose does not read.
        override: the override file that Compose adds by itself, or None.
        endpoint_files: endpoint to its file.
        env: the committed `.env`, sample: the file with placeholders, or None.
        env_files: all files whose names begin with `.env`, the sample not among them.
    """

    name: str
    directory: str
    base: str | None
    shadowed: Sequence[str] = ()
    override: str | None = None
    endpoint_files: Mapping[str, str]
    env: str | None = None
    sample: str | None = None
    env_files: Sequence[str] = ()

    def files(self, endpoint: str | None = None, variables: Mapping[str, str | None] = _NONE) -> tuple[str, ...]:
        """Return the compose files to merge for an endpoint, in order.

        The override file takes part only where no endpoint file does: naming files, as an endpoint file or
        `COMPOSE_FILE` makes necessary, switches Compose's own discovery off.

        Args:
            variables: the values of the stack's `.env`, as far as git's side knows them.
        """
        special = self.endpoint_files.get(endpoint) if endpoint else None
        if special:
            return (self.base, special) if self.base else (special,)
        if named := variables.get("COMPOSE_FILE"):
            separator = variables.get("COMPOSE_PATH_SEPARATOR") or ":"
            return tuple(posixpath.normpath(posixpath.join(self.directory, file)) for file in named.split(separator))
        if self.base is None:
            return ()
        return (self.base, self.override) if self.override else (self.base,)

    @property
    def compose_files(self) -> tuple[str, ...]:
        """All compose files of the folder."""
        named = (self.base, *self.shadowed, self.override, *self.endpoint_files.values())
        return tuple(dict.fromkeys(file for file in named if file))


def find_stacks(tree: FileTree, patterns: Sequence[str], root_name: str = "root") -> tuple[Stack, ...]:
    """Find the stack folders that match glob patterns, sorted by folder.

    Args:
        patterns: such as `stacks/*`; `**` matches any number of folders, `.` is the root.
        root_name: name of the stack in the root itself.
    """
    folders = stack_folders(tree, patterns)
    stacks = (read_stack(tree, folder, folder.rpartition("/")[2] or root_name) for folder in folders)
    return tuple(stack for stack in stacks if stack is not None)


def stack_folders(tree: FileTree, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the folders that match glob patterns, sorted, whether or not they hold a compose file."""
    return tuple(sorted({folder for pattern in patterns for folder in _matching(tree, pattern)}))


def links_out(tree: FileTree, patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the links that would be stack folders, or lead to some, if they did not leave the repository."""
    found: dict[str, None] = {}
    for pattern in patterns:
        parts = [part for part in pattern.strip("/").split("/") if part not in {"", "."}]
        for depth, part in enumerate(parts):
            for above in _matching(tree, "/".join(parts[:depth])):
                found |= dict.fromkeys(_links_out(tree, above, part))
    return tuple(found)


def on_the_way(tree: FileTree, patterns: Sequence[str], folders: Iterable[str]) -> tuple[str, ...]:
    """Return which of these folders would be stack folders, or lead to some."""
    found: set[str] = set()
    for pattern in patterns:
        parts = pattern.strip("/").split("/")
        found |= {folder for depth in range(len(parts)) for folder in _matching(tree, "/".join(parts[: depth + 1]))}
    return tuple(folder for folder in folders if folder in found)


def _links_out(tree: FileTree, above: str, part: str) -> Iterator[str]:
    for name in tree.list(above):
        # What ends in a slash is a folder inside.
        if name.endswith("/") or name.startswith(".") or not fnmatchcase(name, part):
            continue
        path = path_in(above, name)
        try:
            tree.list(path)
        except BaselineError:
            yield path


def read_stack(tree: FileTree, directory: str, name: str) -> Stack | None:
    """Look at one folder; None where it holds no compose file."""
    names = [entry for entry in tree.list(directory) if not entry.endswith("/")]
    bases = [entry for entry in BASE_NAMES if entry in names]
    overrides = [entry for entry in OVERRIDE_NAMES if entry in names]
    found = ((entry, _ENDPOINT_FILE.fullmatch(entry)) for entry in names if entry not in OVERRIDE_NAMES)
    endpoint_files = {match["endpoint"]: path_in(directory, entry) for entry, match in found if match}
    if not bases and not endpoint_files:
        return None
    samples = [entry for entry in SAMPLE_NAMES if entry in names]
    env_files = (
        entry for entry in names if entry.startswith(".env") and entry not in SAMPLE_NAMES and entry != ".envrc"
    )
    return Stack(
        name=name,
        directory=directory,
        base=path_in(directory, bases[0]) if bases else None,
        shadowed=tuple(path_in(directory, entry) for entry in bases[1:]),
        override=path_in(directory, overrides[0]) if bases and overrides else None,
        endpoint_files=endpoint_files,
        env=path_in(directory, ".env") if ".env" in names else None,
        sample=path_in(directory, samples[0]) if samples else None,
        env_files=tuple(path_in(directory, entry) for entry in env_files),
    )


def walk(tree: FileTree, directory: str = "", depth: int = 6, *, hidden: bool = False) -> Iterator[str]:
    """Yield the paths of all files below a folder, folders no deeper than `depth`. `hidden`: in hidden ones, too."""
    for entry in tree.list(directory):
        path = path_in(directory, entry)
        if not entry.endswith("/"):
            yield path
        elif depth and (hidden or not entry.startswith(".")) and entry not in {"node_modules/", "__pycache__/"}:
            yield from walk(tree, path.rstrip("/"), depth - 1, hidden=hidden)


def _matching(tree: FileTree, pattern: str) -> list[str]:
    found = [""]
    for part in pattern.strip("/").split("/"):
        if part in {"", "."}:
            continue
        below = _deep if part == "**" else _below
        found = [folder for above in found for folder in below(tree, above, part)][:_MAX_STACKS]
    return found


def _below(tree: FileTree, above: str, part: str) -> Iterator[str]:
    for entry in tree.list(above):
        name = entry.rstrip("/")
        if entry.endswith("/") and fnmatchcase(name, part) and (part.startswith(".") or not name.startswith(".")):
            yield path_in(above, name)


def _deep(tree: FileTree, above: str, part: str, depth: int = 6) -> Iterator[str]:
    yield above
    if depth:
        for folder in _below(tree, above, "*"):
            yield from _deep(tree, folder, part, depth - 1)
