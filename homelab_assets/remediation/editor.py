"""One service in one compose file, and the edits that all kinds of keys have in common."""

import re
import shlex
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from homelab_assets.compose.interpolation import names_in
from homelab_assets.remediation import splice, yaml_text
from homelab_assets.remediation.model_leaves import nested
from homelab_assets.remediation.splice import CannotEdit, FromVariable, Layout, Splice
from homelab_assets.remediation.wish import KEYED, LISTED, Wish
from homelab_assets.remediation.yaml_tree import Node, walk

_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$(?:\{|[A-Za-z_])")
# Keys that take numbers or truth values, so that these are written without quotes.
# SIM905: words are easier to read than a column of quoted ones.
_TYPED = frozenset(
    """
    privileged read_only init tty stdin_open oom_kill_disable oom_score_adj cpus cpu_shares cpu_quota cpu_period
    cpu_count pids_limit mem_swappiness scale replicas retries disable soft hard mode pids external enable_ipv6 internal
    nofile nproc memlock core
    """.split()  # noqa: SIM905
)


class Editor:
    """What one service's mapping looks like, and the edits that all kinds of keys need.

    Attributes:
        text, whole: the file. service: the mapping that is edited. layout: how the file indents.
        anchors: the file's anchored nodes by name.
    """

    def __init__(self, text: str, whole: Node, service: Node, wish: Wish) -> None:
        self.text, self.whole, self.wish = text, whole, wish
        self.service = service
        self.layout: Layout = splice.layout_of(text, service, whole)
        self.anchors = {node.anchor: node for node in walk(whole) if node.anchor}

    def nested(self, mapping: Node, path: list[str], wanted: Any = None) -> Iterator[list[Splice]]:
        """Write a value (default: the wish's own) below nested keys, and the keys that are not there yet."""
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
                yield splice.replace(value, nested(path[1:], wanted))
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
            # What is merged in can't be taken out, but an own empty value hides it, of the kind that the key takes.
            empties: tuple[Any, ...] = ([], {}, "", False, 0)
            for empty in empties:
                yield splice.add_entry(self.text, mapping, path[0], empty, self.layout, typed=True)
            raise CannotEdit("it comes from an anchor or a file that others share, and can't be taken out here")
        yield splice.add_entry(self.text, mapping, path[0], nested(path[1:], wanted), self.layout, typed=typed)

    def _replace(self, node: Node, flow: bool, typed: bool) -> Iterator[list[Splice]]:
        self.refuse_variable(node)
        value = self.wish.value
        if node.kind == "sequence" and isinstance(value, list) and not any(isinstance(part, Mapping) for part in value):
            yield from self.sequence(node, [str(part) for part in value])
        elif isinstance(value, list) and self.wish.head.startswith("dns") and len(value) == 1 and node.kind == "scalar":
            yield splice.replace(node, value[0], flow=flow)
        elif isinstance(value, list) and node.kind == "scalar":
            words = [_shell_word(str(part)) for part in value]
            yield from self._within(node, [str(part) for part in value])
            if self.wish.path == "healthcheck.test" and value[:1] == ["CMD-SHELL"] and len(value) == 2:
                yield from self.scalar(node, value[1], flow=flow, typed=False)
            elif all(words) and node.style not in ("|", ">"):
                yield splice.replace(node, " ".join(word for word in words if word), flow=flow)
            yield splice.replace(node, value, flow=flow)
        elif node.kind == "mapping" and isinstance(value, Mapping) and not node.anchor and not node.merges:
            yield self._members(node, value)
        elif node.kind in ("sequence", "mapping"):
            if node.anchor or not node.flow:
                one = "git has a list or mapping where one value runs"
                raise CannotEdit(
                    one if isinstance(value, str | int | float) else "git writes it in a form that is not edited"
                )
            yield [Splice(node.body, node.end, yaml_text.flow(value, typed=typed))]
        else:
            yield from self.scalar(node, value, flow=flow, typed=typed)

    def scalar(self, node: Node, value: Any, *, flow: bool, typed: bool) -> Iterator[list[Splice]]:
        """Write another value in the same style; of a block of lines only those change that differ."""
        if node.style == "|" and isinstance(value, str):
            head, _, rest = self.text[node.body : node.end].partition("\n")
            lines = yaml_text.literal_lines(value, rest[: len(rest) - len(rest.lstrip())].rpartition("\n")[2])
            if lines:
                same = re.match(r"\|-?(?=\s|$)", head)
                lines[0] = head.rstrip() if same and same[0] == lines[0] else lines[0]
                yield [Splice(node.body, node.end, splice.newline_of(self.text, node.body).join(lines))]
        yield splice.replace(node, value, flow=flow, typed=typed)

    def _within(self, node: Node, wanted: list[str]) -> Iterator[list[Splice]]:
        """Change one argument of a command that is written as one text, and leave its other words and lines alone."""
        try:
            present = shlex.split(node.text)
        except ValueError:
            return
        other = [(old, new) for old, new in zip(present, wanted, strict=False) if old != new]
        if len(present) != len(wanted) or len(other) != 1 or not other[0][0]:
            return
        (old, new), text = other[0], self.text[node.body : node.end]
        if text.count(old) == 1 and "\n" not in new:
            yield [Splice(node.body, node.end, text.replace(old, new))]
        if node.text.count(old) == 1:
            yield from self.scalar(node, node.text.replace(old, new), flow=False, typed=False)

    def _members(self, node: Node, value: Mapping[str, Any]) -> list[Splice]:
        """Change the entries of a mapping that differ; both have the same keys."""
        if {key.text for key, _ in node.entries} != set(value):
            raise CannotEdit("git writes it in a form that is not edited")
        edits: list[Splice] = []
        for key, present in node.entries:
            if present.text != str(value[key.text]):
                self.refuse_variable(present)
                edits += splice.replace(present, value[key.text], flow=node.flow, typed=was_typed(present))
        return edits

    def sequence(self, node: Node, wanted: list[str]) -> Iterator[list[Splice]]:
        """Turn one list of arguments into another; the items that stay are not touched."""
        if not wanted:
            yield [Splice(node.body, node.end, "[]")]
            return
        present, edits = [item.text for item in node.items], list[Splice]()
        for kind, start, end, first, last in SequenceMatcher(None, present, wanted, autojunk=False).get_opcodes():
            if kind == "equal":
                continue
            both = min(end - start, last - first)
            if both:
                for item in node.items[start:end]:
                    self.refuse_variable(item)
            for item, text in zip(node.items[start:end], wanted[first:last], strict=False):
                edits += splice.replace(item, text, flow=node.flow)
            if start + both < end:
                edits += splice.remove_items(self.text, node, start + both, end)
            if first + both < last:
                edits += splice.insert_items(self.text, node, start + both, wanted[first + both : last])
        yield edits

    def collection(self, key: str) -> Node | None:
        """Return the service's own collection; None where it has none and none is merged in."""
        node = self.service.get(key)
        if node is not None:
            if node.tag and node.kind != "scalar" and not node.tag.startswith("tag:yaml.org"):
                return node
            return None if node.is_null and node.kind == "scalar" and self._bare_key(key) else node
        if any(self.merged(merge, key) for merge in self.service.merges):
            raise CannotEdit(f"`{key}` comes from an anchor that others share")
        return None

    def _bare_key(self, key: str) -> bool:
        return key in KEYED or key in LISTED or key == "networks"

    def merged(self, merge: Node, key: str) -> Node | None:
        """Return a collection that a merge key brings into the service."""
        if merge.kind == "alias":
            merge = self.anchors.get(merge.text, merge)
        inner = merge.items if merge.kind == "sequence" else merge.merges
        found = merge.get(key) if merge.kind == "mapping" else None
        return found or next((node for part in inner if (node := self.merged(part, key)) is not None), None)

    def shared(self, key: str) -> Node | None:
        """Return the collection that the service has from an anchor, by an alias or a merge; None where it has an own
        one, or none."""
        node = self.service.get(key)
        if node is None:
            node = next((n for merge in self.service.merges if (n := self.merged(merge, key)) is not None), None)
        elif node.kind != "alias":
            return None
        return self.anchors.get(node.text) if node is not None and node.kind == "alias" else node

    def own_copy(self, key: str, value: Any) -> list[Splice]:
        """Give the service a collection of its own in place of the shared one, which stays as it is."""
        present = self.service.get(key)
        if present is not None:
            return [Splice(present.start, present.end, yaml_text.flow(value))]
        return (
            self.new_entry(key, value) if value else splice.add_entry(self.text, self.service, key, value, self.layout)
        )

    def new_collection(self, key: str, value: Any) -> Iterator[list[Splice]]:
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

    def without_item(self, owner: Node, key: str, node: Node, position: int) -> list[Splice]:
        """Remove a list's item; a list that would be left empty goes with its key."""
        return self.without(owner, key) if len(node.items) == 1 else splice.remove_item(self.text, node, position)

    def refuse_variable(self, node: Node, name: str = "") -> None:
        """Never write what a variable stood for.

        Raises:
            CannotEdit: the text holds a variable that the new one has not.
        """
        text = node.text.removeprefix(f"{name}=")
        if node.kind != "scalar" or not _VARIABLE.search(text) or names_in(text) <= self.wish.kept:
            return
        if re.fullmatch(r"\s*\$(?:\w+|\{[^{}]*\})\s*", text):
            raise FromVariable(
                "git takes it from a variable: its value belongs into the `.env` on the host, not into git"
            )
        raise FromVariable("git builds it with variables, whose values stay out of git: change the text by hand")


def was_typed(node: Node) -> bool:
    """Whether the value stood there without quotes as a number or truth value."""
    return node.style == "" and bool(re.fullmatch(r"-?\d+(?:\.\d+)?|true|false", node.text))


def _shell_word(text: str) -> str | None:
    if re.fullmatch(r"[\w@%+=:,./${}-]+", text):
        return text
    return None if "'" in text else f"'{text}'"
