"""One hardened wrapper round the `git` command.

Every call of git in this project goes through `Git.run`: no shell, no hooks, no prompts, no pager, no `ext::`
transport, no file-system monitor, pathspecs taken literally, a time limit, and messages without credentials.
Reading never takes a lock and never touches the operator's checkout, index or branches.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from homelab_assets.repository.git_errors import GitError, explain

_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "core.pager=cat",
    "protocol.ext.allow=never",
    "credential.interactive=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "log.showSignature=false",
    "commit.gpgSign=false",
    "advice.detachedHead=false",
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "LC_ALL": "C.UTF-8",
}
# Of git's own variables only those survive that say how to reach a remote, and where the operator's settings are:
# GIT_DIR and its kin would send every command to another repository, for instance when this runs from a hook.
_KEPT = frozenset(
    {
        "GIT_SSH_COMMAND",
        "GIT_SSH",
        "GIT_SSH_VARIANT",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_EXEC_PATH",
        "GIT_CONFIG_GLOBAL",
    }
)

LOCAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """What kind of clone this is, and what the operator is in the middle of.

    Attributes:
        git_dir, common_dir: `.git` of this checkout, and the one that all its worktrees share.
        branch: name of the checked-out branch; None on a detached HEAD.
        operation: `merge`, `rebase`, `cherry-pick`, `revert`, `bisect`, or None.
        grafts: commits whose parents a shallow clone does not hold.
    """

    git_dir: Path
    common_dir: Path
    bare: bool
    branch: str | None
    operation: str | None
    grafts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Git:
    """Git for one clone (or for no clone, with any existing folder, as `ls_remote` of a URL needs)."""

    path: Path

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        seconds: float = LOCAL_SECONDS,
        environment: Mapping[str, str] | None = None,
        fine: Sequence[int] = (0,),
    ) -> "Answer":
        """Run one git command to its end.

        Args:
            arguments: command and options; close the options with `--` or `--end-of-options` before foreign text.
            seconds: time limit; the whole process group is ended when it has passed.
            environment: additions, such as the author of a commit.
            fine: exit codes that are no error.

        Raises:
            GitError: git is missing, failed, or took too long; the text is redacted and says what to do.
        """
        process = self._start(arguments, stdin is not None, environment)
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
        return Answer(code=process.returncode, out=out, err=err)

    @contextmanager
    def stream(self, *arguments: str, seconds: float = LOCAL_SECONDS) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a git command whose output is read while it runs, and may be left unread. Errors give a short stream.

        The command is ended when the block is left, or when the time has passed.
        """
        process = self._start(arguments, False, None, stderr=subprocess.DEVNULL)
        watch = threading.Timer(seconds, kill, [process])
        watch.start()
        try:
            yield process
        finally:
            watch.cancel()
            end(process)

    def _start(
        self,
        arguments: Sequence[str],
        piped: bool,
        additions: Mapping[str, str] | None,
        stderr: int = subprocess.PIPE,
    ) -> "subprocess.Popen[bytes]":
        if any("\0" in argument for argument in arguments):
            raise GitError("a name holds a NUL character", where=str(self.path), kind="other")
        options = [part for setting in _CONFIG for part in ("-c", setting)]
        try:
            # S603/S607: a fixed program, no shell, options closed by the callers; which git is the operator's choice.
            return subprocess.Popen(  # noqa: S603
                ["git", "-C", os.fspath(self.path), *options, *arguments],  # noqa: S607
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment() | dict(additions or {}),
                start_new_session=True,
            )
        except FileNotFoundError:
            raise GitError("git is not installed", kind="other", hint="install git 2.31 or newer") from None

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
        # Only the named folder itself counts, never a repository that happens to lie above it.
        ceiling = os.path.dirname(os.path.realpath(self.path))
        return kept | _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": ceiling}

    def clone(self) -> Clone:
        """Look at the clone.

        Raises:
            GitError: the folder is no clone, or git does not trust its owner.
        """
        if not self.path.is_dir():
            raise GitError("no such folder", where=str(self.path), hint="clone the repository there", kind="missing")
        answer = self.run("rev-parse", "--absolute-git-dir", "--git-common-dir", "--is-bare-repository")
        git_dir, common, bare = answer.text.splitlines()
        head = self.run("symbolic-ref", "--quiet", "--short", "HEAD", fine=(0, 1))
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
            git_dir=directory,
            common_dir=shared,
            bare=bare == "true",
            branch=head.text.strip() or None,
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
        `main`, `master`, else HEAD."""
        head = self.run("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD", fine=(0, 1))
        wanted = (head.text.strip(), "origin/main", "origin/master", "main", "master")
        for name in wanted:
            full = f"refs/remotes/{name}" if name.startswith("origin/") else f"refs/heads/{name}"
            if name and self.find(full):
                return name
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

    def changed_paths(self, older: str, newer: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits, sorted."""
        answer = self.run(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--end-of-options", older, newer
        )
        return tuple(sorted(answer.names))

    def diff(self, older: str, newer: str, *paths: str) -> str:
        """Return the patch between two commits as text. It may hold anything that git holds: redact before showing."""
        answer = self.run(
            "diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index", "--src-prefix=a/",
            "--dst-prefix=b/", "--end-of-options", older, newer, "--", *paths,
        )  # fmt: skip
        return answer.text

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a git command said. `text` is for ids and names that are known to be text; `names` splits at NUL."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def names(self) -> list[str]:
        return [name for name in self.text.split("\0") if name]


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process that still runs, with all its children."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process with all its children, and close its pipes."""
    kill(process)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError, ValueError):
                pipe.close()
    process.wait()
