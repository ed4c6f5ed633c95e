"""Edits of `environment`, `labels` and their kin: a mapping, or a list of assignments."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from homelab_assets.remediation import splice, yaml_text
from homelab_assets.remediation.editor import Editor, was_typed
from homelab_assets.remediation.splice import CannotEdit, Splice
from homelab_assets.remediation.yaml_tree import Node


def keyed_proposals(editor: Editor) -> Iterator[list[Splice]]:
    head, name, value = editor.wish.head, editor.wish.rest, editor.wish.value
    shared = editor.shared(head)
    if shared is not None and (editor.wish.removes or shared.kind == "sequence"):
        yield _own_copy(editor, shared)
        return
    merged = next((n for merge in editor.service.merges if (n := editor.merged(merge, head)) is not None), None)
    if editor.service.get(head) is None and merged is not None and merged.kind in ("mapping", "alias"):
        yield from _beside_merged(editor, merged, {name: value})
        return
    node = editor.collection(head)
    if node is None:
        yield from editor.new_collection(head, {name: value})
    elif node.kind == "alias":
        yield from _extend_alias(editor, node, name)
    elif node.kind == "sequence":
        yield from _assignment(editor, node)
    elif name in {key.text for key, _ in node.entries}:
        if editor.wish.removes:
            yield from _renamed(editor, node, [key for key, _ in node.entries], [value for _, value in node.entries])
            yield editor.without(node, name)
        else:
            own = node.get(name)
            assert own is not None
            editor.refuse_variable(own)
            yield from editor.scalar(own, value, flow=node.flow, typed=was_typed(own))
    elif editor.wish.removes:
        raise CannotEdit("it comes from an anchor or a file that others share, and can't be taken out here")
    elif not node.entries:
        yield [Splice(node.body, node.end, yaml_text.flow({name: value}))]
    else:
        yield splice.add_entry(editor.text, node, name, value, editor.layout)


def _assignment(editor: Editor, node: Node) -> Iterator[list[Splice]]:
    head, name, value = editor.wish.head, editor.wish.rest, editor.wish.value
    sign = "=" if head != "extra_hosts" or not any(":" in i.text and "=" not in i.text for i in node.items) else ":"
    found = [
        position
        for position, item in enumerate(node.items)
        if item.kind == "scalar"
        and re.split("[=:]" if head == "extra_hosts" else "=", item.text, maxsplit=1)[0].strip() == name
    ]
    assignment = f"{name}{sign}{value}" if value is not None else name
    if not found and editor.wish.change != "added":
        _refuse_built(item.text.partition(sign)[0] for item in node.items)
    if not found and editor.wish.removes:
        raise CannotEdit("git does not say it here")
    if not found:
        yield (
            splice.add_item(editor.text, node, assignment)
            if node.items
            else [Splice(node.body, node.end, yaml_text.flow([assignment]))]
        )
    elif editor.wish.removes:
        yield from _renamed(editor, node, node.items, [item.text.partition(sign)[2] for item in node.items])
        yield editor.without_item(editor.service, head, node, found[-1])
    else:
        editor.refuse_variable(node.items[found[-1]], name)
        yield splice.replace(node.items[found[-1]], assignment, flow=node.flow)


def _renamed(
    editor: Editor, node: Node, names: Sequence[Node], values: Sequence[Node] | Sequence[str]
) -> Iterator[list[Splice]]:
    """Give the place of an entry, and its comment, to the one that the same plan has added with its value: a new name.

    Only where no third one has that value. `names` are what is written anew: keys, or whole assignments.
    """
    texts = [value if isinstance(value, str) else value.text for value in values]
    plain = all(isinstance(value, str) or value.kind == "scalar" for value in values)
    for gone, (own, text) in enumerate(zip(names, texts, strict=True)):
        same = [position for position, other in enumerate(texts) if other == text]
        if not plain or node.flow or len(same) != 2 or not _is_named(own, editor):
            continue
        (new,) = (position for position in same if position != gone)
        line = editor.text[editor.text.rfind("\n", 0, names[new].start) + 1 :].partition("\n")[0].strip()
        if line in editor.wish.fresh:
            remove = splice.remove_item if node.kind == "sequence" else splice.remove_entry
            yield splice.replace(own, names[new].text) + remove(editor.text, node, new)


def _is_named(own: Node, editor: Editor) -> bool:
    return re.split("[=:]" if editor.wish.head == "extra_hosts" else "=", own.text, maxsplit=1)[0].strip() == (
        editor.wish.rest
    )


def _refuse_built(names: Iterable[str]) -> None:
    """In a list a name can be made with a variable (the project's, say); its entry is not told apart from others then.

    Raises:
        CannotEdit: there is such a name.
    """
    if any("$" in name.replace("$$", "") for name in names):
        raise CannotEdit("git makes its name with a variable, or has it elsewhere: change it by hand")


def _own_copy(editor: Editor, shared: Node) -> list[Splice]:
    """Write a collection that others share once more for this service alone, with the change."""
    head, name, value = editor.wish.head, editor.wish.rest, editor.wish.value
    parts = [*shared.items, *(part for _, part in shared.entries)]
    if shared.merges or not all(part.kind == "scalar" for part in parts):
        raise CannotEdit(f"`{head}` comes from an anchor that others share")
    pairs: dict[str, Any] = {key.text: None if part.is_null else part.text for key, part in shared.entries}
    for item in shared.items:
        key, sign, text = item.text.partition("=" if head != "extra_hosts" or "=" in item.text else ":")
        pairs[key] = text if sign else None
    if editor.wish.removes and name not in pairs:
        raise CannotEdit("git does not say it here")
    own = {key: part for key, part in pairs.items() if key != name} | ({} if editor.wish.removes else {name: value})
    return editor.own_copy(head, own)


def _beside_merged(editor: Editor, merged: Node, own: dict[str, Any]) -> Iterator[list[Splice]]:
    """Add an own collection that merges the shared one, which the own key would otherwise hide."""
    anchor = merged.text if merged.kind == "alias" else merged.anchor
    if editor.wish.removes or anchor is None or editor.service.flow:
        raise CannotEdit(f"`{editor.wish.head}` comes from an anchor that others share")
    column = editor.service.entries[0][0].column
    lines = yaml_text.block(own, indent=column, step=editor.layout.step)
    merge = " " * (column + editor.layout.step) + f"<<: *{anchor}"
    yield [
        splice.insert_lines(
            editor.text, editor.service.end, column, [" " * column + f"{editor.wish.head}:", merge, *lines]
        )
    ]


def _extend_alias(editor: Editor, node: Node, name: str) -> Iterator[list[Splice]]:
    """Turn `environment: *shared` into a mapping that merges the shared one and adds its own entry."""
    shared = editor.anchors.get(node.text)
    if editor.wish.removes or shared is None or shared.kind != "mapping":
        raise CannotEdit("it is an anchor that others share")
    position = editor.service.index(editor.wish.head)
    column = editor.service.entries[position][0].column
    if editor.service.flow:
        yield [
            Splice(node.start, node.end, "{<<: *" + node.text + ", " + yaml_text.flow({name: editor.wish.value})[1:])
        ]
        return
    newline, pad = splice.newline_of(editor.text, node.end), " " * (column + editor.layout.step)
    own = f"{yaml_text.scalar(name)}: {yaml_text.scalar(editor.wish.value)}"
    end = node.start - 1 if editor.text[node.start - 1] == " " else node.start
    yield [Splice(end, node.end, f"{newline}{pad}<<: *{node.text}{newline}{pad}{own}")]
