"""Files to one merged tree: documents in order, `extends`, `include`, `!reset`, and the rules of `merge`."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from homelab_assets.compose import dotenv
from homelab_assets.compose.canonical import canonicalise, set_defaults
from homelab_assets.compose.casts import CASTS
from homelab_assets.compose.consistency import check_attributes
from homelab_assets.compose.documents import Document, Path, read_documents
from homelab_assets.compose.interpolation import OPEN, Interpolator
from homelab_assets.compose.merge import extend, merge
from homelab_assets.compose.paths import Resolver, join, relative
from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.specification import validate
from homelab_assets.compose.tree import Map, Seq, copy
from homelab_assets.compose.unique import drop_duplicates
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.errors import BaselineError

Read = Callable[[str], bytes | None]
MAX_EXTENDS = 100
_SECTIONS = ("services", "volumes", "networks", "secrets", "configs", "models")
_REMOTE = ("oci://", "http://", "https://", "git://", "ssh://", "git@", "github.com/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a set of files sees: the main files, or those of one `include`.

    Attributes:
        directory: absolute folder that names of files are relative to.
        base: what paths in values are joined with; relative to the including scope's folder below an `include`.
        environment: its variables. interpolator: replaces them.
        chain: files that are being loaded, outermost first.
    """

    directory: str
    base: str
    environment: Mapping[str, str]
    interpolator: Interpolator
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Origin:
    file: str
    line: int = 1


