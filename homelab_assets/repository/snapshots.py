"""Open a repository at what counts as the truth: its ref, or its working tree."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from msgspec import Struct, field

from homelab_assets.errors import BaselineError
from homelab_assets.lab.settings import RepositorySettings
from homelab_assets.model import FileTree
from homelab_assets.repository.git import Clone, Git
from homelab_assets.repository.history import last_changes, log
from homelab_assets.repository.shared_files import shared_files
from homelab_assets.repository.stacks import Stack, find_stacks, links_out
from homelab_assets.repository.targets import Targets, read_targets
from homelab_assets.repository.trees import GitTree, WorkingTree

WORKING_TREE = "working tree"


class Snapshot(Struct, frozen=True, kw_only=True):
    """One repository, opened at what counts as the truth.

    Attributes:
        commit: full id, "" for the working tree. committed_at: when that commit was made, ISO 8601 UTC, if known.
        stacks: its stack folders. targets: its `stack-targets.yml`, or None.
        shared: files beyond its folder that a stack is made of, by folder.
        changed: when each stack's folder, and each of these files, last changed, as far as it is known.
        notices: remarks on the state of the clone.
    """

    repository: RepositorySettings
    ref: str
    commit: str
    committed_at: str | None
    tree: FileTree
    stacks: Sequence[Stack]
    targets: Targets | None
    shared: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()


def open_snapshot(repository: RepositorySettings, *, working_tree: bool = False) -> Snapshot:
    """Open a repository at its ref (or its default branch), or its working tree.

    Raises:
        UserError: it is no clone, its ref is unknown, or a file that says which stacks there are can't be read.
    """
    git, clone, ref, commit, tree = open_tree(repository, working_tree=working_tree)
    stacks = find_stacks(tree, repository.stacks, root_name=repository.name)
    notices = [f"{repository.name}: {notice}" for notice in _notices(tree, clone.operation, bool(clone.grafts))]
    notices += [
        f"{repository.name}: {path} is a link that leads out of the repository, or nowhere: no stack is read from it"
        for path in links_out(tree, repository.stacks)
    ]
    shared = {stack.directory: _beyond(tree, stack) for stack in stacks}
    changed = last_changes(git, commit, [*shared, *chain.from_iterable(shared.values())], grafts=clone.grafts)
    if working_tree:
        dirty = git.dirty_paths()
        changed = {place: when for place, when in changed.items() if not _touched(place, dirty)}
    return Snapshot(
        repository=repository,
        ref=ref,
        commit="" if working_tree else commit,
        committed_at=None if working_tree else log(git, commit, limit=1, files=False)[0].committed_at or None,
        tree=tree,
        stacks=stacks,
        targets=read_targets(tree),
        shared=shared,
        changed=changed,
        notices=tuple(notices),
    )


class Opened(NamedTuple):
    """A clone's files. `ref` and `commit`: what was opened; for the working tree its name, and HEAD."""

    git: Git
    clone: Clone
    ref: str
    commit: str
    tree: FileTree


def open_tree(repository: RepositorySettings, *, working_tree: bool = False) -> Opened:
    """Open a clone's files at its ref (or its default branch), or those on disk.

    Raises:
        UserError: it is no clone, its ref is unknown, or it is bare and has no working tree.
    """
    git = Git(repository.path)
    clone = git.clone()
    if not working_tree:
        ref = repository.ref or git.default_ref()
        commit = git.resolve(ref)
        return Opened(git, clone, ref, commit, GitTree(git, commit))
    if clone.bare:
        raise BaselineError(
            "a bare clone has no working tree", where=str(repository.path), hint="leave --working-tree out"
        )
    return Opened(git, clone, WORKING_TREE, git.resolve("HEAD"), WorkingTree(repository.path))


def _beyond(tree: FileTree, stack: Stack) -> tuple[str, ...]:
    """Return what a stack is made of beyond its folder."""
    linked = tree.linked_from(stack.directory) if isinstance(tree, GitTree) else ()
    return tuple(sorted({*shared_files(tree, stack), *linked}))


def _notices(tree: FileTree, operation: str | None, shallow: bool) -> Iterator[str]:
    if operation:
        yield f"the clone is in the middle of a {operation}"
    if shallow:
        yield "a shallow clone: when a stack last changed may be unknown (`git fetch --unshallow` mends it)"
    if isinstance(tree, GitTree) and tree.submodules:
        yield "submodules are not read: " + ", ".join(tree.submodules)


def _touched(place: str, paths: Sequence[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") or not place for path in paths)
