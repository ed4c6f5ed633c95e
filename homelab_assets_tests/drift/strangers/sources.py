"""Which stacks there are in a folder, and how they come to a host and into git."""

import posixpath
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from homelab_assets.model import FileTree
from homelab_assets.repository.git import Git
from homelab_assets.repository.trees import GitTree
from homelab_assets_tests.lab.repository import git

LIST = "STACKS.tsv"
_STANDARD = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_SAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env", "sample.env", "env.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A stack as somebody else wrote it.

    Attributes:
        folder: what belongs to it. directory: its project's folder, relative to the folder that holds `folder`.
        files: compose files in merge order, relative to the project's folder.
    """

    folder: Path
    directory: str
    files: tuple[str, ...]
    note: str = ""

    @property
    def name(self) -> str:
        """What the results call it."""
        more = "" if self.files[0] in _STANDARD else f" ({self.files[0]})"
        return self.directory + more


def strangers(root: Path) -> list[Stranger]:
    """Find the stacks below a folder: those that `STACKS.tsv` lists, in it or one folder down, else each folder with a
    compose file of a standard name."""
    lists = [root / LIST] if (root / LIST).is_file() else sorted(root.glob(f"*/{LIST}"))
    if lists:
        return [stranger for file in lists for stranger in _listed(file)]
    return [found for folder in sorted(root.iterdir()) if folder.is_dir() and (found := _standard(folder))]


def _listed(file: Path) -> Iterator[Stranger]:
    for line in file.read_text().splitlines():
        folder, directory, files, note = (*line.split("\t"), "", "", "")[:4]
        if files and (file.parent / folder).is_dir():
            yield stranger(file.parent / folder, directory, files.split(","), note)


def _standard(folder: Path) -> Stranger | None:
    main = next((name for name in _STANDARD if (folder / name).is_file()), None)
    if main is None:
        return None
    stem, ending = main.rsplit(".", 1)
    overrides = (f"{stem}.override.{one}" for one in (ending, "yml", "yaml"))
    beside = next((name for name in overrides if (folder / name).is_file()), None)
    return stranger(folder, ".", [main, *([beside] if beside else [])])


def stranger(folder: Path, directory: str, files: Sequence[str], note: str = "") -> Stranger:
    """Make one; Compose takes the folder of the first file for the project's."""
    inside = [posixpath.normpath(posixpath.join(directory or ".", name.strip())) for name in files]
    home = posixpath.dirname(inside[0])
    return Stranger(
        folder=folder,
        directory=posixpath.normpath(posixpath.join(folder.name, home)),
        files=tuple(posixpath.relpath(name, home or ".") for name in inside),
        note=note,
    )


def deploy_to(stranger: Stranger, parent: Path) -> None:
    """Copy a stack's files below a folder of a host; a sample becomes the `.env` where it has none."""
    shutil.copytree(
        stranger.folder, parent / stranger.folder.name, symlinks=True, ignore=shutil.ignore_patterns(".git")
    )
    project = parent / stranger.directory
    sample = next((project / name for name in _SAMPLES if (project / name).is_file()), None)
    if sample and not (project / ".env").exists():
        shutil.copy(sample, project / ".env")


def commit_to(stranger: Stranger, repository: Path) -> tuple[GitTree, str]:
    """Commit a stack to a new repository, all but its `.env`, and return the commit's files and id."""
    ignore = shutil.ignore_patterns(".git", ".env")
    shutil.copytree(stranger.folder, repository / stranger.folder.name, symlinks=True, ignore=ignore)
    git(repository, "init", "-q", "--initial-branch=main")
    git(repository, "add", "--all", "--force")
    git(repository, "commit", "-q", "-m", "feat: a stranger's stack")
    commit = git(repository, "rev-parse", "HEAD")
    return GitTree(Git(repository), commit), commit


class Amended:
    """The files of a tree, and one more."""

    def __init__(self, tree: FileTree, path: str, text: str) -> None:
        self.tree, self.path, self.text = tree, path, text

    def read(self, path: str) -> bytes | None:
        return self.text.encode() if posixpath.normpath(path) == self.path else self.tree.read(path)

    def list(self, directory: str = "") -> Sequence[str]:
        folder, name = posixpath.split(self.path)
        more = [name] if posixpath.normpath(directory or ".") == (folder or ".") else []
        return sorted({*self.tree.list(directory), *more})
