"""Small edits of a YAML text: replace a scalar, add or remove an entry, and touch nothing else.

Every function returns the splices of one edit, or raises `CannotEdit` with the reason. Nothing is judged here: whether
the result means what it should is proved by reading it again.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from msgspec import Struct

from homelab_assets.remediation import yaml_text
from homelab_assets.remediation.yaml_tree import Node, walk


class CannotEdit(Exception):
    """This edit can't be written into this text. The message says why, in words for a person."""


class FromVariable(CannotEdit):
    """Git takes the value from a variable. No other place may say it either: that would write what it stood for."""


class Splice(Struct, frozen=True, order=True):
    """Replace `text[start:end]` by `new`."""

    start: int
    end: int
    new: str


def apply(text: str, splices: Iterable[Splice]) -> str:
    """Return the text with all splices done.

    Raises:
        CannotEdit: two of them overlap.
    """
    parts, last = [], 0
    for splice in sorted(splices, key=lambda one: (one.start, one.end)):
        if splice.start < last:
            raise CannotEdit("two edits meet in the same place")
        parts += [text[last : splice.start], splice.new]
        last = splice.end
    return "".join(parts) + text[last:]


def newline_of(text: str, near: int | None = None) -> str:
    """Return the line ending that a text uses, or that the line of an offset ends with."""
    at = text.find("\n", near) if near is not None else -1
    at = at if at >= 0 else text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def replace(node: Node, value: Any, *, flow: bool = False, typed: bool = False) -> list[Splice]:
    """Write another value where a scalar or an alias stands; anchor, tag and quoting style stay."""
    if node.kind not in ("scalar", "alias"):
        raise CannotEdit("git has a list or mapping where one value runs")
    style = node.style if node.style in ("'", '"') else ""
    if isinstance(value, list | tuple | dict):
        return [Splice(node.body, node.end, _after_colon(node, yaml_text.flow(value)))]
    new = yaml_text.scalar(value, style=style, flow=flow, typed=typed)
    return [Splice(node.body, node.end, _after_colon(node, new))]


def _after_colon(node: Node, new: str) -> str:
    """An empty value ends at its colon, so the new one needs the blank that separates them."""
    return f" {new}" if node.kind == "scalar" and node.body == node.end else new


def add_entry(text: str, mapping: Node, key: str, value: Any, layout: "Layout", *, typed: bool = False) -> list[Splice]:
    """Add `key: value` behind a mapping's last entry, with its indentation."""
    if mapping.kind != "mapping" or not mapping.entries:
        raise CannotEdit("there is no mapping to add to")
    if mapping.flow:
        return _add_in_brackets(
            text, mapping, f"{yaml_text.scalar(key, flow=True)}: {yaml_text.flow(value, typed=typed)}"
        )
    column = mapping.entries[0][0].column
    name = yaml_text.scalar(key, style=_key_style(mapping))
    if isinstance(value, dict | list | tuple) and value and not layout.inline and key not in yaml_text.ON_ONE_LINE:
        lines = [f"{name}:", *yaml_text.block(value, indent=column, step=layout.step, dash=layout.dash, typed=typed)]
    elif isinstance(value, dict | list | tuple):
        lines = [f"{name}: {yaml_text.flow(value, typed=typed)}"]
    else:
        style = _value_style(mapping)
        lines = [f"{name}: {yaml_text.scalar(value, style=style, typed=typed)}" if value is not None else f"{name}:"]
    lines[0] = " " * column + lines[0]
    return [insert_lines(text, mapping.end, column, lines)]


def add_item(text: str, sequence: Node, value: Any, *, style: str | None = None) -> list[Splice]:
    """Add an item behind a list's last one, with its indentation and quoting."""
    if sequence.kind != "sequence":
        raise CannotEdit("there is no list to add to")
    quoted = _item_style(sequence) if style is None else style
    if sequence.flow:
        new = yaml_text.scalar(value, style=quoted, flow=True) if isinstance(value, str) else yaml_text.flow(value)
        return _add_in_brackets(text, sequence, new)
    if not sequence.items:
        raise CannotEdit("there is no list to add to")
    column = dash_column(text, sequence)
    gap = sequence.items[0].start - _dash_offset(text, sequence.items[0]) - 1
    new = yaml_text.scalar(value, style=quoted) if isinstance(value, str) else yaml_text.flow(value)
    return [insert_lines(text, sequence.end, column, [" " * column + "-" + " " * max(gap, 1) + new])]


