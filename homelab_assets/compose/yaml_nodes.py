"""YAML text to nodes that know where they stand, through libyaml's event parser.

Compose reads YAML with a port of libyaml, so libyaml's events are the right grammar; PyYAML's composer is not (it
refuses an anchor that is defined twice) and its typing is not (see `scalars`). Aliases become the node they name.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct
from yaml import AliasEvent, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from homelab_assets.compose.dialect import Dialect
from homelab_assets.compose.problems import Line, refuse
from homelab_assets.errors import BaselineError
from homelab_assets.model import Span
from homelab_assets.yaml_words import hint_of

MAX_BYTES = 4_000_000
MAX_DEPTH = 100
_GLUED_TAG = re.compile(rb"![^\s,!]*,")
_ODD = re.compile(rb"\\['/]|\t|:[][{},?]")
_CORE = "tag:yaml.org,2002:"
_OPEN = -1
"""The end of a list or mapping that is still being read."""

_Parser: Any = getattr(yaml, "CSafeLoader", None)


class Node(Struct, eq=False):
    """A value in a file: `start` and `end` are offsets in code points, `line` and `column` count from 1."""

    file: str
    tag: str | None
    line: int
    column: int
    start: int
    end: int
    key: "Scalar | None"

    def span(self) -> Span:
        """A scalar's own text; for a collection from its key to its last value."""
        first = self if self.key is None or isinstance(self, Scalar) else self.key
        return Span(file=self.file, line=first.line, column=first.column, start=first.start, end=self.end)


class Scalar(Node, eq=False):
    """A scalar. `plain`: written without quotes and not as a block."""

    value: str
    plain: bool


class Sequence(Node, eq=False):
    """A list. `flow`: written in brackets."""

    flow: bool
    items: list[Node]


class Mapping(Node, eq=False):
    """Pairs in the order of the file; keys are any node. `flow`: written in braces."""

    flow: bool
    pairs: list[tuple[Node, Node]]


def parse(data: bytes, file: str) -> list[Node]:
    """Return the root node of every document in a file.

    Raises:
        BaselineError: not YAML, too large, nested too deeply, or an alias inside its own anchor.
    """
    if len(data) > MAX_BYTES:
        refuse(f"is larger than {MAX_BYTES} bytes", Line(file))
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text: Any = _decoded(data) if _Parser is None or wide else data
    dialect = Dialect(_decoded(data)) if _ODD.search(data) else None
    while True:
        composer = _Composer(file, (_Parser or yaml.SafeLoader)(text), data, dialect)
        try:
            roots = list(composer.documents())
        except yaml.MarkedYAMLError as error:
            if dialect is not None and dialect.mend(error):
                text = dialect.text
                continue
            # An open quote or a key without its colon is told where it starts, not where the text ends for want of it.
            token = error.context_mark if isinstance(error, yaml.scanner.ScannerError) else None
            mark = token or error.problem_mark or error.context_mark
            line = Line(file, mark.line + 1 if mark else 1)
            hint = hint_of(error, dialect.text if dialect is not None else _decoded(data))
            refuse(f"is not valid YAML: {error.problem or error.context}", line, hint=hint)
        except yaml.YAMLError as error:
            refuse(f"is not valid YAML: {' '.join(str(error).split())}", Line(file))
        if data.startswith(b"\xef\xbb\xbf"):
            composer.shift(1)
        return roots


def _decoded(data: bytes) -> str:
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")


def _short(tag: str) -> str | None:
    if tag == "!":
        return None
    return "!!" + tag[len(_CORE) :] if tag.startswith(_CORE) else tag