@dataclass(slots=True, kw_only=True)
class Files:
    """Loads the files of one project.

    Attributes:
        read: gives the bytes of an absolute path, or None. home: what `~` stands for.
        is_directory: tells folders from files where only that decides; None assumes a folder.
        symbolic: a missing `env_file` of an `include` is no error.
        documents: everything that was read, for the inventory of variables.
    """

    read: Read
    home: str | None
    symbolic: bool = False
    is_directory: Callable[[str], bool] | None = None
    documents: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    _bases: dict[tuple[str, str], tuple[Map, frozenset[Path]]] = field(default_factory=dict)

    def model(self, files: Sequence[str], scope: Scope) -> Map:
        """Return the merged tree of files, with defaults and resolved paths.

        Raises:
            BaselineError: for everything that Compose refuses up to here.
        """
        tree = Map()
        for file in files:
            tree, _ = self._file(file, scope, tree)
        set_defaults(tree)
        check_attributes(tree)
        Resolver(scope.base, self.home).resolve(tree)
        _pass_through(tree, scope.environment)
        return tree

    def documents_of(self, file: str) -> tuple[Document, ...]:
        """Read a file.

        Raises:
            BaselineError: there is no such file, or it is not YAML that Compose takes.
        """
        if file not in self.documents:
            data = self.read(file)
            if data is None:
                refuse("no such file", _Origin(file))
            self.documents[file] = read_documents(data, file)
        return self.documents[file]

    def _file(self, file: str, scope: Scope, tree: Map, *, alone: bool = False) -> tuple[Map, frozenset[Path]]:
        """Merge a file into a tree. `alone`: only its own text counts, as for the target of an `extends`."""
        resets: frozenset[Path] = frozenset()
        for document in self.documents_of(file):
            resets = document.resets
            try:
                tree = self._document(document, file, scope, tree, alone)
            except BaselineError as error:
                raise at(error, _Origin(file)) from None
        return tree, resets

    def _document(self, document: Document, file: str, scope: Scope, tree: Map, alone: bool) -> Map:
        if type(document.root) is not Map:
            refuse("top-level object must be a mapping", document.place)
        layer: Map = scope.interpolator.tree(document.root, CASTS)
        if not alone:
            self._extend_all(layer, file, scope, document.resets)
        reset(tree, document.resets)
        if not alone:
            self._include_all(layer, replace(scope, chain=(*scope.chain, file)))
        tree = merge(tree, layer)
        drop_duplicates(tree)
        if not alone:
            validate(tree, document.place)
            tree.pop("version", None)
        canonicalise(tree)
        _drop_empty_servers(tree)
        drop_duplicates(tree)
        return tree

    # ---- extends

    def _extend_all(self, layer: Map, file: str, scope: Scope, resets: frozenset[Path]) -> None:
        services = layer.get("services")
        if "services" not in layer:
            return
        if type(services) is not Map:
            refuse("services must be a mapping", layer.places.get("services"))
        for name in services:
            try:
                services[name] = self._extended(name, services, file, scope, resets, ())
            except BaselineError as error:
                raise at(error, services.places.get(name)) from None

    def _extended(
        self,
        name: str,
        services: Map,
        file: str,
        scope: Scope,
        resets: frozenset[Path],
        chain: tuple[tuple[str, str], ...],
    ) -> Any:
        service = services[name]
        if service is None:
            return None
        if type(service) is not Map:
            refuse(f"services.{name} must be a mapping", services.places.get(name))
        if "extends" not in service:
            return service
        place = service.places.get("extends")
        reference, target = _target(service["extends"], name, place)
        if OPEN in reference:
            self._refuse_open(reference, "extends", scope, place)
        base_resets: frozenset[Path] = frozenset()
        if target is not None:
            services, base_resets = self._base(name, reference, target, scope, place)
            file = target
        elif reference not in services:
            refuse(f"cannot extend service {name!r}: service {reference!r} not found", place)
        step = (file, name)
        if step in chain or len(chain) >= MAX_EXTENDS:
            circle = " -> ".join(f"{service} in {file}" for file, service in (*chain, step))
            refuse(f"circular reference by extends: {circle}", place)
        base = self._extended(reference, services, file, scope, base_resets, (*chain, step))
        if base is None:
            return service
        source = copy(base)
        reset(Map({"services": Map({name: source})}), resets)
        merged = extend(source, service)
        if "extends" in merged:
            merged.drop("extends")
        services[name] = merged
        return merged

    def _base(
        self, name: str, reference: str, target: str, scope: Scope, place: Node | None
    ) -> tuple[Map, frozenset[Path]]:
        if OPEN in target:
            self._refuse_open(target, "extends", scope, place)
        if target.startswith(_REMOTE):
            refuse(f"cannot extend service {name!r}: {target} is not a local file", place)
        path = target if target.startswith("/") else join(scope.directory, target)
        folder = relative(posixpath.dirname(path), scope.directory)
        if (path, folder) not in self._bases:
            if path not in self.documents and self.read(path) is None:
                refuse(f"cannot extend service {name!r}: no such file: {path}", place)
            tree, resets = self._file(path, scope, Map(), alone=True)
            Resolver(folder, self.home).resolve(tree)
            services = tree.get("services")
            self._bases[path, folder] = services if isinstance(services, Map) else Map(), resets
        services, resets = self._bases[path, folder]
        if reference not in services:
            refuse(f"cannot extend service {name!r}: service {reference!r} not found in {target}", place)
        return services, resets

    # ---- include

    def _include_all(self, layer: Map, scope: Scope) -> None:
        if "include" not in layer:
            return
        place = layer.places.get("include")
        entries = Seq() if layer["include"] is None else layer["include"]
        if not isinstance(entries, Seq):
            refuse("`include` must be a list", place)
        for entry, written in zip(entries, entries.places, strict=True):
            try:
                self._include(_as_include(entry), layer, scope, written or place)
            except BaselineError as error:
                raise at(error, written or place) from None
        layer.drop("include")

    def _include(self, entry: Map, layer: Map, scope: Scope, place: Node | None) -> None:
        paths = _strings(entry.get("path"), "include.path")
        if not paths:
            return
        for path in paths:
            if OPEN in path:
                self._refuse_open(path, "include", scope, place)
            if path.startswith(_REMOTE):
                refuse(f"cannot include {path}: it is not a local file", place)
        files = [path if path.startswith("/") else join(scope.directory, path) for path in paths]
        if files[0] in scope.chain:
            refuse(f"include cycle detected: {' -> '.join((*scope.chain, files[0]))}", place)
        directory, base = self._project_directory(entry.get("project_directory"), files[0], scope)
        environment = self._included_environment(entry.get("env_file"), directory, scope)
        inner = Scope(
            directory=directory,
            base=base,
            environment=environment,
            interpolator=scope.interpolator.with_lookup(environment.get),
            chain=scope.chain,
        )
        for file in files:
            if file not in self.documents and self.read(file) is None:
                refuse(f"cannot include {file}: no such file", place)
        _import(self.model(files, inner), layer)

    def _project_directory(self, given: Any, main: str, scope: Scope) -> tuple[str, str]:
        if not given:
            directory = posixpath.dirname(main)
            return directory, relative(directory, scope.directory)
        if given.startswith("/"):
            return given, given
        directory = join(scope.directory, given)
        is_folder = self.is_directory is None or self.is_directory(directory)
        return directory, relative(directory if is_folder else posixpath.dirname(directory), scope.directory)

    def _included_environment(self, given: Any, directory: str, scope: Scope) -> dict[str, str]:
        paths = _strings(given, "include.env_file")
        if paths:
            paths = [path if path.startswith("/") else join(scope.directory, path) for path in paths]
        elif self.read(f"{directory}/.env") is not None:
            paths = [f"{directory}/.env"]
        variables: dict[str, str] = {}
        for path in paths:
            data = None if OPEN in path else self.read(path)
            if data is not None:
                dotenv.parse_into(variables, text_of(data), scope.environment.get, file=path)
            elif not self.symbolic:
                refuse(f"couldn't find env file: {path}")
        return {**variables, **scope.environment}

    def _refuse_open(self, path: str, what: str, scope: Scope, place: Node | None) -> None:
        index = int(path[path.index(OPEN) + 1 :].partition("\ue001")[0])
        name = scope.interpolator.expressions[index].name
        refuse(
            f"{what} names a file by the variable {name}, whose value is not known", place, hint=f"give {name} a value"
        )


