"""Temporary worktrees: a place to change files and commit, away from the operator's checkout, index and branches.

A worktree is detached, lies in a folder of its own, and is held by a lock that ends with its process. What a killed
process left behind is found by its free lock, and removed when the next worktree is made.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from homelab_assets.errors import UserError
from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError

_PREFIX = "homelab-worktree-"
_REGULAR, _EXECUTABLE = "100644", "100755"


class Committer(Struct, frozen=True, kw_only=True):
    """Who commits. `when` is an ISO 8601 time; None means now."""

    name: str
    email: str
    when: str | None = None


class Worktree(Struct, frozen=True, kw_only=True):
    """A checkout of one commit, for this process alone."""

    path: Path
    git: Git
    base: str

    def commit(self, changes: Mapping[str, bytes | None], message: str, committer: Committer) -> str:
        """Write files, and commit them on top of what this worktree has checked out.

        The bytes are committed as given: no filter, no line-ending conversion, no hook. Files that are not named
        stay byte-identical, and keep their mode.

        Args:
            changes: new content by path, None removes the file.
            message: the whole commit message.

        Returns:
            The id of the new commit, which no branch names yet. Without a real change, the commit it stands on.

        Raises:
            UserError: a path leads out of the repository or through a symbolic link.
        """
        head = self.git.resolve("HEAD")
        for path, data in changes.items():
            self._stage(path, data)
        tree = self.git.run("write-tree").text.strip()
        if tree == self.git.run("rev-parse", "--verify", f"{head}^{{tree}}").text.strip():
            return head
        commit = self.git.run(
            "commit-tree", "-p", head, "-F", "-", tree, stdin=message.encode(), environment=_variables(committer)
        ).text.strip()
        # In a detached worktree this moves only the worktree's own HEAD.
        self.git.run("update-ref", "--no-deref", "HEAD", commit, head)
        return commit

    def _stage(self, path: str, data: bytes | None) -> None:
        place = self._place(path)
        known = self.git.run("ls-files", "--stage", "-z", "--", path).names
        if data is None:
            if known:
                self.git.run("update-index", "--force-remove", "--", path)
            place.unlink(missing_ok=True)
            return
        mode = next((entry.split(" ", 1)[0] for entry in known if entry.endswith(f"\t{path}")), _REGULAR)
        if mode not in {_REGULAR, _EXECUTABLE}:
            raise UserError("is no regular file in git, and is not written to", where=path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        blob = self.git.run("hash-object", "-w", "--stdin", "--no-filters", stdin=data).text.strip()
        self.git.run("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")

    def _place(self, path: str) -> Path:
        parts = path.split("/")
        if not path or "\0" in path or any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts):
            raise UserError("is no path inside the repository", where=path)
        place = self.path
        for part in parts:
            place /= part
            if place.is_symlink():
                raise UserError("leads through a symbolic link, and is not written to", where=path)
        return place


@contextmanager
def temporary_worktree(git: Git, commit: str, *, directory: Path | None = None) -> Iterator[Worktree]:
    """Check a commit out into a folder of its own, and remove it at the end, whatever happens.

    Args:
        directory: where the folder is made; default: the system's temporary folder.

    Raises:
        GitError: there is no such commit, or the clone can't be written to.
    """
    base = git.resolve(commit)
    prune_worktrees(git)
    parent = Path(directory or tempfile.gettempdir())
    parent.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=os.path.realpath(parent)))
    with _held(_lock_file(path)):
        try:
            with _register(git):
                git.run("worktree", "add", "--detach", "--force", "--quiet", "--", str(path), base)
            yield Worktree(path=path, git=Git(path), base=base)
        finally:
            _remove(git, path)


def prune_worktrees(git: Git) -> int:
    """Remove worktrees of this project whose process is gone; return how many. Other worktrees are left alone."""
    removed = 0
    with _register(git):
        listing = git.run("worktree", "list", "--porcelain").text.splitlines()
    for path in (Path(line.removeprefix("worktree ")) for line in listing if line.startswith("worktree ")):
        if path.name.startswith(_PREFIX) and not _is_held(_lock_file(path)):
            _remove(git, path)
            removed += 1
    return removed


def _remove(git: Git, path: Path) -> None:
    # Twice --force: also one that was killed while git was still making it, which leaves it locked.
    with suppress(GitError), _register(git):
        git.run("worktree", "remove", "--force", "--force", "--", str(path))
    shutil.rmtree(path, ignore_errors=True)
    _lock_file(path).unlink(missing_ok=True)


def _register(git: Git) -> AbstractContextManager[None]:
    # Git stumbles over a worktree that another process is just making or removing.
    return _held(git.clone().common_dir / "homelab-worktrees.lock")


def _lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


@contextmanager
def _held(file: Path) -> Iterator[None]:
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_held(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _variables(committer: Committer) -> dict[str, str]:
    names = {}
    for role in ("AUTHOR", "COMMITTER"):
        names[f"GIT_{role}_NAME"] = committer.name
        names[f"GIT_{role}_EMAIL"] = committer.email
        if committer.when:
            names[f"GIT_{role}_DATE"] = committer.when
    return names
