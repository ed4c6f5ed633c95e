"""The remote's branches that this tool has made: what stands on them, and whether a person has touched them."""

from collections.abc import Sequence

from homelab_assets.forge.model import PullRequest
from homelab_assets.remediation.decide import Branch
from homelab_assets.remediation.identity import DRIFT, Kind, read_marker, read_trailers
from homelab_assets.remediation.proposal import Proposal
from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError
from homelab_assets.repository.remotes import fetch, ls_remote, push
from homelab_assets.repository.worktrees import Committer, temporary_worktree

COMMITTER = Committer(name="homelab-assets", email="drift-detector@homelab.invalid")
_PRIVATE = "refs/homelab-assets/remediation"


def look_at_branches(
    git: Git, remote: str, base: str, pulls: Sequence[PullRequest], kind: Kind = DRIFT
) -> dict[str, Branch]:
    """Fetch what the remote has of this tool's branches of one kind into refs of its own, and judge each.

    The operator's branches and remote-tracking refs are not touched.

    Args:
        base: commit that new pull requests are based on.
    """
    wanted = {pull.head for pull in pulls if pull.state != "merged" and read_marker(pull.body, kind)}
    there = ls_remote(git, remote)
    names = [
        name
        for ref in there
        if (name := ref.removeprefix("refs/heads/")) != ref and (name.startswith(kind.prefix) or name in wanted)
    ]
    if names:
        fetch(git, remote, *(f"+refs/heads/{name}:{_PRIVATE}/{name}" for name in names))
    return {name: _judge(git, name, there[f"refs/heads/{name}"], base) for name in names}


def forget_branches(git: Git) -> None:
    """Delete the private refs: the clone keeps nothing of this run."""
    for ref in git.run("for-each-ref", "--format=%(refname)", _PRIVATE).text.split():
        git.run("update-ref", "-d", ref)


def _judge(git: Git, name: str, commit: str, base: str) -> Branch:
    newest = git.run("log", "-z", "--max-count=1", "--format=%ce%n%B", "--end-of-options", commit).text
    email, _, message = newest.partition("\n")
    trailers = read_trailers(message)
    # This tool puts one commit on a base, and nothing on a person's: whose the newest is, theirs is the branch, also
    # where the base was rewritten since. A branch that is merged, or reset to the base, holds no commit of anybody's.
    mine = (email == COMMITTER.email and trailers is not None) or git.is_ancestor(commit, base)
    return Branch(name=name, commit=commit, ours=mine, trailers=trailers, conflicts=_conflicts(git, base, commit))


def _conflicts(git: Git, base: str, commit: str) -> bool:
    if git.merge_base(base, commit) == base:
        return False
    if not git.is_ancestor(f"{commit}~1", base):
        return True
    try:
        answer = git.run("merge-tree", "--write-tree", "--name-only", "--end-of-options", base, commit, fine=(0, 1))
    except GitError:
        # Git before 2.38 can't try a merge without a checkout; the forge will say it.
        return False
    return answer.code == 1


def push_plan(git: Git, remote: str, plan: Proposal, name: str, *, expected: str | None) -> str:
    """Commit a plan's files on top of its base, in a temporary worktree, and push that as a branch.

    Args:
        expected: what the branch has now; None where it must not be there. It is replaced only if it still has that.

    Returns:
        the new commit.

    Raises:
        GitError: the push was refused; the remote is as it was.
    """
    with temporary_worktree(git, plan.commit) as worktree:
        commit = worktree.commit(plan.files, plan.message, COMMITTER)
        push(git, remote, commit, name, expected=expected)
    return commit
