"""What git said of a stack before: its versions, back from the one that an audit compares with."""

from collections.abc import Iterable, Iterator, Mapping

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


class Pasts:
    """What git said of the stacks of some repositories before, on the branch's own line; a working tree has no past.

    A clone that does not tell costs the answer, never the audit.

    Args:
        baselines: those that may be asked about.
    """

    def __init__(
        self, repositories: Mapping[str, RepositorySettings], baselines: Iterable[Baseline], vault: Vault
    ) -> None:
        self._repositories = repositories
        self._vault = vault
        self._directories: dict[tuple[str, str], dict[str, None]] = {}
        self._read: dict[tuple[str, str], tuple[dict[str, list[tuple[str, str]]], bool]] = {}
        for one in baselines:
            self._directories.setdefault((one.repository, one.commit), {})[one.directory] = None

    def of(self, baseline: Baseline) -> Past:
        """Return the versions of a stack before this one."""
        place = (baseline.repository, baseline.commit)
        if place not in self._read:
            self._read[place] = self._changes(*place)
        found, complete = self._read[place]
        changes = found.get(baseline.directory, [])
        whole = complete and 0 < len(changes) <= MOST_VERSIONS
        repository = self._repositories[baseline.repository]
        return Past(_versions(Git(repository.path), baseline, repository, changes[1:], self._vault), whole)

    def _changes(self, repository: str, commit: str) -> tuple[dict[str, list[tuple[str, str]]], bool]:
        """The commits that changed each folder, and whether the clone holds the whole history."""
        git = Git(self._repositories[repository].path)
        directories = tuple(self._directories[repository, commit])
        try:
            complete = not git.clone().grafts
            return changes_of(git, commit, directories, limit=MOST_VERSIONS + 1) if commit else {}, complete
        except UserError:
            return {}, False


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
