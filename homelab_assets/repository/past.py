"""What git said of a stack before: its versions, back from the one that an audit compares with."""

from collections.abc import Iterator

from msgspec.structs import replace

from homelab_assets.drift.past import Past
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import RepositorySettings
from homelab_assets.model import Baseline
from homelab_assets.repository.baselines import committed_variables
from homelab_assets.repository.dotenv_files import names_of
from homelab_assets.repository.git import Git
from homelab_assets.repository.history import changes_of
from homelab_assets.repository.stacks import read_stack
from homelab_assets.repository.trees import GitTree
from homelab_assets.secrecy import Vault

MOST_VERSIONS = 40
"""How far back a stack is followed; what ran untouched through more changes of it than that is left undecided."""


def past_of(baseline: Baseline, repository: RepositorySettings, vault: Vault) -> Past:
    """Return the versions of a stack before this one, on the branch's own line; a working tree has none.

    A clone that does not tell costs the answer, never the audit.
    """
    git = Git(repository.path)
    try:
        changes = changes_of(git, baseline.commit, baseline.directory, limit=MOST_VERSIONS + 1)
        whole = len(changes) <= MOST_VERSIONS and not git.clone().grafts
    except UserError:
        return Past(iter(()), whole=False)
    return Past(_versions(git, baseline, repository, changes[1:], vault), whole)


def _versions(
    git: Git, baseline: Baseline, repository: RepositorySettings, changes: list[tuple[str, str]], vault: Vault
) -> Iterator[Baseline]:
    for commit, when in changes:
        try:
            tree = GitTree(git, commit)
            stack = read_stack(tree, baseline.directory, baseline.stack)
            if stack is None:
                continue
            variables = committed_variables(repository, tree, stack, vault)
            files = stack.files(baseline.endpoint, variables)
            samples = names_of(tree, stack.sample)
        except UserError:
            # What could not be read then was not deployed.
            continue
        if files:
            yield replace(
                baseline,
                commit=commit, committed_at=when, tree=tree, files=files, variables=variables, samples=samples,
            )  # fmt: skip
