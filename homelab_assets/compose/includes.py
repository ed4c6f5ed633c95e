"""`include`: other files with a folder and variables of their own, added to the file that names them."""

import posixpath
from collections.abc import Callable, Sequence
from typing import Any

from homelab_assets.compose import dotenv
from homelab_assets.compose.interpolation import MARKER, OPEN
from homelab_assets.compose.paths import join, relative
from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.scope import Partial, Private, Read, Scope, text_of
from homelab_assets.compose.tree import Map, Rules, Seq
from homelab_assets.compose.unique import UNIQUE
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.errors import BaselineError

_COST = 100
"""How many values an `include` takes as long as, besides those of its files."""

_SECTIONS = ("services", "volumes", "networks", "secrets", "configs", "models")


class Includes:
    """Resolves every `include` of a file.

    Args:
        model: loads files to one tree. read: gives the bytes of an absolute path, or None.
        is_directory: tells folders from files; None assumes a folder. symbolic: a missing `env_file` is no error.
    """

    def __init__(
        self,
        model: Callable[[Sequence[str], Scope], Map],
        read: Read,
        is_directory: Callable[[str], bool] | None,
        *,
        symbolic: bool,
    ) -> None:
        self._model = model
        self._read = read
        self._is_directory = is_directory
        self._symbolic = symbolic

    def apply(self, layer: Map, scope: Scope) -> None:
        """Add, in place, what a file's tree includes. The scope's chain ends with the file itself.

        Raises:
            BaselineError: files are missing, include each other in a circle, or define a name differently.
        """
        if "include" not in layer:
            return
        place = layer.places.get("include")
        entries = Seq() if layer["include"] is None else layer["include"]
        if not isinstance(entries, Seq):
            refuse("`include` must be a list", place)
        known: set[tuple[str, str]] = set()
        for entry, written in zip(entries, entries.places, strict=True):
            try:
                self._include(_as_include(entry), layer, known, scope, written or place)
            except BaselineError as error:
                raise at(error, written or place) from None
        layer.drop("include")

    def _include(self, entry: Map, layer: Map, known: set[tuple[str, str]], scope: Scope, place: Node | None) -> None:
        paths = _strings(entry.get("path"), "include.path")
        if not paths:
            return
        files = [scope.path(path, place, what="include") for path in paths]
        if files[0] in scope.chain:
            refuse(f"include cycle detected: {' -> '.join((*scope.chain, files[0]))}", place)
        directory, base = self._project_directory(entry.get("project_directory"), files[0], scope)
        own = self._own_variables(entry.get("env_file"), directory, scope)
        inner = Scope(directory=directory, base=base, chain=scope.chain, **_variables(own, scope))
        for file in files:
            if self._read(file) is None:
                refuse(f"cannot include {file}: no such file", place)
        _import(self._model(files, inner), layer, known)
        scope.interpolator.count(inner.interpolator.values + _COST)

    def _project_directory(self, given: Any, main: str, scope: Scope) -> tuple[str, str]:
        if type(given) is int:
            given = str(given)
        if given is not None and type(given) is not str:
            refuse("include.project_directory must be a string")
        if not given:
            directory = posixpath.dirname(main)
            return directory, relative(directory, scope.directory)
        if given.startswith("/"):
            return given, given
        directory = join(scope.directory, given)
        is_folder = self._is_directory is None or self._is_directory(directory)
        return directory, relative(directory if is_folder else posixpath.dirname(directory), scope.directory)

    def _own_variables(self, given: Any, directory: str, scope: Scope) -> "_Own":
        paths = _strings(given, "include.env_file")
        if paths:
            paths = [path if path.startswith("/") else join(scope.directory, path) for path in paths]
        elif self._symbolic or self._read(f"{directory}/.env") is not None:
            paths = [f"{directory}/.env"]
        own = _Own(f"@{MARKER.sub('?', ':'.join(paths))}")
        for path in paths:
            data = None if OPEN in path else self._read(path)
            if isinstance(data, Partial):
                data = None
            private = isinstance(data, Private)
            if self._symbolic and data is None and path == f"{scope.directory}/.env":
                continue  # it is the including file's, too
            if data is not None:
                dotenv.parse_into(own, text_of(data), scope.environment.get, file=path)
            elif self._symbolic:
                # It may set anew what others before it say.
                own.clear()
                own.complete = False
            else:
                refuse(f"couldn't find env file: {path}")
            own.private = own.private or private
        return own


class _Own(dict[str, str]):
    """The variables that the env files of an `include` set.

    Attributes:
        scope: tells its variables from those of the same name elsewhere, the same in every loading.
        private: whether what they are stays behind the variables. complete: whether all files are known.
    """

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope
        self.private = False
        self.complete = True


def _variables(own: _Own, scope: Scope) -> dict[str, Any]:
    """What the files of an `include` see of variables: those of the including file beat those of its own env files."""
    outer = scope.interpolator
    known = outer.knowledge
    # Where the host's own files can be read, so can what lies outside.
    certain = {name: value for name, value in own.items() if own.private or known.outside(name) is False}
    beaten = {name: value for name, value in own.items() if name not in certain}
    if own.private and own.complete:
        outer.included[own.scope] = certain
    kept = {name: value for name, value in scope.environment.items() if name not in known.assumed or name not in own}
    environment = kept if own.private else {**certain, **kept}
    apart = own.private or beaten or not own.complete
    interpolator = outer.with_lookup(
        environment.get, own.scope if apart else outer.scope, otherwise={**beaten, **outer.otherwise}
    )
    return {"environment": environment, "interpolator": interpolator}


def _as_include(entry: Any) -> Map:
    if type(entry) is str:
        return Map({"path": entry})
    if entry is None:
        return Map()  # as Compose sees it: an entry without paths
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


def _import(source: Map, target: Map, known: set[tuple[str, str]]) -> None:
    """Add the resources of included files; a name that both define must mean the same.

    Args:
        known: section and name of what earlier includes added; that is complete, unlike what the file itself says.
    """
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
                known.add((section, name))
                continue
            rules = None if (section, name) in known else UNIQUE.below(section)
            if not _same(mine[name], resources[name], rules and rules.below(name), (section, name) in known):
                refuse(f"{section}.{name} conflicts with imported resource", mine.places.get(name))


def _same(mine: Any, theirs: Any, rules: Rules[Any] | None, complete: bool) -> bool:
    """Compare as Compose does, by type too.

    Args:
        rules: which lists are freed of duplicates; of all others Compose takes an empty one for none when it completes
            a file. complete: both are complete.
    """
    if type(mine) is not type(theirs):
        return False
    if type(mine) is Map:
        return mine.keys() == theirs.keys() and all(
            _same(item, theirs[key], rules and rules.below(key), complete) for key, item in mine.items()
        )
    if type(mine) is Seq:
        if not (mine or complete or (rules is not None and rules.action is not None)):
            return False
        below = rules and rules.any
        return len(mine) == len(theirs) and all(
            _same(item, other, below, complete) for item, other in zip(mine, theirs, strict=True)
        )
    return bool(mine == theirs)
