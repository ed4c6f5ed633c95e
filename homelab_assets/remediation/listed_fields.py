"""Edits of ports, mounts, devices and plain lists, whose items are told apart by a key."""

from collections.abc import Iterator
from typing import Any

from homelab_assets.remediation import short_forms, splice, yaml_text
from homelab_assets.remediation.editor import Editor, was_typed
from homelab_assets.remediation.splice import CannotEdit, Splice
from homelab_assets.remediation.wish import LISTED
from homelab_assets.remediation.yaml_tree import Node


def listed_proposals(editor: Editor) -> Iterator[list[Splice]]:
    head = editor.wish.head
    values = _item_values(editor)
    shared = editor.shared(head)
    if shared is not None:
        yield _own_copy(editor, shared, values)
        return
    node = editor.collection(head)
    if node is None:
        for proposal in editor.new_collection(head, values):
            yield proposal + _declaration(editor, values)
        return
    if node.kind == "scalar":
        yield from _single(editor, node, values)
        return
    if node.kind == "mapping":
        raise CannotEdit("git writes it in a form that is not edited")
    yield from _items(editor, node, _found(editor, node), values)


def _found(editor: Editor, node: Node) -> list[int]:
    key_of = LISTED[editor.wish.head]
    wanted = short_forms.member(editor.wish.rest) if key_of is short_forms.member_key else editor.wish.rest
    return [position for position, item in enumerate(node.items) if key_of(item) == wanted]


def _own_copy(editor: Editor, shared: Node, values: list[Any]) -> list[Splice]:
    """Write a list that others share once more for this service alone, with the change."""
    found = _found(editor, shared)
    plain = shared.kind == "sequence" and all(item.kind == "scalar" for item in shared.items)
    if not plain or not all(isinstance(value, str) for value in values) or (editor.wish.removes and not found):
        raise CannotEdit("it comes from an anchor that others share")
    texts: list[Any] = []
    for position, item in enumerate(shared.items):
        if position in found:
            editor.refuse_variable(item)
        texts += [item.text] if position not in found else values if position == found[0] else []
    texts += values if not found else []
    return editor.own_copy(editor.wish.head, texts) + _declaration(editor, values)


def _declaration(editor: Editor, values: list[Any]) -> list[Splice]:
    """Declare the volumes that a mount names and the file does not know: they exist on the host already."""
    if editor.wish.head != "volumes":
        return []
    names = {name for value in values if (name := short_forms.named_volume(value))}
    known = editor.wish.declared
    return [
        part for name in sorted(names) for part in splice.declare(editor.text, editor.whole, "volumes", name, known)
    ]


def _items(editor: Editor, node: Node, found: list[int], values: list[Any]) -> Iterator[list[Splice]]:
    if editor.wish.removes and not found and editor.wish.head == "ports":
        yield _narrower(editor, node)
    elif editor.wish.removes:
        if not found:
            raise CannotEdit("git declares it somewhere else")
        yield from _moved(editor, node, found)
        yield _without_items(editor, node, found)
    elif not found:
        if not node.items:
            yield [Splice(node.body, node.end, yaml_text.flow(values))]
            return
        if editor.wish.change == "changed":
            raise CannotEdit("git declares it as part of a range, or through a variable")
        yield [part for value in values for part in _new_item(editor, node, value)] + _declaration(editor, values)
    elif len(found) == len(values) == 1:
        yield from _change_item(editor, node, node.items[found[0]], values[0])
    else:
        yield from _exchange(editor, node, found, values)


def _moved(editor: Editor, node: Node, found: list[int]) -> Iterator[list[Splice]]:
    """Give the place of an item, and its comment, to the one that the same plan has added for its source or port."""
    gone = node.items[found[0]]
    outer = short_forms.outer_part(gone, editor.wish.head)
    if len(found) > 1 or node.flow or outer is None:
        return
    for position, item in enumerate(node.items):
        line = editor.text[editor.text.rfind("\n", 0, item.start) + 1 :].partition("\n")[0].strip()
        if (
            position not in found
            and line in editor.wish.fresh
            and short_forms.outer_part(item, editor.wish.head) == outer
        ):
            yield splice.replace(gone, item.text) + splice.remove_item(editor.text, node, position)


def _narrower(editor: Editor, node: Node) -> list[Splice]:
    """Take one port out of a range."""
    for item in node.items:
        left = short_forms.without_port(item.text, editor.wish.rest) if item.kind == "scalar" else None
        if left:
            more = [part for text in left[1:] for part in splice.add_item(editor.text, node, text)]
            return splice.replace(item, left[0], flow=node.flow) + more
    raise CannotEdit("git declares it as part of a range, or somewhere else")


