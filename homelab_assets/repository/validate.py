"""Validate the structure of a lab's repositories, or of plain folders."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab, RepositorySettings
from homelab_assets.model import FileTree, Problem
from homelab_assets.repository.discover import kinds
from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError
from homelab_assets.repository.rules import metas
from homelab_assets.repository.rules.meta import Meta
from homelab_assets.repository.snapshots import WORKING_TREE, open_tree
from homelab_assets.repository.structure import RepositoryResult, Selection, StructureResult, check, unmatched
from homelab_assets.repository.structure_fix import fix
from homelab_assets.repository.structure_load import build_context
from homelab_assets.repository.trees import WorkingTree


def validate_lab(lab: Lab, chosen: Selection, *, generated_at: str) -> StructureResult:
    """Validate all repositories of a lab, each at its ref."""
    return validate(lab.repositories.values(), chosen, generated_at=generated_at, lab=lab, on_disk=False)


def validate(
    repositories: Iterable[RepositorySettings],
    chosen: Selection,
    *,
    generated_at: str,
    lab: Lab | None = None,
    on_disk: bool = True,
    mend: bool = False,
) -> StructureResult:
    """Validate repositories. One that can't be read becomes a problem, and the others go on.

    Args:
        lab: knows the hosts, and which folders of its repositories are stacks.
        on_disk: read files as they lie on disk, which need not be a clone; else each repository's ref.
        mend: first write what rules can mend, on disk.
    """
    results: list[RepositoryResult] = []
    problems: list[Problem] = []
    for repository in repositories:
        try:
            results.append(_validate_one(repository, chosen, lab, on_disk, mend))
        except UserError as error:
            problems.append(Problem.of(error, kind="repository", repository=repository.name))
    return StructureResult(
        generated_at=generated_at,
        repositories=tuple(results),
        rules=_rules(chosen),
        problems=tuple(problems),
        notices=tuple(unmatched(chosen, results)) if not problems else (),
    )


def folder(path: Path) -> RepositorySettings:
    """Describe a plain folder as a repository that `lab.yaml` does not know."""
    absolute = path.absolute()
    return RepositorySettings(name=absolute.resolve().name or "root", path=absolute, stacks=())


def _rules(chosen: Selection) -> tuple[Meta, ...]:
    return tuple(meta for meta in metas() if chosen.includes(meta.id))


def _validate_one(
    repository: RepositorySettings, chosen: Selection, lab: Lab | None, on_disk: bool, mend: bool
) -> RepositoryResult:
    known = tuple(lab.repositories) if lab and repository.name not in lab.repositories else ()
    ref, commit, tree = _open(repository, on_disk, known)
    hosts = tuple(lab.hosts) if lab and repository.name in lab.repositories else ()
    patterns: Sequence[str] = repository.stacks
    context = build_context(repository.name, tree, patterns=patterns or None, hosts=hosts)
    findings, ignored = check(context, chosen)
    fixed: tuple[str, ...] = ()
    if mend and (fixed := fix(repository.path, findings)):
        context = build_context(repository.name, tree, patterns=patterns or None, hosts=hosts)
        findings, ignored = check(context, chosen)
    return RepositoryResult(
        name=repository.name,
        path=str(repository.path),
        ref=ref,
        commit=commit,
        kinds=kinds(tree),
        stacks=len(context.stacks),
        findings=findings,
        ignored=ignored,
        fixed=fixed,
    )


def _ignored(path: Path) -> tuple[str, ...]:
    """Return what git ignores in a clone: a local `.env` is no fault of the repository. A plain folder has nothing."""
    if not (path / ".git").exists():
        return ()
    try:
        return Git(path).ignored_paths()
    except GitError:
        # A checkout of another owner, as in CI containers, or no git at all: there are no local files to spare then.
        return ()


def _open(repository: RepositorySettings, on_disk: bool, known: Sequence[str]) -> tuple[str, str, FileTree]:
    """Open what is to be checked; `known` are the names that could have been given instead of its folder."""
    if on_disk:
        if not repository.path.is_dir():
            names = f", or one of the lab: {', '.join(known)}" if known else ""
            hint = f"give the root folder of a repository{names}"
            raise UserError("no such folder", where=str(repository.path), hint=hint)
        return WORKING_TREE, "", WorkingTree(repository.path, hidden=_ignored(repository.path))
    opened = open_tree(repository)
    return opened.ref, opened.commit, opened.tree
