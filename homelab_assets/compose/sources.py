"""Where the value of a canonical path is written.

Paths are tuples of strings: `("services", "radarr", "image")`, `("services", "radarr", "environment", "TZ")`,
`("services", "radarr", "ports", "0")` (index in the canonical list), `("services", "radarr")` for the service itself.
A scalar's span is its own text (with its quotes; the whole item in a list of `KEY=value`), a section's span goes from
its key to its last value. What Compose adds by itself has no source.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from homelab_assets.compose.problems import Line
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.model import Span

Path = tuple[str, ...]
_KEYED = frozenset(
    ["environment", "labels", "annotations", "sysctls", "args", "additional_contexts", "driver_opts", "options"]
)


class Sources(Mapping[Path, Span]):
    """The sources of a merged tree, each looked up when it is asked for."""

    def __init__(self, tree: Map) -> None:
        self._sections = {key: value for key, value in tree.items() if type(value) is Map}
        self._roots = dict(tree.places)
        self._env: dict[Path, Span] = {}

    def nearest(self, *path: str) -> Node | None:
        """What wrote the value of a path, or of the nearest one above it; a section by its key."""
        for length in range(len(path), 1, -1):
            node = self._node(path[:length])
            if node is not None:
                return node.key or node
        return self._roots.get(path[0])

    def names_in(self, section: str) -> list[str]:
        """The names in a section, in the order in which the files first have them."""
        return list(self._sections.get(section, ()))

    def add_env_lines(self, service: str, lines: Mapping[str, tuple[str, int]]) -> None:
        """Add variables that come from an `env_file`."""
        for key, (file, line) in lines.items():
            self._env["services", service, "environment", key] = Line(file, line).span()

    def __getitem__(self, path: Path) -> Span:
        if (line := self._env.get(path)) is not None:
            return line
        node = self._roots.get(path[0]) if len(path) == 1 else self._node(path)
        if node is None:
            raise KeyError(path)
        return node.span()

    def _node(self, path: Path) -> Node | None:
        """Walk down to the last step of a path, and give the node that wrote what stands there."""
        value: Any = self._sections.get(path[0])
        node = None
        for above, key in itertools.pairwise(path):
            if type(value) is Map:
                value, node = value.get(key), value.places.get(key)
            elif type(value) is Seq:
                found = [
                    (item, place)
                    for index, (item, place) in enumerate(zip(value, value.places, strict=True))
                    if _name(item, index, above) == key
                ]
                value = found[-1][0] if found else None
                node = next((place for _, place in reversed(found) if place is not None), None)
            else:
                return None
        return node

    def __iter__(self) -> Iterator[Path]:
        sections = [path for key, section in self._sections.items() for path in _paths(section, (key,))]
        return iter(dict.fromkeys([*((key,) for key in self._roots), *sections, *self._env]))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _name(item: Any, index: int, above: str) -> str:
    """What a list item is called in a path: its key in a list of `KEY=value`, else its index."""
    return item.partition("=")[0] if above in _KEYED and type(item) is str else str(index)


def _paths(value: Any, path: Path) -> Iterator[Path]:
    """Give the paths below a mapping or a list that have a source."""
    if type(value) is Map:
        yield from ((*path, key) for key in value.places)
        below = list(value.items())
    else:
        below = [(_name(item, index, path[-1]), item) for index, item in enumerate(value)]
        places = zip(below, value.places, strict=True)
        yield from ((*path, key) for (key, _), place in places if place is not None)
    for key, item in below:
        if type(item) in (Map, Seq):
            yield from _paths(item, (*path, key))
