"""Files to trees: typing, merge keys, duplicate keys, and the tags `!reset` and `!override`.

A document does not depend on variables, so it is read once for every text and shared by all loads; nobody changes its
tree (`interpolation` makes the copy that is worked on).
"""

from collections import OrderedDict
from typing import Any

from msgspec import Struct, field

from homelab_assets.compose import yaml_nodes
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.scalars import resolve
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.yaml_nodes import Mapping, Node, Scalar, Sequence

MAX_VALUES = 200_000
_KEPT_FILES = 512
_DROPPED = object()
_HERE = object()

Path = tuple[str, ...]


class Document(Struct, frozen=True, kw_only=True):
    """One YAML document.

    Attributes:
        root: its tree; every value below is shared, see the module's docstring.
        resets: places that `!reset` or `!override` clears in what was merged before.
        place: the root node.
        templates: all scalars with a `$`, for the inventory of variables.
    """

    root: Any
    resets: frozenset[Path]
    place: Node
    templates: tuple[Scalar, ...] = field(default=())


_cache: "OrderedDict[tuple[str, bytes], tuple[Document, ...]]" = OrderedDict()


def read_documents(data: bytes, file: str) -> tuple[Document, ...]:
    """Return the documents of a file; the same text at the same path is read once.

    Raises:
        BaselineError: not YAML, or YAML that Compose refuses (duplicate keys, keys that are no strings, …).
    """
    key = (file, data)
    known = _cache.get(key)
    if known is not None:
        _cache.move_to_end(key)
        return known
    documents = tuple(_Reader().document(root) for root in yaml_nodes.parse(data, file))
    _cache[key] = documents
    if len(_cache) > _KEPT_FILES:
        _cache.popitem(last=False)
    return documents


class _Reader:
    def __init__(self) -> None:
        self._resets: set[Path] = set()
        self._dropped: set[int] = set()
        self._templates: dict[int, Scalar] = {}
        self._values = 0
        self._overridden = False  # below an `!override`, where Compose sees neither further tags nor aliases
        self._visited: set[int] = set()
        self._aliased: dict[int, dict[Any, Any]] = {}  # node → the tree of the names at which aliases of it stand

    def document(self, root: Node) -> Document:
        tree = self._value(root, ())
        return Document(
            root=None if tree is _DROPPED else tree,
            resets=frozenset(self._resets),
            place=root,
            templates=tuple(self._templates.values()),
        )

    def _value(self, node: Node, path: Path) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            refuse(f"expands to more than {MAX_VALUES} values", node)
        if node.tag is None or self._overridden:
            return self._content(node, path)
        if node.tag == "!reset":
            if id(node) not in self._dropped:
                self._dropped.add(id(node))
                self._resets.add(path)
            return _DROPPED
        if node.tag == "!override":
            self._resets.add(path)
            self._overridden = True
        content = self._content(node, path)
        self._overridden = False
        return content

    def _content(self, node: Node, path: Path) -> Any:
        if type(node) is Scalar:
            if "$" in node.value:
                self._templates[id(node)] = node
            return resolve(node)
        if type(node) is Sequence:
            return self._list(node, path)
        assert isinstance(node, Mapping)
        return self._map(node, path)

    def _list(self, node: Sequence, path: Path) -> Seq:
        result = Seq()
        first = self._is_first_visit(node)
        last = node.start
        for index, item in enumerate(node.items):
            if first and item.start <= last:
                self._check_alias(item, (*path, str(index)), node)
            last = max(last, item.start)
            value = self._value(item, (*path, str(index)))
            if value is not _DROPPED:
                result.add(value, item)
        return result

    def _map(self, node: Mapping, path: Path) -> Map:
        result = Map()
        lines: dict[str, int] = {}
        merges: Node | None = None
        first = self._is_first_visit(node)
        for key, value_node in node.pairs:
            name = _name(key)
            if name in lines:
                refuse(f"mapping key {name!r} already defined at line {lines[name]}", key)
            lines[name] = key.line
            is_merge = name == "<<" and _may_merge(key)
            if first and value_node.start < key.start:
                self._check_alias(value_node, path if is_merge else (*path, name), key)
            if is_merge:
                merges = value_node
                continue
            value = self._value(value_node, (*path, name))
            if value is not _DROPPED:
                _check_key(key, path)
                result[name] = value
                result.places[name] = value_node
        if merges is not None:
            self._merge(result, merges, path)
        return result

    def _merge(self, result: Map, merges: Node, path: Path) -> None:
        """Add what `<<` names; keys that stand in the mapping itself win, then earlier sources."""
        path = path or ("<<",)
        sources = [(merges, path)]
        if isinstance(merges, Sequence):
            sources = [(item, (*path, str(index))) for index, item in enumerate(merges.items)]
        for source, place in sources:
            if not isinstance(source, Mapping):
                refuse("map merge requires map or sequence of maps as the value", merges)
            tree = self._map(source, place)
            for key in tree:
                if key not in result:
                    result.adopt(key, tree)

    def _is_first_visit(self, node: Node) -> bool:
        if self._overridden or id(node) in self._visited:
            return False
        self._visited.add(id(node))
        return True

    def _check_alias(self, node: Node, path: Path, key: Node) -> None:
        """Refuse what Compose takes for a circle: an alias below another one of the same anchor.

        It goes by the dotted names of the places: `a.b` is below `a`, even where both are keys of one mapping.
        """
        if not path or path[0] == "<<":
            return
        place = self._aliased.setdefault(id(node), {})
        is_circle = False
        for step in ".".join(path).split("."):
            is_circle = is_circle or _HERE in place
            place = place.setdefault(step, {})
        if is_circle or (place and _HERE not in place):
            hint = "Compose takes a dot in a name for a step down; write the value out"
            refuse(f"cycle detected: the anchor of {'.'.join(path)} is used above or below it, too", key, hint=hint)
        place[_HERE] = {}


def _name(key: Node) -> str:
    if not isinstance(key, Scalar):
        refuse("a mapping key must be a string, not a mapping or a list", key)
    return key.value


def _may_merge(key: Node) -> bool:
    return key.tag == "!!merge" or (isinstance(key, Scalar) and key.plain and key.tag is None)


def _check_key(key: Node, path: Path) -> None:
    assert isinstance(key, Scalar)
    if key.plain or key.tag is not None:
        value = resolve(key)
        if type(value) is not str:
            where = f"in {'.'.join(path)}" if path else "at top level"
            refuse(f"non-string key {where}: {key.value}", key, hint="put it in quotes")
