"""Services of compose files as rules and cleanup look at them: canonical, with the place of each value."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from homelab_assets import compose
from homelab_assets.compose.documents import read_documents
from homelab_assets.compose.interpolation import Expression, put_back
from homelab_assets.compose.tree import Map
from homelab_assets.errors import BaselineError
from homelab_assets.model import FileTree
from homelab_assets.repository.rules.variables import unknown
from homelab_assets.repository.rules.view import Place, ServiceView, Variable

# Where the repository seems to lie while its files are loaded, so that relative paths can be told from absolute ones.
# Compose names the project of a stack in its root after this folder.
_ROOT = "/\ue002repository/"


class LoadedProject(Struct, frozen=True, kw_only=True):
    """The services of some merged files, and the variables that those files use, each once, where it stands first."""

    services: tuple[ServiceView, ...]
    variables: tuple[Variable, ...]


def load_project(
    tree: FileTree, files: Sequence[str], stack: str, directory: str, endpoints: Sequence[str] = ()
) -> LoadedProject:
    """Load compose files that are merged in order, without any environment; services of all profiles.

    Raises:
        BaselineError: a file can't be understood; it says where.
    """
    try:
        project = compose.load(
            [_ROOT + file for file in files],
            read=lambda path: tree.read(_inside(path)),
            project_directory=(_ROOT + directory).rstrip("/"),
            environment={},
            symbolic=True,
            newer=True,
            by_default=True,
        )
    except BaselineError as error:
        raise BaselineError(_inside(error.what), where=_inside(error.where), hint=_inside(error.hint)) from None
    networks = {name: _named(network, project.expressions) for name, network in project.networks.items()}
    places = _places(project.sources)
    services = [
        ServiceView(
            stack=stack,
            name=name,
            config=_named(config, project.expressions),
            networks=networks,
            places=places.get(name, {}) | _declared(tree, files, name),
            endpoints=endpoints,
            directory=(_ROOT + directory).rstrip("/"),
            open_environment=name in project.open_env_files,
        )
        for name, config in (*project.services.items(), *project.disabled.items())
    ]
    variables = [
        Variable(name=name, place=(_inside(uses[0].span.file), uses[0].span.line))
        for name, uses in project.variables.items()
    ]
    return LoadedProject(services=tuple(services), variables=tuple(variables))


def env_files_of(tree: FileTree, files: Sequence[str], directory: str) -> dict[str, set[str]]:
    """Return the env files that each service of some compose files names, relative to the repository's root."""
    found: dict[str, set[str]] = {}
    for _, services in _as_written(tree, files):
        for name, service in services.items():
            named = service.get("env_file") if isinstance(service, Map) else None
            for entry in named if isinstance(named, list) else [named]:
                path = entry.get("path") if isinstance(entry, Map) else entry
                if isinstance(path, str):
                    found.setdefault(name, set()).add(posixpath.normpath(posixpath.join(directory, path)))
    return found


def _as_written(tree: FileTree, files: Sequence[str]) -> Iterator[tuple[str, Map]]:
    """Give the services of each file as they stand there, not merged."""
    for file in files:
        for document in read_documents(tree.read(file) or b"", _ROOT + file):
            services = document.root.get("services") if isinstance(document.root, Map) else None
            if isinstance(services, Map):
                yield file, services


def _inside(text: Any) -> Any:
    """Return paths as the repository knows them; None stays None."""
    return text.replace(_ROOT, "") if text else text


def _named(value: Any, expressions: Sequence[Expression]) -> Any:
    """Return a value with the names of open variables where the loader left their numbers."""
    return put_back(value, lambda number: _name(expressions[number]))


def _name(expression: Expression) -> str:
    return unknown(expression.name, expression.operator, expression.argument)


def _declared(tree: FileTree, files: Sequence[str], name: str) -> dict[tuple[str, ...], Place]:
    """Return the place of the service itself: its key in the first file that has it, not in what overrides it."""
    for file, services in _as_written(tree, files):
        if (node := services.places.get(name)) is not None:
            return {(): (file, (node.key or node).line)}
    return {}


def _places(sources: Mapping[tuple[str, ...], Any]) -> dict[str, dict[tuple[str, ...], Place]]:
    places: dict[str, dict[tuple[str, ...], Place]] = {}
    for path, span in sources.items():
        if path[0] == "services" and len(path) > 1:
            below = tuple(str(part) for part in path[2:])
            places.setdefault(str(path[1]), {})[below] = (_inside(span.file), span.line)
    return places
