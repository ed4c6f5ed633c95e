"""Load the baselines: every stack of every repository, as its commit holds it, bound to its endpoints."""

import os
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from msgspec import Struct

from homelab_assets.drift.document import BaselineRef
from homelab_assets.errors import BaselineError, UserError
from homelab_assets.lab.settings import Lab, RepositorySettings
from homelab_assets.model import Baseline, FileTree, Problem
from homelab_assets.repository.dotenv_files import names_of, read_variables
from homelab_assets.repository.snapshots import Snapshot, open_snapshot
from homelab_assets.repository.stacks import Stack, on_the_way
from homelab_assets.repository.targets import Targets
from homelab_assets.repository.trees import GitTree, WorkingTree
from homelab_assets.secrecy import Vault


class Baselines(Struct, frozen=True, kw_only=True):
    """What git says should run.

    Attributes:
        baselines: one for each stack and endpoint, sorted by repository, stack, endpoint.
        refs: what was read of each repository that holds stacks. problems: what could not be read.
        notices: remarks that change no result. snapshots: the opened repositories, for other readers of them.
    """

    baselines: Sequence[Baseline] = ()
    refs: Sequence[BaselineRef] = ()
    problems: Sequence[Problem] = ()
    notices: Sequence[str] = ()
    snapshots: Sequence[Snapshot] = ()


def load_baselines(
    lab: Lab, *, vault: Vault, working_tree: bool = False, only: Collection[str] | None = None
) -> Baselines:
    """Load the stacks of a lab's repositories, side by side. A repository or stack that can't be read becomes a
    problem.

    Args:
        vault: seals the values of `.env` files.
        working_tree: read the files on disk instead of the commit.
        only: names of the repositories to read; default: all.
    """
    chosen = [one for name, one in lab.repositories.items() if only is None or name in only]
    with ThreadPoolExecutor(max(1, min(8, len(chosen))), thread_name_prefix="baselines") as pool:
        parts = list(pool.map(lambda one: _load(lab, one, vault, working_tree), chosen))
    merged = {
        name: tuple(chain.from_iterable(getattr(part, name) for part in parts)) for name in Baselines.__struct_fields__
    }
    merged["baselines"] = tuple(sorted(merged["baselines"], key=lambda b: (b.repository, b.stack, b.endpoint or "")))
    return Baselines(**merged)


def _load(lab: Lab, repository: RepositorySettings, vault: Vault, working_tree: bool) -> Baselines:
    try:
        snapshot = open_snapshot(repository, working_tree=working_tree)
    except UserError as error:
        return Baselines(problems=[Problem.of(error, kind="repository", repository=repository.name)])
    baselines: list[Baseline] = []
    problems = [*_target_problems(snapshot, tuple(lab.hosts)), *_setting_problems(lab, snapshot)]
    for stack in snapshot.stacks:
        bound, wrong = _bind(snapshot, stack, lab, vault)
        baselines += bound
        problems += wrong
    return Baselines(
        baselines=baselines,
        refs=[_reference(snapshot)] if snapshot.stacks else [],
        problems=problems,
        notices=snapshot.notices,
        snapshots=[snapshot],
    )


def _reference(snapshot: Snapshot) -> BaselineRef:
    return BaselineRef(
        repository=snapshot.repository.name,
        ref=snapshot.ref,
        commit=snapshot.commit,
        committed_at=snapshot.committed_at,
        stacks=len(snapshot.stacks),
    )


def _bind(snapshot: Snapshot, stack: Stack, lab: Lab, vault: Vault) -> tuple[list[Baseline], list[Problem]]:
    """Make the baselines of one stack, and say what is wrong with it."""
    try:
        variables = committed_variables(snapshot.repository, snapshot.tree, stack, vault)
        samples = names_of(snapshot.tree, stack.sample)
    except UserError as error:
        return [], [Problem.of(error, kind="baseline", repository=snapshot.repository.name, stack=stack.name)]
    endpoints, bound_by = endpoints_of(stack, snapshot.targets, tuple(lab.hosts))
    baselines, problems = [], []
    for endpoint in endpoints:
        files = stack.files(endpoint, variables)
        if not files:
            problems.append(
                Problem(
                    kind="baseline",
                    what=f"has no compose file for {endpoint or 'an endpoint that is not named'}",
                    where=stack.directory,
                    hint="add a docker-compose.yml, or a line in stack-targets.yml",
                    repository=snapshot.repository.name,
                    stack=stack.name,
                )
            )
            continue
        baselines.append(
            Baseline(
                repository=snapshot.repository.name,
                ref=snapshot.ref,
                commit=snapshot.commit,
                stack=stack.name,
                endpoint=endpoint,
                bound_by=bound_by,
                directory=stack.directory,
                files=files,
                tree=snapshot.tree,
                shared=snapshot.shared.get(stack.directory, ()),
                committed_at=_changed(snapshot, stack),
                variables=variables,
                samples=samples,
                foreign=_foreign(stack, endpoint, lab),
            )
        )
    return baselines, problems


