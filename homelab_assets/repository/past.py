"""What git said of a stack before: its versions, back from the one that an audit compares with."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain

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
"""How many versions of a stack are looked at; what is none of them is left undecided."""

_MOST_CHANGES = 1000


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
        self._places: dict[tuple[str, str], dict[str, None]] = {}
        self._read: dict[tuple[str, str], tuple[dict[str, list[tuple[str, str]]], bool]] = {}
        self._blobs: dict[str, bytes] = {}
        # One commit may have changed many stacks.
        self._tree = lru_cache(maxsize=MOST_VERSIONS)(self._open)
        for one in baselines:
            places = self._places.setdefault((one.repository, one.commit), {})
            places |= dict.fromkeys((one.directory, *one.shared))

    def of(self, baseline: Baseline, created: str) -> Past:
        """Return the versions of a stack before this one: first, the newest first, those that were there when a
        container was created."""
        place = (baseline.repository, baseline.commit)
        if place not in self._read:
            self._read[place] = self._changes(*place)
        found, complete = self._read[place]
        changes = found.get(baseline.directory, [])
        if changes and baseline.shared:
            shared = chain.from_iterable(found[file] for file in baseline.shared)
            changes = sorted(dict.fromkeys([*changes, *shared]), key=lambda change: change[1], reverse=True)
        whole = complete and 0 < len(changes) <= MOST_VERSIONS
        earlier = sorted(changes[1:], key=lambda change: change[1][:19] > created[:19])
        return Past(self._versions(baseline, earlier[:MOST_VERSIONS]), whole)

    def _changes(self, repository: str, commit: str) -> tuple[dict[str, list[tuple[str, str]]], bool]:
        """The commits that changed each folder and file, and whether the clone holds the whole history."""
        git = Git(self._repositories[repository].path)
        places = tuple(self._places[repository, commit])
        try:
            complete = not git.clone().grafts
            return changes_of(git, commit, places, limit=_MOST_CHANGES) if commit else {}, complete
        except UserError:
            return {}, False

    def _open(self, repository: str, commit: str) -> GitTree:
        return GitTree(Git(self._repositories[repository].path), commit, self._blobs)

    def _versions(self, baseline: Baseline, changes: Iterable[tuple[str, str]]) -> Iterator[Baseline]:
        for commit, when in changes:
            try:
                tree = self._tree(baseline.repository, commit)
                stack = read_stack(tree, baseline.directory, baseline.stack)
                if stack is None:
                    continue
                variables = committed_variables(self._repositories[baseline.repository], tree, stack, self._vault)
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
