"""`drift-detector validate`: check repositories against the structure conventions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from homelab_assets.cli.common import Options, verb
from homelab_assets.moments import utc_text

if TYPE_CHECKING:
    from homelab_assets.lab.settings import Lab, RepositorySettings
    from homelab_assets.repository.structure import RepositoryResult, StructureResult


@click.command("validate")
@click.argument("repositories", nargs=-1, metavar="[REPO]...")
@click.option("--select", multiple=True, metavar="RULE", help="Only these rules or families (HL001, HL4). Repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Not these rules or families. Repeatable.")
@click.option("--fix", is_flag=True, help="Mend on disk what can be mended safely, then check again.")
@click.option("--working-tree", is_flag=True, help="Check the lab's clones as they lie on disk, not at their refs.")
@verb(formats=("terminal", "json", "markdown", "github", "sarif", "junit"))
def command(
    options: Options,
    repositories: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    working_tree: bool,
) -> int:
    """Check repositories against the structure conventions.

    REPO is a folder, which is checked as it lies on disk and needs no lab.yaml, or the name of a repository in
    lab.yaml. Without any, all repositories of the lab are checked, at their refs.

    Exit code: 0 nothing found, 1 findings, 2 something could not be checked.
    """
    from homelab_assets.repository.structure import selection
    from homelab_assets.repository.validate import validate

    lab = _lab(options, repositories)
    chosen = selection(lab.structure if lab else {}, select=_split(select), ignore=_split(ignore))
    named, folders = _repositories(lab, repositories)
    now = utc_text(datetime.now(UTC))
    results = [
        validate(group, chosen, generated_at=now, lab=lab, on_disk=on_disk, mend=fix)
        for group, on_disk in ((named, working_tree or fix), (folders, True))
        if group
    ]
    result = _join(results)
    for repository in result.repositories:
        for fixed in repository.fixed:
            options.say(f"fixed {fixed}")
    options.write(_render(result, options))
    return result.exit_code


def _lab(options: Options, repositories: tuple[str, ...]) -> "Lab | None":
    """Load the lab, unless there are only folders to check and no lab.yaml: in CI there is none."""
    from homelab_assets.lab.settings import find_lab

    return None if repositories and find_lab(options.lab_file) is None else options.lab()


def _repositories(
    lab: "Lab | None", names: tuple[str, ...]
) -> tuple[list["RepositorySettings"], list["RepositorySettings"]]:
    """Tell repositories of the lab, which are checked at their refs, from folders, which are checked on disk."""
    from homelab_assets.repository.validate import folder

    known = dict(lab.repositories) if lab else {}
    if not names:
        return list(known.values()), []
    named = [known[name] for name in names if name in known]
    folders = []
    for name in names:
        if name not in known:
            path = Path(name)
            same = (r for r in known.values() if path.is_dir() and r.path.is_dir() and r.path.samefile(path))
            folders.append(next(same, None) or folder(path))
    return named, folders


def _split(options: tuple[str, ...]) -> list[str]:
    return [name for option in options for name in option.split(",") if name.strip()]


def _join(results: list["StructureResult"]) -> "StructureResult":
    from homelab_assets.errors import ConfigurationError

    if not results:
        raise ConfigurationError("the lab has no repositories", hint="add some to lab.yaml, or give a folder")
    return replace(
        results[0],
        repositories=tuple(repository for result in results for repository in result.repositories),
        problems=tuple(problem for result in results for problem in result.problems),
        notices=results[0].notices if len(results) == 1 else (),
    )


def _render(result: "StructureResult", options: Options) -> str:
    from homelab_assets.rendering import structure_report as report

    match options.format:
        case "json":
            return report.structure_json(result)
        case "markdown":
            return report.structure_markdown(result)
        case "junit":
            return report.structure_junit(result)
        case "github":
            from homelab_assets.rendering.github_annotations import github_annotations

            return github_annotations(report.neutral(_from_roots(result))[0])
        case "sarif":
            from homelab_assets.rendering.sarif import sarif

            return sarif(*report.neutral(_from_roots(result)), complete=result.complete)
        case _:
            return report.structure_terminal(result, color=options.color, verbose=options.verbose)


def _from_roots(result: "StructureResult") -> "StructureResult":
    """Name files as a forge does: from the root of the clone, where only a folder of it was checked."""

    def moved(repository: "RepositoryResult") -> "RepositoryResult":
        folder = Path(repository.path).resolve()
        root = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
        if repository.commit or root == folder:
            return repository
        inside = folder.relative_to(root)
        findings = tuple(replace(one, file=(inside / one.file).as_posix()) for one in repository.findings)
        return replace(repository, findings=findings)

    return replace(result, repositories=tuple(moved(repository) for repository in result.repositories))
