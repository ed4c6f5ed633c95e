"""Edits of a compose file's own text: one word of a service written otherwise, one entry taken out."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import yaml

_NUMBER, _WORD = re.compile(r"\d+"), re.compile(r"[A-Za-z]{3,}(?![A-Za-z]*\})")
_FLIPPED = {"true": "false", "false": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The text after an edit; `key`: the key of the service that it is about."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a list or mapping: what it begins with, and its value."""

    key: str
    first: yaml.Node
    value: yaml.Node


def edits(text: str, service: str, dice: Random) -> list[Edit]:
    """All edits of what a file says of a service itself, in an order that the dice decide; what an anchor shares with
    others is left alone."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return []
    body = _under(_under(root, "services"), service)
    uses = Counter(id(node) for node in _nodes(root))
    if body is None or uses[id(body)] > 1:
        return []
    found = [
        Edit(key=entry.key, text=edited)
        for entry in _entries(body, uses)
        for edited in (*_without(text, entry), *_otherwise(text, entry.value))
    ]
    dice.shuffle(found)
    return found


def _under(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _nodes(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """All nodes, those that an alias repeats as often as it does."""
    if node is not None:
        yield node
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for each in pair:
                yield from _nodes(each)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _nodes(each)


def _entries(node: yaml.Node, uses: Counter[int], key: str = "") -> Iterator[_Entry]:
    if isinstance(node, yaml.MappingNode):
        pairs = [(key or str(name.value), name, value) for name, value in node.value if name.value != "<<"]
    else:
        pairs = [(key, value, value) for value in node.value]
    for own, first, value in pairs:
        if uses[id(value)] > 1:
            continue
        yield _Entry(own, first, value)
        if isinstance(value, yaml.CollectionNode):
            yield from _entries(value, uses, own)


def _without(text: str, entry: _Entry) -> Iterator[str]:
    """The text without the lines of an entry, where they hold nothing else."""
    lines = text.splitlines(keepends=True)
    first, last = entry.first.start_mark.line, _last_line(entry.value)
    before = lines[first][: entry.first.start_mark.column].strip()
    # Below the dash of an entry of a list its further keys follow.
    if before == ("-" if entry.first is entry.value else ""):
        yield "".join((*lines[:first], *lines[last + 1 :]))


def _last_line(node: yaml.Node) -> int:
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    at_start_of_next = node.end_mark.column == 0 and node.end_mark.line > node.start_mark.line
    return int(node.end_mark.line - at_start_of_next)


def _otherwise(text: str, node: yaml.Node) -> Iterator[str]:
    """The text with another value in the place of one that stands on one line."""
    one_line = node.start_mark.line == node.end_mark.line
    if not isinstance(node, yaml.ScalarNode) or not one_line or node.style not in (None, "'", '"'):
        return
    start, end = node.start_mark.index, node.end_mark.index
    quotes = 1 if node.style else 0
    for other in _others(text[start + quotes : end - quotes]):
        yield text[: start + quotes] + other + text[end - quotes :]


def _others(value: str) -> Iterator[str]:
    if value in _FLIPPED:
        yield _FLIPPED[value]
        return
    if number := _NUMBER.search(value):
        yield f"{value[: number.start()]}{int(number[0]) + 1}{value[number.end() :]}"
    if word := _WORD.search(value):
        yield f"{value[: word.start()]}stranger{value[word.end() :]}"
    if not value.isdigit():
        yield f"{value}-other"
