"""What git's complaints mean, in words that a person can act on."""

import re
from collections.abc import Sequence
from pathlib import Path

from homelab_assets.errors import UserError
from homelab_assets.late import late
from homelab_assets.secrecy import redact

# (pattern in git's message, kind, what to do next); the first match wins. `{path}` is the clone.
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        r"dubious ownership",
        "ownership",
        "the clone belongs to another user; if you trust it: git config --global --add safe.directory '{path}'",
    ),
    (
        r"not a git repository",
        "missing",
        "give the root folder of a clone; `stacks` says where in it the compose files lie",
    ),
    (
        r"protected branch|GH006|pre-receive hook declined|refusing to allow|push to .* is not allowed",
        "protected",
        "the forge refuses pushes to this branch; allow the tool's account, or choose another branch",
    ),
    (
        r"stale info|non-fast-forward|fetch first|\[rejected\]|\[remote rejected\]|cannot lock ref",
        "rejected",
        "somebody pushed in between; the next run starts from what is there now",
    ),
    (
        r"Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|Permission denied"
        r"|access denied|HTTP Basic|error: 40[13]|Invalid username or (?:token|password)|Repository not found",
        "auth",
        "check the token or SSH key of this remote, and what it may do",
    ),
    (
        r"Host key verification failed|REMOTE HOST IDENTIFICATION",
        "auth",
        "check the remote's SSH host key, then add it to known_hosts",
    ),
    (
        r"Could not resolve|Connection (?:refused|timed out|reset|closed)|unable to access|No route to host"
        r"|Network is unreachable|the remote end hung up|early EOF",
        "unreachable",
        "see whether the remote can be reached from here",
    ),
    (
        r"couldn't find remote ref|does not appear to be a git repository|No such remote|unknown revision|bad revision"
        r"|Needed a single revision|bad object|invalid object name",
        "missing-ref",
        "fetch the clone, and compare the name with `git branch --all`",
    ),
    (
        r"\.lock': File exists|Unable to create .*\.lock",
        "locked",
        "another git command is at work; if none is, remove the named lock file",
    ),
    (r"No space left on device|Disk quota exceeded", "disk", "free space; nothing was lost"),
    (r"Read-only file system", "disk", "the clone must be writable for this"),
    (
        r"object file .* is empty|loose object .* is corrupt|bad tree object|missing blob|fatal: unable to read",
        "broken",
        "the clone is damaged: `git fsck` shows how; cloning anew mends it",
    ),
    (r"transport '?ext'? not allowed", "other", "`ext::` remotes run commands and are never used"),
)
_CONTROL = late(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]|\x1b\[[0-9;]*[A-Za-z]")
_USERINFO = late(r"(?<=://)[^/\s@]+@")
_LOGIN = late(r"[a-z][a-z0-9_-]{0,15}@")


class GitError(UserError):
    """Git could not do what was asked.

    Attributes:
        kind: ownership, missing, missing-ref, protected, rejected, auth, unreachable, timeout, locked, disk, broken
            or other.
    """

    def __init__(self, what: str, *, kind: str, where: str | None = None, hint: str | None = None) -> None:
        self.kind = kind
        super().__init__(what, where=where, hint=hint)


def clean(text: str) -> str:
    """Return text from git or a remote without credentials and control characters."""
    return _CONTROL.sub("", redact(_USERINFO.sub(_login_only, text)))


def _login_only(match: re.Match[str]) -> str:
    """Keep the login of `ssh://git@host`; before an HTTP host any userinfo may be a token."""
    web = match.string[: match.start()].lower().endswith(("http://", "https://"))
    return match[0] if _LOGIN.fullmatch(match[0]) and not web else "<secret>@"


def explain(arguments: Sequence[str], code: int, said: bytes, path: Path) -> GitError:
    """Make an error of git's exit code and of what it said."""
    text = said.decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # `hint:` lines are about git's command line, which the reader did not type.
    telling = [line for line in lines if not line.startswith(("hint:", "To ", "warning:"))]
    first = next((line for line in telling if line.startswith(("fatal:", "error:", "remote: error"))), "")
    message = clean(re.sub(r"^(fatal|error|remote):\s*", "", first or (telling[0] if telling else f"exit code {code}")))
    meanings = ((kind, hint) for pattern, kind, hint in _MEANINGS if re.search(pattern, text, re.IGNORECASE))
    kind, hint = next(meanings, ("other", ""))
    return GitError(
        f"git {arguments[0]}: {message[:500]}",
        kind=kind,
        where=str(path),
        hint=hint.format(path=path) or None,
    )
