"""The files of a repository, read from a commit or from disk. Both are a `FileTree`.

Paths are POSIX and relative to the root. What lies outside the root is not there: `..` beyond it and absolute paths
give None. A symbolic link that leaves the root is refused aloud, because someone would wonder why it is missing.
"""

import errno
import os
import posixpath
import stat
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from homelab_assets.errors import BaselineError
from homelab_assets.model import path_in
from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError

MAX_BYTES = 4 * 1024 * 1024
_PREFETCH_BYTES = 256 * 1024
_PREFETCH_TOTAL = 64 * 1024 * 1024
_PREFETCH_ENDINGS = (".yml", ".yaml", ".env", ".sample", ".example", ".template", ".json", ".tf", "Dockerfile", ".conf")
_MAX_LINKS = 40
_FILE, _LINK, _MODULE = "100", "120", "160"


class GitTree:
    """The files of one commit, read with two calls of git however many there are.

    Attributes:
        commit: full id. submodules: folders that another repository fills; they are empty here.
    """

    def __init__(self, git: Git, commit: str, blobs: dict[str, bytes] | None = None) -> None:
        """Read the commit's listing and its small text files.

        Args:
            blobs: those that are known already, which trees of one repository may share.

        Raises:
            GitError: there is no such commit, or the clone is damaged.
        """
        self._git = git
        self.commit = commit
        self._entries: dict[str, tuple[str, str, int]] = {}
        self._folders: dict[str, set[str]] = {"": set()}
        for record in git.run("ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit).names:
            meta, _, path = record.partition("\t")
            mode, _, blob, size = meta.split()
            self._entries[path] = (mode, blob, int(size) if size.isdigit() else 0)
            self._add(path)
        self.submodules = tuple(path for path, entry in self._entries.items() if entry[0].startswith(_MODULE))
        self._blobs = {} if blobs is None else blobs
        self._blobs |= self._load(blob for blob in self._worth_fetching() if blob not in self._blobs)

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where there is no such file.

        Raises:
            BaselineError: a symbolic link leaves the repository, or the file is larger than 4 MiB.
        """
        real = self._follow(path)
        entry = self._entries.get(real) if real is not None else None
        if entry is None or not entry[0].startswith(_FILE):
            return None
        _, blob, size = entry
        if size > MAX_BYTES:
            raise _too_large(path)
        if blob not in self._blobs:
            self._blobs |= self._load([blob])
        return self._blobs[blob]

    def list(self, directory: str = "") -> Sequence[str]:
        """Return the names directly below a folder, sorted; folders end in `/`. Empty where it does not exist."""
        real = self._follow(directory)
        if real is None:
            return []
        names = self._folders.get(real, ())
        return sorted(name + "/" * self._leads_to_folder(path_in(real, name)) for name in names)

    @cached_property
    def _links(self) -> tuple[str, ...]:
        return tuple(path for path, entry in self._entries.items() if entry[0].startswith(_LINK))

    def linked_from(self, folder: str) -> set[str]:
        """Return the files and folders beyond a folder to which symbolic links below it lead."""
        within, found = f"{folder}/" if folder else "", set[str]()
        for path in self._links:
            if path.startswith(within):
                with suppress(BaselineError):
                    found.add(self._follow(path) or "")
        return {path for path in found - {""} if not (path.startswith(within) or within.startswith(f"{path}/"))}

    def _leads_to_folder(self, path: str) -> bool:
        if not self._entries.get(path, ("",))[0].startswith(_LINK):
            return False
        try:
            return self._follow(path) in self._folders
        except BaselineError:
            return False

    def _add(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        self._folders.setdefault(folder, set()).add(name + "/" * self._entries[path][0].startswith(_MODULE))
        while folder:
            above, _, name = folder.rpartition("/")
            siblings = self._folders.setdefault(above, set())
            if f"{name}/" in siblings:
                break
            siblings.add(f"{name}/")
            folder = above

    def _follow(self, path: str) -> str | None:
        """Resolve symbolic links, also those in the middle of a path."""
        wanted, done = _parts(path), list[str]()
        if wanted is None:
            return None
        links = 0
        while wanted:
            done.append(wanted.pop(0))
            here = "/".join(done)
            if not self._entries.get(here, ("",))[0].startswith(_LINK):
                continue
            links += 1
            blob = self._entries[here][1]
            target = (self._blobs.get(blob) or self._load([blob])[blob]).decode("utf-8", "surrogateescape")
            parts = None if target.startswith("/") else _parts(posixpath.join(*done[:-1], target))
            if parts is None or links > _MAX_LINKS:
                raise _leaves(here)
            wanted, done = parts + wanted, []
        return "/".join(done)

    def _worth_fetching(self) -> Iterable[str]:
        """Choose what is nearly always read, small files first so that a bound on the whole hits the odd ones."""
        total = 0
        for path, (mode, blob, size) in sorted(self._entries.items(), key=lambda item: item[1][2]):
            name = path.rpartition("/")[2]
            fits = size <= _PREFETCH_BYTES and (name.endswith(_PREFETCH_ENDINGS) or ".env" in name)
            if mode.startswith(_LINK) or (mode.startswith(_FILE) and fits):
                total += size
                if total > _PREFETCH_TOTAL:
                    return
                yield blob

    def _load(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Read blobs with one call. https://git-scm.com/docs/git-cat-file#_batch_output"""
        wanted = list(dict.fromkeys(blobs))
        if not wanted:
            return {}
        out = self._git.run("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in wanted).encode()).out
        loaded, at = {}, 0
        for blob in wanted:
            end = out.index(b"\n", at)
            header = out[at:end].split()
            if len(header) != 3 or header[1] != b"blob":
                raise GitError(
                    f"the clone lacks an object of commit {self.commit[:10]}",
                    where=str(self._git.path),
                    hint="a partial or damaged clone: fetch or clone it anew, without --filter",
                    kind="broken",
                )
            size = int(header[2])
            loaded[blob] = out[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return loaded


class WorkingTree:
    """The files below a folder on disk, as they are now. `.git` is not among them, nor what `hidden` names: paths of
    files and, with a `/` at the end, of folders."""

    def __init__(self, root: Path, *, hidden: Collection[str] = ()) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._hidden = frozenset(hidden)

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where there is no such file.

        Raises:
            BaselineError: a symbolic link leaves the folder, the file is larger than 4 MiB, or can't be read.
        """
        real = self._inside(path)
        if real is None:
            return None
        try:
            # Non-blocking: a named pipe must not hold the audit up.
            descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            if error.errno in {errno.ENXIO, errno.ENODEV}:
                return None
            raise _unreadable(path, error) from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(MAX_BYTES + 1)
        finally:
            os.close(descriptor)
        if len(data) > MAX_BYTES:
            raise _too_large(path)
        return data

    def list(self, directory: str = "") -> Sequence[str]:
        """Return the names directly below a folder, sorted; folders end in `/`. Empty where it does not exist."""
        real = self._inside(directory)
        if real is None:
            return []
        try:
            with os.scandir(real) as entries:
                names = [entry.name + "/" * self._leads_to_folder(entry) for entry in entries if entry.name != ".git"]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _unreadable(directory, error) from None
        place = "".join(f"{part}/" for part in _parts(directory) or ())
        return sorted(name for name in names if place + name not in self._hidden)

    def _inside(self, path: str) -> str | None:
        parts = _parts(path)
        if parts is None or ".git" in parts or self._is_hidden(parts):
            return None
        real = os.path.realpath(os.path.join(self._real, *parts))
        if not self._holds(real):
            raise _leaves(path)
        return real

    def _holds(self, real: str) -> bool:
        return real == self._real or real.startswith(self._real.rstrip("/") + "/")

    def _leads_to_folder(self, entry: "os.DirEntry[str]") -> bool:
        if not entry.is_symlink():
            return entry.is_dir()
        # As in a commit, a link that leads out or nowhere is no folder, and harmless until somebody reads it.
        real = os.path.realpath(entry.path)
        return self._holds(real) and os.path.isdir(real)

    def _is_hidden(self, parts: "Sequence[str]") -> bool:
        if not self._hidden:
            return False
        folders = ("/".join(parts[:n]) + "/" for n in range(1, len(parts) + 1))
        return "/".join(parts) in self._hidden or any(folder in self._hidden for folder in folders)


def _parts(path: str) -> "list[str] | None":
    """Split a path into its names; None where it leads out of the root."""
    if path.startswith("/") or "\0" in path:
        return None
    normal = posixpath.normpath(path) if path else "."
    if normal == ".":
        return []
    parts = normal.split("/")
    return None if parts[0] == ".." else parts


def _leaves(path: str) -> BaselineError:
    return BaselineError(
        "is a symbolic link that leaves the repository, or leads nowhere",
        where=path,
        hint="replace it by the file itself",
    )


def _too_large(path: str) -> BaselineError:
    return BaselineError("is larger than 4 MiB", where=path, hint="this is not a configuration file")


def _unreadable(path: str, error: OSError) -> BaselineError:
    return BaselineError(f"can't be read: {error.strerror}", where=path, hint="mend its permissions")
