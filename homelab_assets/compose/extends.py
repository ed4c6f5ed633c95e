"""`extends`: a service laid over another one, of the same file or of a file that only lends it."""

import posixpath
from collections.abc import Callable, Collection
from typing import Any

from homelab_assets.compose.documents import Path
from homelab_assets.compose.merge import extend
from homelab_assets.compose.paths import Resolver, relative
from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.scope import Scope
from homelab_assets.compose.tree import Map, copy
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.errors import BaselineError

Lent = tuple[Map, frozenset[Path]]
_MOST = 100


class Extends:
    """Resolves every `extends` of a file.

    Args:
        lend: loads a file by itself, without its own `extends` and `include`; returns its tree and its `!reset`s.
        exists: tells whether there is a file. home: what `~` stands for.
    """

    def __init__(self, lend: Callable[[str, Scope], Lent], exists: Callable[[str], bool], home: str | None) -> None:
        self._lend = lend
        self._exists = exists
        self._home = home
        self._lent: dict[tuple[str, str], Lent] = {}

    def apply(self, layer: Map, file: str, scope: Scope, resets: frozenset[Path]) -> None:
        """Replace, in place, every service of a file's tree that extends another one by the two merged.

        Raises:
            BaselineError: there is no such service or file, or services extend each other in a circle.
        """
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
        scope.refuse_open(reference, place, what="extends")
        lenders, lent_resets = services, frozenset[Path]()
        if target is not None:
            lenders, lent_resets = self._services_of(name, reference, target, scope, place)
        elif reference not in services:
            refuse(f"cannot extend service {name!r}: service {reference!r} not found", place)
        # As Compose counts: a lent service that extends another one of its file is told from its borrower of that name.
        step = (target or file, name)
        if step in chain or len(chain) >= _MOST:
            circle = " -> ".join(f"{service} in {file}" for file, service in (*chain, step))
            refuse(f"circular reference by extends: {circle}", place)
        base = self._extended(reference, lenders, file, scope, lent_resets, (*chain, step))
        if base is None:
            return service
        source = copy(base)
        reset(Map({"services": Map({name: source})}), resets)
        merged = extend(source, service)
        if "extends" in merged:
            merged.drop("extends")
        services[name] = merged
        return merged

    def _services_of(self, name: str, reference: str, target: str, scope: Scope, place: Node | None) -> Lent:
        path = scope.path(target, place, what=f"cannot extend service {name!r}")
        folder = relative(posixpath.dirname(path), scope.directory)
        if (path, folder) not in self._lent:
            if not self._exists(path):
                refuse(f"cannot extend service {name!r}: no such file: {path}", place)
            tree, resets = self._lend(path, scope)
            Resolver(folder, self._home).resolve(tree)
            services = tree.get("services")
            self._lent[path, folder] = services if isinstance(services, Map) else Map(), resets
        services, resets = self._lent[path, folder]
        if reference not in services:
            refuse(f"cannot extend service {name!r}: service {reference!r} not found in {target}", place)
        return services, resets


def reset(tree: Map, resets: Collection[Path]) -> None:
    """Delete the keys that `!reset` and `!override` name; the name `*` is every key, as for Compose."""
    below: dict[str, list[Path]] = {}
    for path in resets:
        if path:
            below.setdefault(path[0], []).append(path[1:])
    everywhere = below.pop("*", [])
    for key in list(tree) if everywhere else [key for key in below if key in tree]:
        paths = [*below.get(key, ()), *everywhere]
        if () in paths:
            tree.drop(key)
        elif type(tree[key]) is Map:
            reset(tree[key], paths)


def _target(value: Any, name: str, place: Node | None) -> tuple[str, str | None]:
    if type(value) is str:
        return value, None
    if type(value) is not Map or type(value.get("service")) is not str:
        refuse(f"extends of {name!r}: service is required", place)
    file = value.get("file")
    if file is not None and type(file) is not str:
        refuse(f"extends of {name!r}: file must be a string", place)
    return value["service"], file
