"""From one difference to the text edits that could write it into a compose file, the best first.

A candidate is only a proposal. `proof` reads the result with the compose loader and takes the first that changes what
it should and nothing else, so the rules here may be simple: prefer the line that decides the value, else add an override
to the service itself, and never touch what others share.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from homelab_assets.remediation import short_forms, splice, yaml_text
from homelab_assets.remediation.splice import CannotEdit, Layout, Splice
from homelab_assets.remediation.yaml_tree import Node, line_of, parse, walk

KEYED = frozenset({"environment", "labels", "annotations", "sysctls", "storage_opt", "extra_hosts"})
# Lists whose items are told apart by a key: how to read the key of an item.
LISTED: Mapping[str, Callable[[Node], str | None]] = {
    "ports": short_forms.port_key,
    "volumes": short_forms.volume_key,
    "devices": short_forms.device_key,
    "tmpfs": short_forms.tmpfs_key,
    "secrets": short_forms.target_key,
    "configs": short_forms.target_key,
    "expose": short_forms.port_key,
    "links": short_forms.link_key,
    "external_links": short_forms.link_key,
    **dict.fromkeys(("cap_add", "cap_drop", "security_opt", "group_add", "device_cgroup_rules"), short_forms.member_key),
}  # fmt: skip
_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$(?:\{|[A-Za-z_])")
# Keys that take numbers or truth values, so that these are written without quotes.
_TYPED = frozenset(
    "privileged read_only init tty stdin_open oom_kill_disable oom_score_adj cpus cpu_shares cpu_quota cpu_period cpu_count "
    "pids_limit mem_swappiness scale replicas retries disable soft hard mode pids external enable_ipv6 internal nofile "
    "nproc memlock core".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a compose file shall say.

    Attributes:
        path: in the drift document's words. change: `changed`, `added` or `removed`.
        value: as it stands in the file: `$` doubled, `${NAME}` for a secret. None for `removed`.
        previous: what git says now, as a person would write it.
    """

    service: str
    path: str
    change: str
    value: Any = None
    previous: Any = None

    @property
    def head(self) -> str:
        """The first part of the path: the key of the service."""
        return self.path.partition(".")[0]

    @property
    def rest(self) -> str:
        """The path behind the key."""
        return self.path.partition(".")[2]

    @property
    def removes(self) -> bool:
        """Whether something shall go."""
        return self.change == "removed"


def candidates(text: str, wish: Wish, *, line: int | None = None) -> Iterator[list[Splice]]:
    """Yield edits of a compose file that could grant a wish.

    Args:
        line: where the value is decided, if it is in this file; it may lie in a service that this one extends.

    Raises:
        CannotEdit: none is possible; the message is the reason.
        Unreadable: the text is no YAML that can be edited.
    """
    whole = parse(text)
    services = whole.get("services") if whole is not None else None
    if whole is None or services is None or services.kind != "mapping":
        raise CannotEdit("the file declares no services")
    places = list(_places(text, services, wish.service, line))
    if not places:
        raise CannotEdit(f"the file does not declare the service {wish.service}")
    reasons: list[str] = []
    for place in places:
        editor = Editor(text, whole, place, wish)
        try:
            yield from editor.proposals()
        except CannotEdit as error:
            reasons.append(str(error))
    if reasons:
        raise CannotEdit(reasons[0])


def _places(text: str, services: Node, service: str, line: int | None) -> Iterator[Node]:
    """Yield the service's mapping, behind the one of the same file that holds the deciding line (`extends`)."""
    own = services.get(service)
    if line is not None:
        for _, value in services.entries:
            inside = line_of(text, value.start) <= line <= line_of(text, value.end)
            if inside and value is not own and value.kind == "mapping":
                yield value
    if own is not None:
        yield own