def _exchange(editor: Editor, node: Node, found: list[int], values: list[Any]) -> Iterator[list[Splice]]:
    """Several bindings of one port: keep those that stay, take the others out, add the new ones."""
    texts = {node.items[position].text.removesuffix("/tcp"): position for position in found}
    stale = [position for text, position in texts.items() if text not in values]
    fresh = [value for value in values if value not in texts]
    both = list(zip(stale, fresh, strict=False))
    edits = [part for position, value in both for part in splice.replace(node.items[position], value, flow=node.flow)]
    edits += [part for position in stale[len(both) :] for part in splice.remove_item(editor.text, node, position)]
    edits += [part for value in fresh[len(both) :] for part in splice.add_item(editor.text, node, value)]
    yield edits


def _change_item(editor: Editor, node: Node, item: Node, value: Any) -> Iterator[list[Splice]]:
    editor.refuse_variable(item)
    if item.kind == "scalar" and isinstance(value, str):
        value = short_forms.with_unseen(item.text, value) if editor.wish.head == "volumes" else value
        yield splice.replace(item, value, flow=node.flow) + _declaration(editor, [value])
    elif item.kind == "scalar":
        yield [Splice(item.body, item.end, yaml_text.flow(value))]
    elif item.kind == "mapping" and isinstance(value, str) and editor.wish.head in ("secrets", "configs"):
        yield [Splice(item.start, item.end, yaml_text.scalar(value, flow=node.flow))]
    elif item.kind == "mapping":
        yield _long_form(editor, item, value)
    else:
        raise CannotEdit("it is an anchor that others share")


def _long_form(editor: Editor, item: Node, value: Any) -> list[Splice]:
    if isinstance(value, str):
        wanted = short_forms.long_port(value) if editor.wish.head == "ports" else short_forms.long_volume(value)
    else:
        wanted = dict(value)
    own, edits = short_forms.fields(item), list[Splice]()
    for key, new in wanted.items():
        node = item.get(key)
        if isinstance(new, dict) and node is not None and node.kind == "mapping" and node.entries:
            edits += [part for name, inner in new.items() for part in _inner(editor, node, name, inner)]
            continue
        if node is None:
            if new not in (False, None, ""):
                edits += splice.add_entry(editor.text, item, key, new, editor.layout, typed=True)
        elif own.get(key) != str(new) and str(new).lower() != str(own.get(key)).lower():
            editor.refuse_variable(node)
            edits += splice.replace(node, new, flow=item.flow, typed=was_typed(node))
    return edits


def _inner(editor: Editor, node: Node, name: str, value: Any) -> list[Splice]:
    present = node.get(name)
    if present is None:
        return splice.add_entry(editor.text, node, name, value, editor.layout)
    editor.refuse_variable(present)
    return splice.replace(present, value, flow=node.flow) if present.text != value else []


def _new_item(editor: Editor, node: Node, value: Any) -> list[Splice]:
    # Ports are always quoted: `22:22` is a number of seconds to other YAML readers.
    styles = {item.style for item in node.items if item.kind == "scalar"}
    style = '"' if editor.wish.head == "ports" and not styles & {"'", '"'} and not node.items else None
    return splice.add_item(editor.text, node, value, style=style)


def _single(editor: Editor, node: Node, values: list[Any]) -> Iterator[list[Splice]]:
    """A list of one that is written without brackets: `dns: 1.1.1.1`."""
    editor.refuse_variable(node)
    if editor.wish.removes:
        yield editor.without(editor.service, editor.wish.head)
    elif editor.wish.change == "changed":
        yield splice.replace(node, values[0], flow=editor.service.flow)
    elif node.is_null:
        yield [Splice(node.body, node.end, " " + yaml_text.flow(values))]
    else:
        yield [Splice(node.body, node.end, yaml_text.flow([node.text, *values]))]


def _item_values(editor: Editor) -> list[Any]:
    value = editor.wish.value
    if editor.wish.removes:
        return []
    if value is None or isinstance(value, bool):
        return [editor.wish.rest]
    return list(value) if isinstance(value, list | tuple) else [value]


def _without_items(editor: Editor, node: Node, positions: list[int]) -> list[Splice]:
    if len(positions) == len(node.items):
        return editor.without(editor.service, editor.wish.head)
    return [part for position in positions for part in splice.remove_item(editor.text, node, position)]
