"""Edits of a service's `networks`, which may be a list or a mapping, and need a declaration at the top of the file."""

from collections.abc import Iterator
from typing import Any

from homelab_assets.remediation import splice, yaml_text
from homelab_assets.remediation.editor import Editor
from homelab_assets.remediation.model_leaves import nested
from homelab_assets.remediation.splice import CannotEdit, Splice
from homelab_assets.remediation.yaml_tree import Node


def network_proposals(editor: Editor) -> Iterator[list[Splice]]:
    """Yield edits that attach a service to a network, detach it, or change how it is attached."""
    wish = editor.wish
    name, detail = _network_of(editor)
    if detail:
        yield from _attachment(editor, name, detail)
        return
    shared = editor.shared("networks")
    if shared is not None:
        yield _own_copy(editor, shared, name)
        return
    node = editor.collection("networks")
    if wish.removes:
        yield from _detach(editor, node, name)
        return
    extra = wish.value if isinstance(wish.value, dict) and wish.value else None
    declaration = splice.declare(editor.text, editor.whole, "networks", name, wish.declared)
    if node is None:
        # Without `networks` the service is on `default`; naming one network would take that away.
        both: Any = ["default", name] if extra is None else {"default": None, name: extra}
        yield editor.new_entry("networks", both) + declaration
        yield editor.new_entry("networks", [name] if extra is None else {name: extra}) + declaration
    elif node.kind in ("sequence", "mapping") and not node.items and not node.entries:
        # Empty brackets are no networks of its own either.
        yield [Splice(node.body, node.end, yaml_text.flow({"default": None, name: extra})), *declaration]
        yield [Splice(node.body, node.end, yaml_text.flow({name: extra})), *declaration]
    elif node.kind == "sequence" and extra is None:
        yield splice.add_item(editor.text, node, name) + declaration
    elif node.kind == "sequence":
        yield _as_mapping(editor, node, {name: extra}) + declaration
    elif node.kind == "mapping":
        yield splice.add_entry(editor.text, node, name, extra, editor.layout) + declaration
    else:
        raise CannotEdit("it is an anchor that others share")


def _own_copy(editor: Editor, shared: Node, name: str) -> list[Splice]:
    """Write the networks that others share once more for this service alone, with the change."""
    names = [item.text for item in shared.items]
    plain = shared.kind == "sequence" and all(item.kind == "scalar" for item in shared.items)
    extra = isinstance(editor.wish.value, dict) and editor.wish.value
    if not plain or extra or (name in names) is not editor.wish.removes:
        raise CannotEdit("it comes from an anchor that others share")
    left = [one for one in names if one != name] + ([] if editor.wish.removes else [name])
    declared = splice.declare(editor.text, editor.whole, "networks", name, editor.wish.declared)
    return editor.own_copy("networks", left) + ([] if editor.wish.removes else declared)


def _network_of(editor: Editor) -> tuple[str, str]:
    """Split `networks.<name>[.<detail>]`; names of networks may hold dots."""
    rest = editor.wish.rest
    node = editor.service.get("networks")
    names = [key.text for key, _ in node.entries] + [item.text for item in node.items] if node is not None else []
    known = next(
        (name for name in sorted(names, key=len, reverse=True) if rest == name or rest.startswith(f"{name}.")), None
    )
    if known is not None:
        return known, rest[len(known) + 1 :]
    name, _, detail = rest.partition(".")
    return (name, detail) if detail.partition(".")[0] in _DETAILS else (rest, "")


_DETAILS = frozenset(
    {"aliases", "ipv4_address", "ipv6_address", "link_local_ips", "mac_address", "driver_opts", "priority"}
)


