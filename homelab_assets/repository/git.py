"""One hardened wrapper round the `git` command, and what is asked of a clone.

Every call of git in this project goes through `Git.run`: no shell, no hooks, no prompts, no pager, no `ext::`
transport, no file-system monitor, pathspecs taken literally, a time limit, and messages without credentials.
Reading never takes a lock and never touches the operator's checkout, index or branches.
"""

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from homelab_assets.repository.git_errors import GitError, explain
from homelab_assets.repository.git_process import Answer, end, kill, start

LOCAL_SECONDS = 60.0


class Clone(Struct, frozen=True, kw_only=True):
    """What kind of clone this is, and what the operator is in the middle of.

    Attributes:
        common_dir: the `.git` that all worktrees of the clone share.
        operation: `merge`, `rebase`, `cherry-pick`, `revert`, `bisect`, or None.
        grafts: commits whose parents a shallow clone does not hold.
    """

    common_dir: Path
    bare: bool
    operation: str | None
    grafts: frozenset[str]


class Git(Struct, frozen=True):
    """Git for one clone (or for no clone, with any existing folder, as `ls_remote` of a URL needs)."""

    path: Path

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        seconds: float = LOCAL_SECONDS,
        environment: Mapping[str, str] | None = None,
        fine: Sequence[int] = (0,),
    ) -> Answer:
        """Run one git command to its end.

        Args:
            arguments: command and options; close the options with `--` or `--end-of-options` before foreign text.
            seconds: time limit; the whole process group is ended when it has passed.
            environment: additions, such as the author of a commit.
            fine: exit codes that are no error.

        Raises:
            GitError: git is missing, failed, or took too long; the text is redacted and says what to do.
        """
        process = start(self.path, arguments, piped=stdin is not None, additions=environment)
        try:
            out, err = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            end(process)
            raise GitError(
                f"git {arguments[0]} took longer than {seconds:g} s",
                where=str(self.path),
                hint="see whether the remote or the disk answers, then try again",
                kind="timeout",
            ) from None
        except BaseException:
            end(process)
            raise
        if process.returncode not in fine:
            # `push --porcelain` says on stdout which ref was refused, and why.
            said = out + b"\n" + err if arguments[0] == "push" else err
            raise explain(arguments, process.returncode, said, self.path)
        return Answer(code=process.returncode, out=out)

    @contextmanager
    def stream(self, *arguments: str, seconds: float = LOCAL_SECONDS) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a git command whose output is read while it runs, and may be left unread. Errors give a short stream.

        The command is ended when the block is left, or when the time has passed.
        """
        process = start(self.path, arguments, stderr=subprocess.DEVNULL)
        watch = threading.Timer(seconds, kill, [process])
        watch.start()
        try:
            yield process
        finally:
            watch.cancel()
            end(process)

    def clone(self) -> Clone:
        """Look at the clone.

        Raises:
            GitError: the folder is no clone, or git does not trust its owner.
        """
        if not self.path.is_dir():
            raise GitError("no such folder", where=str(self.path), hint="clone the repository there", kind="missing")
        answer = self.run("rev-parse", "--absolute-git-dir", "--git-common-dir", "--is-bare-repository")
        git_dir, common, bare = answer.text.splitlines()
        directory = Path(git_dir)
        shared = Path(os.path.normpath(self.path / common))
        marks = {
            "MERGE_HEAD": "merge",
            "rebase-merge": "rebase",
            "rebase-apply": "rebase",
            "CHERRY_PICK_HEAD": "cherry-pick",
            "REVERT_HEAD": "revert",
            "BISECT_LOG": "bisect",
        }
        shallow = shared / "shallow"
        return Clone(
            common_dir=shared,
            bare=bare == "true",
            operation=next((word for mark, word in marks.items() if (directory / mark).exists()), None),
            grafts=frozenset(shallow.read_text("ascii").split()) if shallow.is_file() else frozenset(),
        )

    def resolve(self, ref: str) -> str:
        """Return the full id of the commit that a ref names.

        Raises:
            GitError: there is no such commit; the hint names the branches that exist.
        """
        commit = self.find(ref)
        if commit is None:
            raise GitError(
                f"there is no commit or branch {ref!r}",
                where=str(self.path),
                hint=self._known_branches() or "the repository has no commit yet",
                kind="missing-ref",
            )
        return commit

    def find(self, ref: str) -> str | None:
        """Return the full id of the commit that a ref names, or None."""
        answer = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", fine=(0, 1, 128))
        if answer.code == 128:
            # Told apart here: a ref that is not there is no error, a folder that is no clone is one.
            self.run("rev-parse", "--git-dir")
        return answer.text.strip() or None if answer.code == 0 else None

    def default_ref(self) -> str:
        """Return the name of what counts as the truth where nothing else says so: the remote's default branch, else
        `main`, `master`, else HEAD. Where a tag or another branch is named so too, it is `remotes/…` or `heads/…`."""
        head = self.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", fine=(0, 1))
        wanted = (head.text.strip().removeprefix("refs/remotes/"), "origin/main", "origin/master", "main", "master")
        for name in wanted:
            full = f"refs/remotes/{name}" if name.startswith("origin/") else f"refs/heads/{name}"
            both = self.run("rev-parse", f"{full}^{{commit}}", f"{name}^{{commit}}", fine=(0, 128)) if name else None
            if both and both.code == 0:
                commits = both.text.split()
                return name if commits[0] == commits[1] else full.removeprefix("refs/")
        return "HEAD"

    def branches(self, limit: int = 200) -> tuple[str, ...]:
        """Return short names of local and remote branches, newest first."""
        answer = self.run(
            "for-each-ref", f"--count={limit}", "--sort=-committerdate", "--format=%(refname:short)",
            "refs/heads", "refs/remotes",
        )  # fmt: skip
        return tuple(answer.text.split())

    def _known_branches(self) -> str:
        names = self.branches(limit=8)
        return "known: " + ", ".join(names) if names else ""

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits, or None where their histories never met."""
        answer = self.run("merge-base", "--end-of-options", one, other, fine=(0, 1))
        return answer.text.strip() or None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Say whether `newer` contains `older`. False after a force-push that dropped it, also when it is gone."""
        if self.find(older) is None or self.find(newer) is None:
            return False
        return self.run("merge-base", "--is-ancestor", "--end-of-options", older, newer, fine=(0, 1)).code == 0

    def ignored_paths(self) -> tuple[str, ...]:
        """Return what `.gitignore` and its kin keep out of git; whole folders end in `/`."""
        answer = self.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
        return tuple(answer.names)

    def dirty_paths(self) -> tuple[str, ...]:
        """Return paths of the checkout that differ from HEAD, untracked ones included, ignored ones not."""
        answer = self.run(
            "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules"
        )
        return tuple(sorted(name[3:] for name in answer.names))
