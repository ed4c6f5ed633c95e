"""Talking to a clone's remotes: look, fetch, push, and which refs follow their branches. Nothing here changes the
operator's branches or checkout."""

import os
import re

from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError

NETWORK_SECONDS = 120.0
_SSH = "ssh -oBatchMode=yes -oConnectTimeout=15"
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_BRANCH = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(?:/|$)|/\.|\.$|/$|^[-/.]|^@$|^$|[^\x00-\uffff]|[\ud800-\udfff]"
)


def ls_remote(git: Git, remote: str, *patterns: str, seconds: float = NETWORK_SECONDS) -> dict[str, str]:
    """Ask a remote (name or URL) for its refs: full ref name to commit id, as far as the patterns match."""
    answer = git.run("ls-remote", "--quiet", "--", remote, *patterns, seconds=seconds, environment=_network(git))
    pairs = (line.split("\t", 1) for line in answer.text.splitlines() if "\t" in line)
    return {name: commit for commit, name in pairs if _ID.fullmatch(commit)}


def remote_branch(git: Git, remote: str, branch: str, *, seconds: float = NETWORK_SECONDS) -> str | None:
    """Return the commit that a branch of a remote has now, or None where there is no such branch."""
    ref = branch_ref(branch)
    return ls_remote(git, remote, ref, seconds=seconds).get(ref)


def fetch(git: Git, remote: str, *refspecs: str, seconds: float = NETWORK_SECONDS) -> None:
    """Fetch from a remote into remote-tracking refs. Without refspecs the remote's configured ones are used."""
    options = ("--no-tags", "--no-write-fetch-head", "--quiet")
    git.run("fetch", *options, "--", remote, *refspecs, seconds=seconds, environment=_network(git))


def push(
    git: Git,
    remote: str,
    commit: str,
    branch: str,
    *,
    expected: str | None = None,
) -> None:
    """Push a commit to a branch of a remote.

    Args:
        expected: the commit that the branch has now. With it the branch may be rewritten, but only if nobody pushed
            in between; without it the branch must be new or move forward.

    Raises:
        GitError: `kind` tells `rejected` (somebody pushed), `protected`, `auth`, `unreachable`, `timeout` apart.
    """
    target = branch_ref(branch)
    lease = [f"--force-with-lease={target}:{expected}"] if expected else []
    options = ("--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", *lease)
    refspec = f"{git.resolve(commit)}:{target}"
    git.run("push", *options, "--", remote, refspec, seconds=NETWORK_SECONDS, environment=_network(git))


def tracked(git: Git, ref: str) -> tuple[str, str] | None:
    """Return remote and branch that a ref such as `origin/main` follows; None for a local branch, a tag or a commit."""
    name = ref.removeprefix("refs/remotes/").removeprefix("remotes/")
    if ref.startswith("refs/") and not ref.startswith("refs/remotes/"):
        return None
    remotes = git.run("remote").text.split("\n")
    remote = max((one for one in remotes if one and name.startswith(f"{one}/")), key=len, default=None)
    if remote is None or git.find(f"refs/heads/{ref}"):
        return None
    return remote, name.removeprefix(f"{remote}/")


def refresh(git: Git, ref: str, *, seconds: float) -> bool:
    """Fetch the branch that a ref follows; False where it follows none. The checkout and local branches stay.

    Raises:
        GitError: the remote can't be reached, or has no such branch.
    """
    followed = tracked(git, ref)
    if followed is None:
        return False
    remote, branch = followed
    fetch(git, remote, f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}", seconds=seconds)
    return True


def branch_ref(branch: str) -> str:
    """Return the full ref of a branch name.

    Raises:
        GitError: git would not accept the name, or take it for something else.
    """
    name = branch.removeprefix("refs/heads/")
    if _NO_BRANCH.search(name):
        raise GitError(f"{branch!r} is no usable branch name", kind="other", hint="letters, digits, / - _ and .")
    return f"refs/heads/{name}"


def _network(git: Git) -> dict[str, str]:
    """Keep ssh from asking anything, unless the operator has chosen the ssh command."""
    if "GIT_SSH_COMMAND" in os.environ or "GIT_SSH" in os.environ:
        return {}
    configured = git.run("config", "--get", "core.sshCommand", fine=(0, 1, 128)).text.strip()
    return {} if configured else {"GIT_SSH_COMMAND": _SSH}
