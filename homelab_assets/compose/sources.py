"""Where the value of a canonical path is written.

Paths are tuples of strings: `("services", "radarr", "image")`, `("services", "radarr", "environment", "TZ")`,
`("services", "radarr", "ports", "0")` (index in the canonical list), `("services", "radarr")` for the service itself.
A scalar's span is its own text (with its quotes; the whole item in a list of `KEY=value`), a section's span goes from
its key to its last value. What Compose adds by itself has no source.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.model import Span

Path = tuple[str, ...]
_KEYED = frozenset(
    ["environment", "labels", "annotations", "sysctls", "args", "additional_contexts", "driver_opts", "options"]
)


class Sources(Mapping[Path, Span]):
    """The sources of a merged tree, found when they are first asked for."""

    def __init__(self, tree: Map) -> None:
        self._sections = {key: value for key, value in tree.items() if type(value) is Map}
        self._roots = [(key, node) for key, node in tree.places.items()]
        self._env: dict[Path, Span] = {}
        self._services: Map = tree.get("services") or Map()

    def node_of_service(self, name: str, key: str | None) -> Node | None:
        """Where a service, or one of its attributes, is written."""
        service = self._services.get(name)
        found = service.places.get(key) if key is not None and type(service) is Map else None
        whole = self._services.places.get(name)
        return found or (whole.key if whole is not None and whole.key is not None else whole)

    def add_env_lines(self, service: str, lines: Mapping[str, tuple[str, int]]) -> None:
        """Add variables that come from an `env_file`."""
        for key, (file, line) in lines.items():
            self._env["services", service, "environment", key] = Span(file=file, line=line, column=1, start=0, end=0)

    @cached_property
    def _spans(self) -> dict[Path, Span]:
        spans: dict[Path, Span] = {(key,): node.span() for key, node in self._roots}
        for key, section in self._sections.items():
            _collect(section, (key,), spans)
        return {**spans, **self._env}

    def __getitem__(self, path: Path) -> Span:
        return self._spans[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)


def _collect(value: Any, path: Path, spans: dict[Path, Span]) -> None:
    if type(value) is Map:
        for key, node in value.places.items():
            spans[(*path, key)] = node.span()
        for key, item in value.items():
            if type(item) in (Map, Seq):
                _collect(item, (*path, key), spans)
        return
    keyed = path[-1] in _KEYED
    for index, (item, node) in enumerate(zip(value, value.places, strict=True)):
        key = item.partition("=")[0] if keyed and type(item) is str else str(index)
        if node is not None:
            spans[(*path, key)] = node.span()
        if type(item) in (Map, Seq):
            _collect(item, (*path, key), spans)