class Editor:
    """Proposes edits of one service's mapping."""

    def __init__(self, text: str, whole: Node, service: Node, wish: Wish) -> None:
        self.text, self.whole, self.wish = text, whole, wish
        self.service = service
        self.layout: Layout = splice.layout_of(text, service, whole)
        self.anchors = {node.anchor: node for node in walk(whole) if node.anchor}

    def proposals(self) -> Iterator[list[Splice]]:
        if self.service.kind != "mapping":
            raise CannotEdit("the service is an alias of something that others share")
        head = self.wish.head
        if head in KEYED and self.wish.rest:
            yield from self._keyed()
        elif head in LISTED and self.wish.rest:
            yield from self._listed()
        elif head == "networks" and self.wish.rest:
            from homelab_assets.remediation.network_fields import network_proposals

            yield from network_proposals(self)
        elif head == "network_mode" and not self.wish.removes and self.service.get("networks") is not None:
            # Compose takes one or the other.
            yield splice.remove_entry(self.text, self.service, self.service.index("networks")) + self._mode()
        else:
            yield from self.nested(self.service, self.wish.path.split("."))

    def _mode(self) -> list[Splice]:
        return splice.add_entry(self.text, self.service, "network_mode", self.wish.value, self.layout)

    # one value, or a value in nested mappings

    def nested(self, mapping: Node, path: list[str], wanted: Any = None) -> Iterator[list[Splice]]:
        """Write a value below nested keys, and the keys that are not there yet. `wanted`: unless it is the wish's own."""
        wanted = self.wish.value if wanted is None else wanted
        key, value = path[0], mapping.get(path[0])
        # `logging.options.max-size` and the like: keys may themselves hold dots.
        if value is None and len(path) > 1 and mapping.get(".".join(path)) is not None:
            path, key = [".".join(path)], ".".join(path)
            value = mapping.get(key)
        typed = path[-1] in _TYPED or (len(path) > 1 and path[0] == "ulimits")
        if value is None:
            yield from self._absent(mapping, path, typed, wanted)
        elif len(path) > 1:
            value = self._own_mapping(value)
            if value is None:
                return
            if value.is_null:
                yield splice.replace(value, _nest(path[1:], wanted))
            else:
                yield from self.nested(value, path[1:], wanted)
        elif self.wish.removes:
            yield self.without(mapping, key)
        else:
            yield from self._replace(value, mapping.flow, typed)

    def _absent(self, mapping: Node, path: list[str], typed: bool, wanted: Any) -> Iterator[list[Splice]]:
        if self.wish.removes:
            if not mapping.merges and mapping is self.service and not self.service.get("extends"):
                raise CannotEdit("git does not say it here")
            # What is merged in can't be taken out, but an own empty value hides it.
            yield splice.add_entry(self.text, mapping, path[0], None, self.layout)
            raise CannotEdit("it comes from an anchor or a file that others share, and can't be taken out here")
        yield splice.add_entry(self.text, mapping, path[0], _nest(path[1:], wanted), self.layout, typed=typed)

    def _replace(self, node: Node, flow: bool, typed: bool) -> Iterator[list[Splice]]:
        self.refuse_variable(node)
        value = self.wish.value
        if node.kind == "sequence" and isinstance(value, list):
            yield from self.sequence(node, [str(part) for part in value])
        elif isinstance(value, list) and self.wish.head.startswith("dns") and len(value) == 1 and node.kind == "scalar":
            yield splice.replace(node, value[0], flow=flow)
        elif isinstance(value, list) and node.kind == "scalar" and node.style in ("", '"', "'"):
            words = [_shell_word(str(part)) for part in value]
            if self.wish.path == "healthcheck.test" and value[:1] == ["CMD-SHELL"] and len(value) == 2:
                yield splice.replace(node, value[1], flow=flow)
            elif all(words):
                yield splice.replace(node, " ".join(word for word in words if word), flow=flow)
            yield splice.replace(node, value, flow=flow)
        elif node.kind in ("sequence", "mapping"):
            if node.anchor or not node.flow:
                raise CannotEdit("git has a list or mapping where one value runs")
            yield [Splice(node.body, node.end, yaml_text.flow(value, typed=typed))]
        else:
            yield splice.replace(node, value, flow=flow, typed=typed)

    def sequence(self, node: Node, wanted: list[str]) -> Iterator[list[Splice]]:
        """Turn one list of arguments into another, keeping the items that stay."""
        present = [item.text for item in node.items]
        if len(present) == len(wanted) and all(item.kind == "scalar" for item in node.items):
            yield [
                part
                for item, text in zip(node.items, wanted, strict=True)
                if item.text != text
                for part in splice.replace(item, text, flow=node.flow)
            ]
            return
        head = next(
            (i for i, (a, b) in enumerate(zip(present, wanted, strict=False)) if a != b), min(len(present), len(wanted))
        )
        if head == len(present) and present:
            last = present and splice.add_item(self.text, node, wanted[head])
            if len(wanted) == head + 1 and last:
                yield last
                return
        if len(wanted) < len(present):
            gone = _positions_missing(present, wanted)
            if gone is not None and wanted:
                yield [part for position in gone for part in splice.remove_item(self.text, node, position)]
                return
        if node.flow:
            yield [Splice(node.body, node.end, yaml_text.flow(wanted))]
            return
        lines = yaml_text.block(wanted, indent=node.items[0].column - 2, dash=0)
        yield [Splice(node.body, node.end, splice.newline_of(self.text, node.body).join(lines).lstrip())]

    # environment, labels and their kin: a mapping, or a list of assignments

    def _keyed(self) -> Iterator[list[Splice]]:
        head, name, value = self.wish.head, self.wish.rest, self.wish.value
        merged = next((n for merge in self.service.merges if (n := self._merged(merge, head)) is not None), None)
        if self.service.get(head) is None and merged is not None and merged.kind in ("mapping", "alias"):
            yield from self._beside_merged(merged, {name: value})
            return
        node = self.collection(head)
        if node is None:
            yield from self._new_collection(head, {name: value})
        elif node.kind == "alias":
            yield from self._extend_alias(node, name)
        elif node.kind == "sequence":
            yield from self._assignment(node)
        elif name in {key.text for key, _ in node.entries}:
            if self.wish.removes:
                yield self.without(node, name)
            else:
                own = node.get(name)
                assert own is not None
                self.refuse_variable(own)
                yield splice.replace(own, value, flow=node.flow, typed=_was_typed(own))
        elif self.wish.removes:
            raise CannotEdit("it comes from an anchor or a file that others share, and can't be taken out here")
        elif not node.entries:
            yield [Splice(node.body, node.end, yaml_text.flow({name: value}))]
        else:
            yield splice.add_entry(self.text, node, name, value, self.layout)

    def _assignment(self, node: Node) -> Iterator[list[Splice]]:
        head, name, value = self.wish.head, self.wish.rest, self.wish.value
        sign = "=" if head != "extra_hosts" or not any(":" in i.text and "=" not in i.text for i in node.items) else ":"
        found = [
            position
            for position, item in enumerate(node.items)
            if item.kind == "scalar"
            and re.split("[=:]" if head == "extra_hosts" else "=", item.text, maxsplit=1)[0].strip() == name
        ]
        assignment = f"{name}{sign}{value}" if value is not None else name
        if not found and self.wish.removes:
            raise CannotEdit("git does not say it here")
        if not found:
            yield (
                splice.add_item(self.text, node, assignment)
                if node.items
                else [Splice(node.body, node.end, yaml_text.flow([assignment]))]
            )
        elif self.wish.removes:
            yield self.without_item(self.service, head, node, found[-1])
        else:
            self.refuse_variable(node.items[found[-1]], name)
            yield splice.replace(node.items[found[-1]], assignment, flow=node.flow)

    def _beside_merged(self, merged: Node, own: dict[str, Any]) -> Iterator[list[Splice]]:
        """Add an own collection that merges the shared one, which the own key would otherwise hide."""
        anchor = merged.text if merged.kind == "alias" else merged.anchor
        if self.wish.removes or anchor is None or self.service.flow:
            raise CannotEdit(f"`{self.wish.head}` comes from an anchor that others share")
        column = self.service.entries[0][0].column
        lines = yaml_text.block(own, indent=column, step=self.layout.step)
        merge = " " * (column + self.layout.step) + f"<<: *{anchor}"
        yield [
            splice.insert_lines(
                self.text, self.service.end, column, [" " * column + f"{self.wish.head}:", merge, *lines]
            )
        ]

    def _extend_alias(self, node: Node, name: str) -> Iterator[list[Splice]]:
        """Turn `environment: *shared` into a mapping that merges the shared one and adds its own entry."""
        shared = self.anchors.get(node.text)
        if self.wish.removes or shared is None or shared.kind != "mapping":
            raise CannotEdit("it is an anchor that others share")
        position = self.service.index(self.wish.head)
        column = self.service.entries[position][0].column
        if self.service.flow:
            yield [
                Splice(node.start, node.end, "{<<: *" + node.text + ", " + yaml_text.flow({name: self.wish.value})[1:])
            ]
            return
        newline, pad = splice.newline_of(self.text, node.end), " " * (column + self.layout.step)
        own = f"{yaml_text.scalar(name)}: {yaml_text.scalar(self.wish.value)}"
        end = node.start - 1 if self.text[node.start - 1] == " " else node.start
        yield [Splice(end, node.end, f"{newline}{pad}<<: *{node.text}{newline}{pad}{own}")]

    # ports, mounts, devices and plain lists

    def _listed(self) -> Iterator[list[Splice]]:
        head = self.wish.head
        node = self.collection(head)
        values = self._item_values()
        if node is None:
            yield from self._new_collection(head, values)
            return
        if node.kind == "alias":
            raise CannotEdit("it is an anchor that others share")
        if node.kind == "scalar":
            yield from self._single(node, values)
            return
        if node.kind == "mapping":
            raise CannotEdit("git writes it in a form that is not edited")
        key_of = LISTED[head]
        wanted = short_forms.member(self.wish.rest) if key_of is short_forms.member_key else self.wish.rest
        found = [position for position, item in enumerate(node.items) if key_of(item) == wanted]
        yield from self._items(node, found, values)

    def _items(self, node: Node, found: list[int], values: list[Any]) -> Iterator[list[Splice]]:
        if self.wish.removes:
            if not found:
                raise CannotEdit("git declares it as part of a range, or somewhere else")
            yield self._without_items(node, found)
        elif not found:
            if not node.items:
                yield [Splice(node.body, node.end, yaml_text.flow(values))]
                return
            if self.wish.change == "changed":
                raise CannotEdit("git declares it as part of a range, or through a variable")
            yield [part for value in values[:1] for part in self._new_item(node, value)]
        elif len(found) == len(values) == 1:
            yield from self._change_item(node, node.items[found[0]], values[0])
        else:
            yield from self._exchange(node, found, values)

    def _exchange(self, node: Node, found: list[int], values: list[Any]) -> Iterator[list[Splice]]:
        """Several bindings of one port: keep those that stay, take the others out, add the new ones."""
        texts = {node.items[position].text: position for position in found}
        stale = [position for text, position in texts.items() if text not in values]
        fresh = [value for value in values if value not in texts]
        both = list(zip(stale, fresh, strict=False))
        edits = [
            part for position, value in both for part in splice.replace(node.items[position], value, flow=node.flow)
        ]
        edits += [part for position in stale[len(both) :] for part in splice.remove_item(self.text, node, position)]
        if len(fresh) - len(both) > 1:
            raise CannotEdit("several bindings were added at once")
        edits += [part for value in fresh[len(both) :] for part in splice.add_item(self.text, node, value)]
        yield edits

    def _change_item(self, node: Node, item: Node, value: Any) -> Iterator[list[Splice]]:
        self.refuse_variable(item)
        if item.kind == "scalar" and isinstance(value, str):
            yield splice.replace(item, value, flow=node.flow)
            if node.flow:
                return
        elif item.kind == "scalar":
            yield [Splice(item.body, item.end, yaml_text.flow(value))]
        elif item.kind == "mapping":
            yield self._long_form(item, value)
        else:
            raise CannotEdit("it is an anchor that others share")

    def _long_form(self, item: Node, value: Any) -> list[Splice]:
        if isinstance(value, str):
            wanted = short_forms.long_port(value) if self.wish.head == "ports" else short_forms.long_volume(value)
        else:
            wanted = dict(value)
        own, edits = short_forms.fields(item), list[Splice]()
        for key, new in wanted.items():
            node = item.get(key)
            if node is None:
                if new not in (False, None, ""):
                    edits += splice.add_entry(self.text, item, key, new, self.layout, typed=True)
            elif own.get(key) != str(new) and str(new).lower() != str(own.get(key)).lower():
                self.refuse_variable(node)
                edits += splice.replace(node, new, flow=item.flow, typed=_was_typed(node))
        return edits

    def _new_item(self, node: Node, value: Any) -> list[Splice]:
        # Ports are always quoted: `22:22` is a number of seconds to other YAML readers.
        styles = {item.style for item in node.items if item.kind == "scalar"}
        style = '"' if self.wish.head == "ports" and not styles & {"'", '"'} and not node.items else None
        return splice.add_item(self.text, node, value, style=style)

    def _single(self, node: Node, values: list[Any]) -> Iterator[list[Splice]]:
        """A list of one that is written without brackets: `dns: 1.1.1.1`."""
        self.refuse_variable(node)
        if self.wish.removes:
            yield self.without(self.service, self.wish.head)
        elif self.wish.change == "changed":
            yield splice.replace(node, values[0], flow=self.service.flow)
        elif node.is_null:
            yield [Splice(node.body, node.end, " " + yaml_text.flow(values))]
        else:
            yield [Splice(node.body, node.end, yaml_text.flow([node.text, *values]))]

    def _item_values(self) -> list[Any]:
        value = self.wish.value
        if self.wish.removes:
            return []
        if value is None or isinstance(value, bool):
            return [self.wish.rest]
        return list(value) if isinstance(value, list | tuple) else [value]

    # shared helpers

    def collection(self, key: str) -> Node | None:
        """Return the service's own collection; None where it has none and none is merged in."""
        node = self.service.get(key)
        if node is not None:
            if node.tag and node.kind != "scalar" and not node.tag.startswith("tag:yaml.org"):
                return node
            return None if node.is_null and node.kind == "scalar" and self._bare_key(key) else node
        if any(self._merged(merge, key) for merge in self.service.merges):
            raise CannotEdit(f"`{key}` comes from an anchor that others share")
        return None

    def _bare_key(self, key: str) -> bool:
        return key in KEYED or key in LISTED or key == "networks"

    def _merged(self, merge: Node, key: str) -> Node | None:
        """Return a collection that a merge key brings into the service."""
        if merge.kind == "alias":
            merge = self.anchors.get(merge.text, merge)
        inner = merge.items if merge.kind == "sequence" else merge.merges
        found = merge.get(key) if merge.kind == "mapping" else None
        return found or next((node for part in inner if (node := self._merged(part, key)) is not None), None)

    def _new_collection(self, key: str, value: Any) -> Iterator[list[Splice]]:
        if self.wish.removes:
            raise CannotEdit("git does not say it here")
        present = self.service.get(key)
        if present is None:
            yield self.new_entry(key, value)
            return
        column = self.service.entries[self.service.index(key)][0].column
        lines = yaml_text.block(value, indent=column, step=self.layout.step, dash=self.layout.dash)
        if present.text or self.service.flow:
            yield [Splice(present.start, present.end, yaml_text.flow(value))]
        else:
            yield [splice.insert_lines(self.text, present.end, column, lines)]

    def new_entry(self, key: str, value: Any) -> list[Splice]:
        """Add a key to the service; the file's other services say in which style."""
        if isinstance(value, dict) and key in KEYED and self._others_use_lists(key):
            value = [f"{name}={item}" for name, item in value.items()]
        if key == "ports" and isinstance(value, list) and not self.service.flow:
            column = self.service.entries[0][0].column
            pad = " " * (column + self.layout.dash)
            lines = [" " * column + "ports:", *(f"{pad}- {yaml_text.double(str(item))}" for item in value)]
            return [splice.insert_lines(self.text, self.service.end, column, lines)]
        return splice.add_entry(self.text, self.service, key, value, self.layout)

    def _others_use_lists(self, key: str) -> bool:
        services = self.whole.get("services")
        kinds = [n.kind for _, s in (services.entries if services else ()) if s.kind == "mapping" and (n := s.get(key))]
        return kinds.count("sequence") > kinds.count("mapping")

    def _own_mapping(self, value: Node) -> Node | None:
        if value.kind == "alias":
            raise CannotEdit("it is an anchor that others share")
        if value.kind == "scalar" and not value.is_null:
            self.refuse_variable(value)
            raise CannotEdit("git writes it in a form that is not edited")
        if value.kind == "sequence":
            raise CannotEdit("git writes it in a form that is not edited")
        return value

    def without(self, mapping: Node, key: str) -> list[Splice]:
        """Remove an entry; a collection that would be left empty goes with it."""
        if len(mapping.entries) > 1 or mapping is self.service:
            return splice.remove_entry(self.text, mapping, mapping.index(key))
        for owner in walk(self.service):
            for position, (_, value) in enumerate(owner.entries):
                if value is mapping:
                    return self.without(owner, owner.entries[position][0].text)
        raise CannotEdit("nothing would be left of the service")

    def _without_items(self, node: Node, positions: list[int]) -> list[Splice]:
        if len(positions) == len(node.items):
            return self.without(self.service, self.wish.head)
        return [part for position in positions for part in splice.remove_item(self.text, node, position)]

    def without_item(self, owner: Node, key: str, node: Node, position: int) -> list[Splice]:
        """Remove a list's item; a list that would be left empty goes with its key."""
        return self.without(owner, key) if len(node.items) == 1 else splice.remove_item(self.text, node, position)

    def refuse_variable(self, node: Node, name: str = "") -> None:
        """Never write what a variable stood for.

        Raises:
            CannotEdit: the text holds a variable.
        """
        if node.kind == "scalar" and _VARIABLE.search(node.text.removeprefix(f"{name}=")):
            raise CannotEdit(
                "git takes it from a variable: its value belongs into the `.env` on the host, not into git"
            )


def _nest(path: list[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _was_typed(node: Node) -> bool:
    """Whether the value stood there without quotes as a number or truth value."""
    return node.style == "" and bool(re.fullmatch(r"-?\d+(?:\.\d+)?|true|false", node.text))


def _shell_word(text: str) -> str | None:
    if re.fullmatch(r"[\w@%+=:,./${}-]+", text):
        return text
    return None if "'" in text else f"'{text}'"


def _positions_missing(present: list[str], wanted: list[str]) -> list[int] | None:
    """Positions whose removal turns one list into the other; None where removal alone does not."""
    gone, rest = [], iter([*wanted, None])
    expected = next(rest)
    for position, text in enumerate(present):
        if text == expected:
            expected = next(rest)
        else:
            gone.append(position)
    return gone if expected is None else None