def insert_items(text: str, sequence: Node, position: int, values: Sequence[str]) -> list[Splice]:
    """Add items before the one at a position, each on a line of its own or within the brackets."""
    if position == len(sequence.items):
        return [part for value in values for part in add_item(text, sequence, value)]
    following, style = sequence.items[position], _item_style(sequence)
    new = [yaml_text.scalar(value, style=style, flow=sequence.flow) for value in values]
    if sequence.flow:
        return [Splice(following.start, following.start, "".join(f"{value}, " for value in new))]
    dash, column = _dash_offset(text, sequence.items[0]), dash_column(text, sequence)
    lines = [" " * column + text[dash : sequence.items[0].start] + value for value in new]
    if position:
        # Right below the one before: a comment in between is about the following one.
        return [insert_lines(text, sequence.items[position - 1].end, column, lines)]
    start = text.rfind("\n", 0, dash) + 1
    newline = newline_of(text, dash)
    return [Splice(start, start, newline.join(lines) + newline)]


def remove_items(text: str, sequence: Node, start: int, end: int) -> list[Splice]:
    """Remove neighbouring items of a list, not all of them."""
    if not sequence.flow:
        return [part for position in range(start, end) for part in remove_item(text, sequence, position)]
    items = sequence.items
    _keep_anchors(items[start:end], text)
    one, other = (items[start].start, items[end].start) if end < len(items) else (items[start - 1].end, items[-1].end)
    if "#" in text[one : items[start].start] or "#" in text[items[end - 1].end : other]:
        raise CannotEdit("a comment stands between the values in brackets")
    return [Splice(one, other, "")]


def remove_entry(text: str, mapping: Node, position: int) -> list[Splice]:
    """Remove one entry of a mapping: its lines, or its part of the line in brackets."""
    key, value = mapping.entries[position]
    _keep_anchors(mapping.entries[position], text)
    if mapping.flow:
        return _remove_from_brackets(
            text, mapping, [k.start for k, _ in mapping.entries], [v.end for _, v in mapping.entries], position
        )
    return [_remove_lines(text, key.start, max(value.end, key.end))]


def remove_item(text: str, sequence: Node, position: int) -> list[Splice]:
    """Remove one item of a list: its lines, or its part of the line in brackets."""
    item = sequence.items[position]
    _keep_anchors((item,), text)
    if sequence.flow:
        return _remove_from_brackets(
            text, sequence, [i.start for i in sequence.items], [i.end for i in sequence.items], position
        )
    return [_remove_lines(text, _dash_offset(text, item), item.end)]


def declare(text: str, whole: Node, section: str, name: str, known: Collection[str] = ()) -> list[Splice]:
    """Declare a network or volume that exists already; `default` needs no declaration.

    Args:
        known: what the stack's files declare already, as `volumes.data`.
    """
    present = whole.get(section)
    if name == "default" or f"{section}.{name}" in known or (present is not None and present.get(name) is not None):
        return []
    layout = layout_of(text, whole, whole)
    if present is None or not present.entries:
        if present is not None and not present.is_null:
            return []
        newline = newline_of(text)
        step = " " * layout.step
        lines = [f"{section}:", f"{step}{yaml_text.scalar(name)}:", f"{step * 2}external: true"]
        if present is not None:
            return [insert_lines(text, present.end, 0, lines[1:])]
        gap = [""] if whole.entries and "\n\n" in text.replace("\r\n", "\n") else []
        end = len(text)
        start = "" if text.endswith("\n") else newline
        return [Splice(end, end, start + newline.join([*gap, *lines]) + newline)]
    return add_entry(text, present, name, {"external": True}, layout, typed=True)


def insert_lines(text: str, after: int, column: int, lines: Sequence[str]) -> Splice:
    """Insert whole lines below the line of an offset, and below the deeper comments that belong to it."""
    newline = newline_of(text, after)
    end = text.find("\n", after)
    if end < 0:
        return Splice(len(text), len(text), newline + newline.join(lines))
    end += 1
    while (following := text[end:].split("\n", 1)[0]).lstrip().startswith("#"):
        indent = len(following) - len(following.lstrip())
        if indent <= column or end + len(following) >= len(text):
            break
        end += len(following) + 1
    return Splice(end, end, newline.join(lines) + newline)


class Layout(Struct, frozen=True):
    """How a file indents: mappings by `step`, lists by `dash`. `inline`: new collections go into brackets."""

    step: int = 2
    dash: int = 2
    inline: bool = False