def reset(tree: Map, resets: frozenset[Path]) -> None:
    """Delete the keys that `!reset` and `!override` name."""
    for path in resets:
        value: Any = tree
        for step in path[:-1]:
            value = value.get(step) if type(value) is Map else None
        if path and type(value) is Map and path[-1] in value:
            value.drop(path[-1])


def text_of(data: bytes) -> str:
    """Decode a text file."""
    return data.decode("utf-8", "replace")


def _target(value: Any, name: str, place: Node | None) -> tuple[str, str | None]:
    if type(value) is str:
        return value, None
    if type(value) is not Map or type(value.get("service")) is not str:
        refuse(f"extends of {name!r}: service is required", place)
    file = value.get("file")
    if file is not None and type(file) is not str:
        refuse(f"extends of {name!r}: file must be a string", place)
    return value["service"], file


def _as_include(entry: Any) -> Map:
    if type(entry) is str:
        return Map({"path": entry})
    if type(entry) is not Map:
        refuse("an entry of `include` must be a string or a mapping")
    return entry


def _strings(value: Any, what: str) -> list[str]:
    if value is None:
        return []
    if type(value) is str:
        return [value]
    if type(value) is not Seq or any(type(item) is not str for item in value):
        refuse(f"{what} must be a string or a list of strings")
    return list(value)


def _import(source: Map, target: Map) -> None:
    """Add the resources of included files; a name that both define must mean the same."""
    for section in _SECTIONS:
        resources = source.get(section)
        if resources is None:
            continue
        mine = target.get(section)
        if mine is None:
            target[section] = mine = Map()
        for name in resources:
            if name not in mine:
                mine.adopt(name, resources)
            elif mine[name] != resources[name]:
                refuse(f"{section}.{name} conflicts with imported resource", mine.places.get(name))


def _drop_empty_servers(tree: Map) -> None:
    for service in (tree.get("services") or {}).values():
        if type(service) is Map and type(service.get("dns")) is Seq:
            kept = [(item, place) for item, place in zip(service["dns"], service["dns"].places, strict=True) if item]
            service["dns"] = Seq([item for item, _ in kept], [place for _, place in kept])


def _pass_through(tree: Map, environment: Mapping[str, str]) -> None:
    """Give `- NAME` in lists its value, and configs their content."""
    for service in (tree.get("services") or {}).values():
        variables = service.get("environment") if type(service) is Map else None
        if type(variables) is Seq:
            for index, item in enumerate(variables):
                if item in environment:
                    variables[index] = f"{item}={environment[item]}"
    for config in (tree.get("configs") or {}).values():
        if type(config) is Map and config.get("environment") in environment:
            config["content"] = environment[config["environment"]]