class _Composer:
    def __init__(self, file: str, parser: Any, data: bytes, dialect: Dialect | None) -> None:
        self._file = file
        self._dialect = dialect
        self._glued_tags = b"!" in data and _GLUED_TAG.search(data) is not None
        self._next = parser.get_event
        self._anchors: dict[str, Node] = {}
        self._flow = 0  # how many brackets and braces are open
        self._all: list[Node] = []

    def documents(self) -> Iterator[Node]:
        while True:
            event = self._next()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version not in (None, (1, 1)):
                    line = Line(self._file, event.start_mark.line + 1)
                    refuse("says that it is not YAML 1.1, the only version that Compose takes", line)
                yield self._node(self._next(), 0)

    def shift(self, offset: int) -> None:
        """Count a byte order mark, which libyaml does not."""
        for node in self._all:
            node.start += offset
            node.end += offset

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is ScalarEvent:
            scalar = Scalar(*self._place(event), event.value, not event.style)
            if self._dialect is not None:
                self._dialect.read(scalar, quoted=event.style == '"')
            if self._flow and "?" in scalar.value and scalar.plain and scalar.value[0] != "?":
                refuse("is not valid YAML: a `?` in a list or mapping in brackets must be quoted", scalar)
            self._remember(scalar, event)
            return scalar
        if kind is AliasEvent:
            return self._alias(event)
        if depth >= MAX_DEPTH:
            refuse(f"is nested deeper than {MAX_DEPTH} levels", Line(self._file, event.start_mark.line + 1))
        if kind is SequenceStartEvent:
            return self._sequence(event, depth + 1)
        return self._mapping(event, depth + 1)

    def _place(self, event: Any) -> tuple[str, str | None, int, int, int, int, None]:
        """What every node has, in the order of its fields."""
        start = event.start_mark
        tag = None if event.tag is None else _short(event.tag)
        return self._file, tag, start.line + 1, start.column + 1, start.index, event.end_mark.index, None

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        line = Line(self._file, event.start_mark.line + 1)
        if node is None:
            # It may be a password that begins with an asterisk.
            refuse("unknown anchor referenced", line, hint="put a text that begins with * in quotes")
        if node.end == _OPEN:
            refuse(f"anchor {event.anchor!r} contains itself", line)
        return node

    def _sequence(self, event: Any, depth: int) -> Sequence:
        node = Sequence(*self._place(event), bool(event.flow_style), [])
        self._remember(node, event)
        node.end = _OPEN
        self._flow += node.flow
        items = node.items
        while type(event := self._next()) is not SequenceEndEvent:
            items.append(self._node(event, depth))
        self._flow -= node.flow
        node.end = (
            event.end_mark.index if not items or event.end_mark.index != event.start_mark.index else items[-1].end
        )
        return node

    def _mapping(self, event: Any, depth: int) -> Mapping:
        node = Mapping(*self._place(event), bool(event.flow_style), [])
        self._remember(node, event)
        node.end = _OPEN
        self._flow += node.flow
        pairs = node.pairs
        while type(event := self._next()) is not MappingEndEvent:
            key = self._node(event, depth)
            value = self._node(self._next(), depth)
            if value.key is None and type(key) is Scalar and value.start >= key.end:
                value.key = key
            pairs.append((key, value))
        self._flow -= node.flow
        last = pairs[-1][1] if pairs else None
        closed = event.end_mark.index != event.start_mark.index
        node.end = event.end_mark.index if last is None or closed else max(last.end, pairs[-1][0].end)
        return node

    def _check_tag(self, node: Node) -> None:
        """Refuse a tag that a comma follows at once: Compose's parser takes the comma for a part of the tag."""
        if isinstance(node, Scalar) and node.plain and not node.value and node.end - node.start == len(node.tag or ""):
            refuse(f"a space is missing after the tag {node.tag}", node)

    def _remember(self, node: Node, event: Any) -> None:
        if node.tag is not None and self._glued_tags:
            self._check_tag(node)
        self._all.append(node)
        if event.anchor is not None:
            self._anchors[event.anchor] = node


__all__ = ["MAX_BYTES", "MAX_DEPTH", "BaselineError", "Mapping", "Node", "Scalar", "Sequence", "parse"]
