"""YAML as a tree of nodes that know exactly where they stand in the text.

PyYAML's own `compose()` resolves aliases into the node they point to, which loses the alias's place; and its block
nodes end behind the comments that follow them. An editor that splices text needs both right, so this tree is built
from the parser's events. Offsets are code points of the text, ends are exclusive.
"""

from collections.abc import Iterator
from typing import Literal

import yaml
from msgspec import Struct

from homelab_assets.errors import UserError

_MAX_DEPTH = 100
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(UserError):
    """The text is no YAML document that can be edited safely."""


class Node(Struct, frozen=True, kw_only=True):
    """One node.

    Attributes:
        start: where it begins, with its anchor and tag. body: where its own content begins, behind anchor and tag.
        end: behind its last character that is content (not behind the comments and blank lines that follow).
        column: of `start`, 0-based.
        text: a scalar's value, or the name that an alias points to.
        style: of a scalar: plain, `'`, `"`, `|` or `>`. flow: whether a collection is written in brackets.
        entries: of a mapping. items: of a sequence.
    """

    kind: Literal["scalar", "mapping", "sequence", "alias"]
    start: int
    body: int
    end: int
    column: int
    text: str = ""
    style: str = ""
    flow: bool = False
    anchor: str | None = None
    tag: str | None = None
    entries: tuple[tuple["Node", "Node"], ...] = ()
    items: tuple["Node", ...] = ()

    @property
    def is_null(self) -> bool:
        """Whether it is an empty or explicit null without a tag."""
        return (
            self.kind == "scalar"
            and self.style == ""
            and not self.tag
            and self.text in ("", "~", "null", "Null", "NULL")
        )

    def get(self, key: str) -> "Node | None":
        """Return the value of a mapping's own key; merged keys are not its own."""
        return next((value for name, value in self.entries if name.kind == "scalar" and name.text == key), None)

    def index(self, key: str) -> int:
        """Return the position of a mapping's own key.

        Raises:
            KeyError: it has none of that name.
        """
        for position, (name, _) in enumerate(self.entries):
            if name.kind == "scalar" and name.text == key:
                return position
        raise KeyError(key)

    @property
    def merges(self) -> tuple["Node", ...]:
        """The values of `<<` keys."""
        return tuple(value for name, value in self.entries if name.text == "<<" and name.style == "")


def parse(text: str) -> Node | None:
    """Parse the one document of a text; None where it holds nothing.

    Raises:
        Unreadable: it is no valid YAML, holds several documents, or a mapping has a key twice.
    """
    if text.startswith("\ufeff"):
        raise Unreadable("begins with a byte order mark")
    try:
        events = list(_events(text))
    except UnicodeEncodeError:
        raise Unreadable("is no UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise Unreadable(f"is no valid YAML{line}") from None
    documents = sum(isinstance(event, yaml.DocumentStartEvent) for event in events)
    if documents > 1:
        raise Unreadable("holds several YAML documents")
    content = iter([event for event in events if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent)])
    first = next(content, None)
    return _Builder(text, content).build(first) if first is not None else None


def _events(text: str) -> "Iterator[yaml.Event]":
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise Unreadable(f"is nested deeper than {_MAX_DEPTH} levels")
        yield event


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, in the order of the text."""
    yield node
    for key, value in node.entries:
        yield from walk(key)
        yield from walk(value)
    for item in node.items:
        yield from walk(item)


class _Builder:
    def __init__(self, text: str, events: "Iterator[yaml.Event]") -> None:
        self._text = text
        self._events = events

    def build(self, event: "yaml.Event") -> Node:
        start, column = event.start_mark.index, event.start_mark.column
        if isinstance(event, yaml.AliasEvent):
            end = event.end_mark.index
            return Node(kind="alias", start=start, body=start, end=end, column=column, text=event.anchor)
        body = self._body(start, bool(event.anchor), event.tag)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, body)
        mapping = isinstance(event, yaml.MappingStartEvent)
        children: list[Node] = []
        while not isinstance(inner := next(self._events), yaml.CollectionEndEvent):
            children.append(self.build(inner))
        flow = bool(event.flow_style)
        end = inner.end_mark.index if flow or not children else children[-1].end
        entries = tuple(zip(children[::2], children[1::2], strict=True)) if mapping else ()
        if mapping:
            _refuse_twice(entries, self._text)
        return Node(
            kind="mapping" if mapping else "sequence",
            start=start,
            body=body,
            end=end,
            column=column,
            flow=flow,
            anchor=event.anchor,
            tag=event.tag,
            entries=entries,
            items=() if mapping else tuple(children),
        )

    def _scalar(self, event: "yaml.ScalarEvent", body: int) -> Node:
        end = event.end_mark.index
        if event.style in ("|", ">"):
            # The mark stands at the next token's line; the blank lines before it are not shown as content.
            end = body + len(self._text[body:end].rstrip())
        elif not event.style and not event.value:
            end = body = min(body, end) if not event.tag and not event.anchor else end
        return Node(
            kind="scalar",
            start=event.start_mark.index,
            body=min(body, end),
            end=end,
            column=event.start_mark.column,
            text=event.value,
            style=event.style or "",
            anchor=event.anchor,
            tag=event.tag,
        )

    def _body(self, start: int, anchored: bool, tag: str | None) -> int:
        """Skip anchor and tag, in either order, and what separates them from the content."""
        position = start
        for _ in range(int(anchored) + int(tag is not None)):
            if self._text[position : position + 1] not in ("&", "!"):
                break
            while position < len(self._text) and not self._text[position].isspace():
                position += 1
            while position < len(self._text) and self._text[position] in " \t":
                position += 1
        return position


def _refuse_twice(entries: tuple[tuple[Node, Node], ...], text: str) -> None:
    seen: set[str] = set()
    for key, _ in entries:
        if key.kind != "scalar":
            raise Unreadable(f"has a key that is no text in line {line_of(text, key.start)}")
        if key.text in seen and key.text != "<<":
            raise Unreadable(f"has the key {key.text!r} twice in line {line_of(text, key.start)}")
        seen.add(key.text)


def line_of(text: str, offset: int) -> int:
    """Return the 1-based line of an offset."""
    return text.count("\n", 0, offset) + 1