def _detach(editor: Editor, node: Node | None, name: str) -> Iterator[list[Splice]]:
    if node is None or node.kind not in ("sequence", "mapping"):
        raise CannotEdit("git does not say it here, so it is Compose's default")
    if node.kind == "sequence":
        names = [item.text for item in node.items]
        if name not in names:
            raise CannotEdit("git does not say it here")
        yield editor.without_item(editor.service, "networks", node, names.index(name))
    elif node.get(name) is None:
        raise CannotEdit("git does not say it here")
    else:
        yield editor.without(node, name)
    if len(node.items) + len(node.entries) == 1:
        raise CannotEdit("git names no other network, and without any Compose attaches the service to `default`")


def _attachment(editor: Editor, name: str, detail: str) -> Iterator[list[Splice]]:
    node = editor.collection("networks")
    path = detail.split(".")
    if path[0] == "aliases" and len(path) > 1:
        path = ["aliases", detail.removeprefix("aliases.")]
    if node is None or node.kind == "sequence":
        if editor.wish.removes:
            raise CannotEdit("git does not say it here")
        value: Any = editor.wish.value
        if path[0] == "aliases":
            value = list(value) if isinstance(value, list) else [path[-1] if len(path) > 1 else value]
            path = path[:1]
        own = {name: nested(path, value)}
        yield _as_mapping(editor, node, own) if node is not None else editor.new_entry("networks", own)
        return
    if node.kind != "mapping":
        raise CannotEdit("it is an anchor that others share")
    attachment = node.get(name)
    if path[0] == "aliases":
        yield from _aliases(editor, node, name, path)
    elif editor.wish.removes and attachment is not None and attachment.get(detail) is not None:
        # The attachment itself stays, also when nothing is left to say about it.
        yield splice.remove_entry(editor.text, attachment, attachment.index(detail))
    else:
        yield from editor.nested(node, [name, *path])


def _aliases(editor: Editor, node: Node, name: str, path: list[str]) -> Iterator[list[Splice]]:
    attachment = node.get(name)
    aliases = attachment.get("aliases") if attachment is not None else None
    value = editor.wish.value
    wanted = [str(part) for part in value] if isinstance(value, list) else [path[1] if len(path) > 1 else str(value)]
    removes = editor.wish.removes or not wanted
    if attachment is None or aliases is None or aliases.kind != "sequence":
        if removes:
            raise CannotEdit("git does not say it here")
        yield from editor.nested(node, [name, "aliases"], wanted)
    elif len(path) > 1 and not removes:
        yield splice.add_item(editor.text, aliases, path[1])
    elif len(path) > 1 and len(aliases.items) > 1:
        yield splice.remove_item(editor.text, aliases, [item.text for item in aliases.items].index(path[1]))
    elif removes:
        # The attachment itself stays, also when nothing is left to say about it.
        yield splice.remove_entry(editor.text, attachment, attachment.index("aliases"))
    else:
        yield from editor.sequence(aliases, wanted)


def _as_mapping(editor: Editor, node: Node, added: dict[str, Any]) -> list[Splice]:
    """Write a list of networks as a mapping, since only that can hold addresses and aliases."""
    names = {item.text: None for item in node.items}
    value = {**names, **added}
    if node.flow:
        return [Splice(node.body, node.end, yaml_text.flow(value))]
    # Line by line: comments stay where they are.
    outer = editor.service.entries[editor.service.index("networks")][0].column
    step, dash = editor.layout.step, editor.layout.dash
    column = max(splice.dash_column(editor.text, node), outer + step)
    edits = list[Splice]()
    for item in node.items:
        start = editor.text.rfind("\n", 0, item.start) + 1
        edits += [Splice(start, item.start, " " * column), Splice(item.end, item.end, ":")]
        if own := value.pop(item.text):
            lines = yaml_text.block(own, indent=column, step=step, dash=dash)
            edits.append(splice.insert_lines(editor.text, item.end, column, lines))
    lines = yaml_text.block(value, indent=column - step, step=step, dash=dash)
    return edits + ([splice.insert_lines(editor.text, node.end, column, lines)] if value else [])
