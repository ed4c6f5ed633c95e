"""Files to trees: typing, merge keys, duplicate keys, and the tags `!reset` and `!override`.

A document does not depend on variables, so it is read once for every text and shared by all loads; nobody changes its
tree (`interpolation` makes the copy that is worked on).
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from homelab_assets.compose import yaml_nodes
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.scalars import resolve
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.yaml_nodes import Mapping, Node, Scalar, Sequence

MAX_VALUES = 200_000
_KEPT_FILES = 512
_DROPPED = object()

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
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
        if node.tag == "!reset":
            if id(node) not in self._dropped:
                self._dropped.add(id(node))
                self._resets.add(path)
            return _DROPPED
        if node.tag == "!override":
            self._resets.add(path)
        if isinstance(node, Scalar):
            if "$" in node.value:
                self._templates[id(node)] = node
            return resolve(node)
        if isinstance(node, Sequence):
            return self._list(node, path)
        assert isinstance(node, Mapping)
        return self._map(node, path)

    def _list(self, node: Sequence, path: Path) -> Seq:
        result = Seq()
        for index, item in enumerate(node.items):
            value = self._value(item, (*path, str(index)))
            if value is not _DROPPED:
                result.add(value, item)
        return result

    def _map(self, node: Mapping, path: Path) -> Map:
        result = Map()
        lines: dict[str, int] = {}
        merges: Node | None = None
        for key, value_node in node.pairs:
            name = _name(key)
            if name in lines:
                refuse(f"mapping key {name!r} already defined at line {lines[name]}", key)
            lines[name] = key.line
            if name == "<<" and isinstance(key, Scalar) and key.plain:
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
        for source in merges.items if isinstance(merges, Sequence) else [merges]:
            if not isinstance(source, Mapping):
                refuse("map merge requires map or sequence of maps as the value", merges)
            tree = self._map(source, path)
            for key in tree:
                if key not in result:
                    result.adopt(key, tree)


def _name(key: Node) -> str:
    if not isinstance(key, Scalar):
        refuse("a mapping key must be a string, not a mapping or a list", key)
    return key.value


def _check_key(key: Node, path: Path) -> None:
    assert isinstance(key, Scalar)
    if key.plain or key.tag is not None:
        value = resolve(key)
        if type(value) is not str:
            where = f"in {'.'.join(path)}" if path else "at top level"
            refuse(f"non-string key {where}: {key.value}", key, hint="put it in quotes")