def layout_of(text: str, near: Node, whole: Node) -> Layout:
    """Read the layout off the nodes nearby, else off the whole file."""
    step = dash = None
    for node in (*walk(near), *walk(whole)):
        for key, value in node.entries:
            if value.flow or value.start <= key.start:
                continue
            if value.kind == "mapping" and step is None and value.entries and _on_new_line(text, key, value):
                step = value.entries[0][0].column - key.column
            if value.kind == "sequence" and dash is None and value.items:
                dash = dash_column(text, value) - key.column
        if step and dash is not None:
            break
    return Layout(step if step and step > 0 else 2, dash if dash is not None and dash >= 0 else 2, near.flow)


def _on_new_line(text: str, key: Node, value: Node) -> bool:
    return bool(value.entries) and "\n" in text[key.end : value.entries[0][0].start]


def _key_style(mapping: Node) -> str:
    styles = {key.style for key, _ in mapping.entries if key.text != "<<"}
    return styles.pop() if len(styles) == 1 and styles <= {"'", '"'} else ""


def _value_style(mapping: Node) -> str:
    """How the neighbours are quoted; a single one is no habit."""
    styles = [value.style for _, value in mapping.entries if value.kind == "scalar" and not value.is_null]
    return styles[0] if len(styles) > 1 and len(set(styles)) == 1 and styles[0] in ("'", '"') else ""


def _item_style(sequence: Node) -> str:
    styles = {item.style for item in sequence.items if item.kind == "scalar"}
    return styles.pop() if len(styles) == 1 and styles <= {"'", '"'} else ""


def _dash_offset(text: str, item: Node) -> int:
    """Return where the `-` of a block list's item stands."""
    at = text.rfind("-", 0, item.start)
    if at < 0 or text[at + 1 : item.start].strip():
        raise CannotEdit("a comment stands between a list's dash and its item")
    return at


def dash_column(text: str, sequence: Node) -> int:
    at = _dash_offset(text, sequence.items[0])
    return at - (text.rfind("\n", 0, at) + 1)


def _keep_anchors(nodes: Iterable[Node], text: str) -> None:
    anchors = {inner.anchor for node in nodes for inner in walk(node) if inner.anchor}
    if any(f"*{anchor}" in text for anchor in anchors):
        raise CannotEdit("it carries an anchor that other places use")


def _remove_lines(text: str, start: int, end: int) -> Splice:
    line_start = text.rfind("\n", 0, start) + 1
    if text[line_start:start].strip():
        raise CannotEdit("it shares its line with something else")
    line_end = text.find("\n", end)
    if line_end < 0:
        # The file's last line, without a line ending: take the one before it instead.
        before = line_start - (2 if text[:line_start].endswith("\r\n") else 1) if line_start else 0
        return Splice(before, len(text), "")
    return Splice(line_start, line_end + 1, "")


def _add_in_brackets(text: str, node: Node, new: str) -> list[Splice]:
    close = node.end - 1
    inner_end = (
        (node.entries[-1][1].end if node.entries else node.items[-1].end) if node.entries or node.items else None
    )
    if inner_end is None:
        return [Splice(node.body + 1, close, new)]
    if node.entries:
        inner_end = max(inner_end, node.entries[-1][0].end)
    between = text[inner_end:close]
    if "#" in between:
        raise CannotEdit("a comment stands behind the last value in brackets")
    if "," in between:
        comma = inner_end + between.index(",") + 1
        return [Splice(comma, comma, f" {new},")]
    if "\n" in between:
        line = text[text.rfind("\n", 0, inner_end) + 1 :]
        pad = line[: len(line) - len(line.lstrip())]
        return [Splice(inner_end, inner_end, f",{newline_of(text, inner_end)}{pad}{new}")]
    return [Splice(inner_end, inner_end, f", {new}")]


def _remove_from_brackets(
    text: str, node: Node, starts: Sequence[int], ends: Sequence[int], position: int
) -> list[Splice]:
    if position > 0:
        start, end = ends[position - 1], ends[position]
    elif len(starts) > 1:
        start, end = starts[0], starts[1]
    else:
        start, end = node.body + 1, node.end - 1
    if "#" in text[start : starts[position]] or "#" in text[ends[position] : end]:
        raise CannotEdit("a comment stands between the values in brackets")
    return [Splice(start, end, "")]
