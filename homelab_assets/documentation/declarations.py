"""What git declares, service by service, with the variables as people wrote them: `${NAME}`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from homelab_assets.compose.interpolation import put_back
from homelab_assets.compose.normalise import normalised_name
from homelab_assets.documentation.estate import Declaration
from homelab_assets.errors import BaselineError, UserError
from homelab_assets.model import Baseline, FileTree, Json
from homelab_assets.secrecy.values import tells_nothing

if TYPE_CHECKING:
    from homelab_assets.compose import Project


def declare(baselines: Iterable[Baseline]) -> tuple[Declaration, ...]:
    """Return the services of all stacks. A stack that can't be read is left out: the audit says so."""
    return tuple(declaration for baseline in baselines for declaration in _services(baseline))


def load_project(
    tree: FileTree, directory: str, name: str, files: Sequence[str], variables: Mapping[str, str | None]
) -> "Project":
    """Load the files of a stack's folder with variables left open that are unknown, or whose value is for nobody to
    see, unless they choose a file.

    Args:
        name: the stack's, for a repository's root: elsewhere the files or the folder name the project.

    Raises:
        UserError: Compose would refuse its files.
    """
    known = {name: value for name, value in variables.items() if value is not None}
    shown = {name: value for name, value in known.items() if tells_nothing(value)}
    while True:
        try:
            return _load(tree, directory, name, files, shown)
        except BaselineError as error:
            chooses = error.needs.variable if error.needs else ""
            if chooses not in known.keys() - shown.keys():
                return _load(tree, directory, name, files, shown, by_default=True)
            shown[chooses] = known[chooses]


def _load(
    tree: FileTree,
    directory: str,
    name: str,
    files: Sequence[str],
    environment: Mapping[str, str],
    *,
    by_default: bool = False,
) -> "Project":
    from homelab_assets import compose

    def load(given: str | None) -> "Project":
        return compose.load(
            [f"/{file}" for file in files],
            read=lambda path: tree.read(path.lstrip("/")),
            project_directory=f"/{directory}",
            environment=environment,
            project_name=given,
            symbolic=True,
            newer=True,
            by_default=by_default,
        )

    project = load(None if directory else normalised_name(name))
    return project if directory or project.written_name is None else load(None)


def named(value: Json, names: Sequence[str]) -> Json:
    """Return a model with `${NAME}` where a variable was left open. `names`: of the variables, by their number."""
    return put_back(value, lambda number: "${" + names[number] + "}")


def _services(baseline: Baseline) -> Iterator[Declaration]:
    try:
        project = load_project(baseline.tree, baseline.directory, baseline.stack, baseline.files, baseline.variables)
    except UserError:
        return
    names = [expression.name for expression in project.expressions]
    networks = _engine_names(project.networks, project.name, names)
    volumes = _engine_names(project.volumes, project.name, names)
    variables = tuple(sorted({*names, *baseline.samples}))
    external = tuple(
        sorted([*_external("network", project.networks, networks), *_external("volume", project.volumes, volumes)])
    )
    held = _held(baseline.tree, project)
    for service, model in project.services.items():
        span = project.sources.get(("services", service))
        yield Declaration(
            repository=baseline.repository,
            stack=baseline.stack,
            endpoint=baseline.endpoint,
            service=service,
            file=span.file.lstrip("/") if span else baseline.files[0],
            line=span.line if span else None,
            model=named(model, names),
            networks=networks,
            volumes=volumes,
            directory=baseline.directory,
            project=str(named(project.name, names)),
            files=tuple(baseline.files),
            variables=variables,
            external=external,
            held=held,
        )


def _held(tree: FileTree, project: "Project") -> tuple[str, ...]:
    mounted = {
        str(mount.get("source") or "")
        for model in project.services.values()
        for mount in model.get("volumes") or ()
        if mount.get("type") == "bind"
    }
    mounted |= {str((part or {}).get("file") or "") for part in (*project.configs.values(), *project.secrets.values())}
    return tuple(sorted(path for path in (source.strip("/") for source in mounted) if path and _is_in(tree, path)))


def _is_in(tree: FileTree, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    try:
        return not {name, f"{name}/"}.isdisjoint(tree.list(folder))
    except UserError:
        return False


def _external(kind: str, parts: Mapping[str, Json], names: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{kind} {names[key]}" for key, value in parts.items() if (value or {}).get("external"))


def _engine_names(parts: Mapping[str, Json], project: str, names: Sequence[str]) -> dict[str, str]:
    return {key: str(named((value or {}).get("name") or f"{project}_{key}", names)) for key, value in parts.items()}
