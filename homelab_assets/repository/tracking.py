"""Refs that follow a remote's branch: which, and how to bring them up to date."""

from homelab_assets.repository.git import Git
from homelab_assets.repository.remotes import fetch


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
