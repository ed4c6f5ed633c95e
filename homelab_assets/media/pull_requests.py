"""Open the pull requests of fixes, or write them down where a repository has no forge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from homelab_assets.media.fixes.pulls import FixPull

if TYPE_CHECKING:
    from homelab_assets.lab.settings import Lab

LABEL = "pipeline-fix"


def open_fix_pulls(lab: "Lab", pulls: Sequence[FixPull]) -> list[str]:
    """Open what is not open already. What a person closed or merged is left alone.

    Returns:
        what was done for each, in words.

    Raises:
        UserError: the forge or the remote can't be reached, or refuses.
    """
    from homelab_assets.locking import exclusive

    with exclusive(lab.state / "remediation.lock", doing="opening pull requests"):
        return [f"{pull.title}: {_open(lab, pull)}" for pull in pulls]


def _open(lab: "Lab", pull: FixPull) -> str:
    from homelab_assets.forge import open_forge
    from homelab_assets.forge.none import write_proposal
    from homelab_assets.remediation.branches import COMMITTER
    from homelab_assets.remediation.identity import kebab
    from homelab_assets.repository.git import Git
    from homelab_assets.repository.remotes import push
    from homelab_assets.repository.worktrees import temporary_worktree

    repository = lab.repositories[pull.repository]
    forge = open_forge(lab, repository)
    if forge is None:
        name = f"pipeline-{kebab(pull.repository)}-{kebab(pull.fix.check)}"
        folder = lab.reports / "pull-requests"
        written, _ = write_proposal(folder, name, title=pull.title, body=pull.body, patch=pull.patch)
        return f"written to {written}"
    git, remote = Git(repository.path), repository.forge.remote
    with forge as opened:
        for known in opened.pulls():
            if pull.marker in known.body and known.state != "merged":
                return f"{known.state} already: {known.url}"
        base = git.resolve(repository.ref or git.default_ref())
        with temporary_worktree(git, base) as worktree:
            push(git, remote, worktree.commit(dict(pull.files), f"{pull.title}\n", COMMITTER), pull.branch)
        named = (repository.ref or "").removeprefix(f"{remote}/") if "/" in (repository.ref or "") else ""
        into = repository.forge.base or named or opened.default_branch()
        made = opened.open_pull(
            head=pull.branch, base=into, title=pull.title, body=pull.body, draft=bool(pull.fix.steps), labels=[LABEL]
        )
    return f"opened {made.url}"
