"""The `git` process itself: how it is started, so that nothing around it changes what it does, and how it is ended."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from homelab_assets.repository.git_errors import GitError

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


class Answer(Struct, frozen=True, kw_only=True):
    """What a git command said. `text` is for ids and names that are known to be text; `names` splits at NUL."""

    code: int
    out: bytes

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape")

    @property
    def names(self) -> list[str]:
        return [name for name in self.text.split("\0") if name]


def start(
    path: Path,
    arguments: Sequence[str],
    *,
    piped: bool = False,
    additions: Mapping[str, str] | None = None,
    stderr: int = subprocess.PIPE,
) -> "subprocess.Popen[bytes]":
    """Start git in a folder, in a process group of its own.

    Args:
        piped: whether something is written to it. additions: to its environment.

    Raises:
        GitError: git is missing, or an argument can't be one.
    """
    if any("\0" in argument for argument in arguments):
        raise GitError("a name holds a NUL character", where=str(path), kind="other")
    options = [part for setting in _CONFIG for part in ("-c", setting)]
    try:
        # S603/S607: a fixed program, no shell, options closed by the callers; which git is the operator's choice.
        return subprocess.Popen(  # noqa: S603
            ["git", "-C", os.fspath(path), *options, *arguments],  # noqa: S607
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(path) | dict(additions or {}),
            start_new_session=True,
        )
    except FileNotFoundError:
        raise GitError("git is not installed", kind="other", hint="install git 2.31 or newer") from None


def _environment(path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    # Only the named folder itself counts, never a repository that happens to lie above it.
    ceiling = os.path.dirname(os.path.realpath(path))
    return kept | _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": ceiling}


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