def _changed(snapshot: Snapshot, stack: Stack) -> str | None:
    """When a stack last changed, be it in files that it shares with others; None where that isn't known."""
    dates = [snapshot.changed.get(place) for place in (stack.directory, *snapshot.shared.get(stack.directory, ()))]
    return max(date or "" for date in dates) if all(dates) else None


def _foreign(stack: Stack, endpoint: str | None, lab: Lab) -> tuple[str, ...]:
    """Return the files of other endpoints; where nothing says which one is meant, none is another's."""
    others = lab.hosts.keys() - {endpoint} if endpoint else ()
    return tuple(file for name, file in stack.endpoint_files.items() if name in others)


def endpoints_of(
    stack: Stack, targets: Targets | None, hosts: Sequence[str]
) -> tuple[tuple[str | None, ...], str | None]:
    """Return the endpoints of a stack, and what says so: `stack-targets.yml`, `endpoint file`, or nothing (None)."""
    named = targets.stacks.get(stack.name, ()) if targets else ()
    if named:
        return tuple(dict.fromkeys(endpoint.name for endpoint in named if endpoint.name in hosts)), "stack-targets.yml"
    own = tuple(endpoint for endpoint in stack.endpoint_files if endpoint in hosts)
    return (own, "endpoint file") if own else ((None,), None)


def committed_variables(
    repository: RepositorySettings, tree: FileTree, stack: Stack, vault: Vault
) -> dict[str, str | None]:
    """Return the values that git's side knows, sealed. Env files that `lab.yaml` names replace the committed `.env`,
    as `--env-file` does.

    Raises:
        UserError: a file that `lab.yaml` names is not there, or one can't be read.
    """
    local = repository.env_files.get(stack.name)
    if local is None:
        files = [(stack.env, tree.read(stack.env))] if stack.env else []
    else:
        files = [(str(path), _read_local(path)) for path in local]
    known: dict[str, str | None] = {}
    for name, data in files:
        known |= read_variables(name, data or b"", known)
    return vault.seal_mapping(known)


def _read_local(path: Path) -> bytes:
    # Named by the operator: where a link leads is where the file is.
    real = Path(os.path.realpath(path))
    data = WorkingTree(real.parent).read(real.name) if real.parent.is_dir() else None
    if data is None:
        raise BaselineError(
            "no such file", where=str(path), hint="correct `env_files` in lab.yaml, or put the file there"
        )
    return data


def _target_problems(snapshot: Snapshot, hosts: Sequence[str]) -> Iterator[Problem]:
    if snapshot.targets is None:
        return
    mistakes = [*snapshot.targets.mistakes, *snapshot.targets.unknown_endpoints(hosts)]
    for mistake in sorted(mistakes, key=lambda mistake: mistake.line):
        yield Problem(
            kind="baseline",
            what=f"{mistake.key}: {mistake.what}" if mistake.key else mistake.what,
            where=f"{snapshot.targets.file}:{mistake.line}",
            hint=mistake.hint,
            repository=snapshot.repository.name,
            stack=mistake.key or None,
        )


def _setting_problems(lab: Lab, snapshot: Snapshot) -> Iterator[Problem]:
    """Settings that fit nothing in the repository would hide that something is not audited."""
    repository = snapshot.repository
    if not snapshot.stacks and _looks_like_compose(snapshot.tree):
        yield Problem(
            kind="repository",
            what="holds compose files, but no folder matches " + ", ".join(repository.stacks),
            where=str(repository.path),
            hint=f"set repositories.{repository.name}.stacks in lab.yaml",
            repository=repository.name,
        )
    yield from _submodule_problems(lab, snapshot)
    names = {stack.name: stack.directory for stack in snapshot.stacks}
    for stack in snapshot.stacks:
        if names[stack.name] != stack.directory:
            yield Problem(
                kind="baseline",
                what=f"{names[stack.name]} is a stack of the same name",
                where=stack.directory,
                hint="rename one of the two folders: Compose would take them for one project",
                repository=repository.name,
                stack=stack.name,
            )
    for name in repository.env_files:
        if name not in names:
            key = f"repositories.{repository.name}.env_files.{name}"
            yield Problem(
                kind="baseline",
                what=f"{key}: there is no such stack",
                where=f"{lab.file}:{lab.lines.get(key, 1)}",
                hint="known stacks: " + ", ".join(sorted(names)),
                repository=repository.name,
            )


def _submodule_problems(lab: Lab, snapshot: Snapshot) -> Iterator[Problem]:
    """What runs from the stacks of an unread submodule would pass for unknown to git."""
    repository = snapshot.repository
    read = {os.path.realpath(other.path) for other in lab.repositories.values()}
    modules = snapshot.tree.submodules if isinstance(snapshot.tree, GitTree) else ()
    for path in on_the_way(snapshot.tree, repository.stacks, modules):
        if os.path.realpath(repository.path / path) not in read:
            yield Problem(
                kind="repository",
                what=f"{path} is a submodule, and may hold stacks",
                where=str(repository.path),
                hint=f"name it below `repositories` too: {{path: {repository.path / path}, stacks: …}}",
                repository=repository.name,
            )


def _looks_like_compose(tree: FileTree) -> bool:
    from homelab_assets.repository.discover import kinds

    return "compose" in kinds(tree)
