"""Prove that an edit does what it should and nothing else, by reading the files as Compose does.

The loader gives the canonical model (the shape of `docker compose config --format json`, variables kept). Two models
are compared leaf by leaf; what differs must be what was wished for, and must have the value that was wished for.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, FileTree
from homelab_assets.remediation import yaml_text
from homelab_assets.remediation.short_forms import clean, member, named_volume
from homelab_assets.remediation.wish import KEYED, LISTED, Wish

Model = Mapping[str, Any]
Loader = Callable[[Baseline], Model]
"""Loads a baseline into its canonical model: services, networks, volumes by name; `${…}` stays as text."""

Leaf = tuple[str, ...]


class Overlay:
    """A tree with some files replaced (None: removed), which remembers what was read from it."""

    def __init__(self, tree: FileTree, changes: Mapping[str, bytes | None]) -> None:
        self._tree = tree
        self.changes = dict(changes)
        self.touched: set[str] = set()

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, the changed ones where it was changed."""
        self.touched.add(path)
        return self.changes[path] if path in self.changes else self._tree.read(path)

    def list(self, directory: str = "") -> Sequence[str]:
        """Return the names below a folder, new files among them."""
        prefix = f"{directory}/" if directory else ""
        own = {
            path[len(prefix) :] for path, data in self.changes.items() if path.startswith(prefix) and data is not None
        }
        gone = {path[len(prefix) :] for path, data in self.changes.items() if path.startswith(prefix) and data is None}
        added = {name.partition("/")[0] + ("/" if "/" in name else "") for name in own}
        return sorted((set(self._tree.list(directory)) - gone) | added)


class Prover:
    """Knows the models of a repository's stacks before the edit, and judges trees after it.

    Args:
        load: the compose loader. baselines: all stacks of the repository, since files may be shared among them.
        changes: what was edited before in the same plan.
    """

    def __init__(
        self, load: Loader, baselines: Sequence[Baseline], changes: Mapping[str, bytes | None] | None = None
    ) -> None:
        self._load, self.baselines = load, tuple(baselines)
        self.changes: dict[str, bytes | None] = dict(changes or {})
        self._models: dict[int, Model | UserError] = {}
        self._reads: dict[int, frozenset[str]] = {}

    def model(self, baseline: Baseline) -> Model:
        """Return a baseline's model as it is before the next edit.

        Raises:
            UserError: it can't be loaded.
        """
        number = self._number(baseline)
        if number not in self._models:
            self._models[number], self._reads[number] = self._attempt(baseline, self.changes)
        found = self._models[number]
        if isinstance(found, UserError):
            raise found
        return found

    def _number(self, baseline: Baseline) -> int:
        return next(number for number, known in enumerate(self.baselines) if known is baseline)

    def _attempt(
        self, baseline: Baseline, changes: Mapping[str, bytes | None]
    ) -> tuple[Model | UserError, frozenset[str]]:
        tree = Overlay(baseline.tree, changes)
        try:
            return self._load(replace(baseline, tree=tree)), frozenset(tree.touched)
        except UserError as error:
            return error, frozenset(tree.touched)

    def granted(self, wish: Wish, baseline: Baseline) -> bool:
        """Say whether git says so already.

        Raises:
            UserError: the baseline can't be loaded.
        """
        found = leaves_of(self.model(baseline), wish)
        if wish.removes or not found:
            return False
        intended = self._intended(wish, baseline)
        return intended is not None and _visible(found, wish.head) == _visible(intended, wish.head)

    def objection(
        self,
        wish: Wish,
        baseline: Baseline,
        edited: Mapping[str, bytes | None],
        *,
        files: Sequence[str] | None = None,
        also: Sequence[Baseline] = (),
    ) -> str | None:
        """Say what is wrong with an edit; None where it does exactly what was wished for.

        Args:
            baseline: the stack that the wish is about. edited: new content by path.
            files: its compose files, where the edit adds one. also: other baselines that shall change likewise.
        """
        changes = {**self.changes, **edited}
        for other in self.baselines:
            if other is not baseline and (reason := self._others(wish, other, edited, changes, other in also)):
                return reason
        before = self.model(baseline)
        after, _ = self._attempt(replace(baseline, files=files) if files else baseline, changes)
        if isinstance(after, UserError):
            return f"the edited file would not load: {after.what}"
        return self._judge(wish, baseline, before, after)

    def _others(
        self,
        wish: Wish,
        other: Baseline,
        edited: Mapping[str, Any],
        changes: Mapping[str, bytes | None],
        likewise: bool,
    ) -> str | None:
        try:
            before = self.model(other)
        except UserError:
            before = None
        if not self._reads[self._number(other)].intersection(edited):
            return None
        after, _ = self._attempt(other, changes)
        place = f"{other.stack} on {other.endpoint}" if other.endpoint else other.stack
        if before is None or isinstance(after, UserError):
            return (
                f"the file also belongs to {place}, which can't be loaded"
                if before is not None or isinstance(after, UserError)
                else None
            )
        stray = [leaf for leaf in differing(before, after) if not (likewise and allowed(leaf, wish))]
        return f"the same line also belongs to {place}" if stray else None

    def _judge(self, wish: Wish, baseline: Baseline, before: Model, after: Model) -> str | None:
        changed = differing(before, after)
        stray = [leaf for leaf in changed if not allowed(leaf, wish)]
        if stray:
            return f"the edit would also change {describe(stray[0])}"
        if not any(leaf[:2] == ("services", wish.service) for leaf in changed):
            return "the edit would change nothing"
        found = leaves_of(after, wish)
        if wish.removes:
            empty = all(value in (None, "", "null") for value in found.values())
            return None if empty else "it would still be declared elsewhere"
        intended = self._intended(wish, baseline)
        if intended is None:
            return None
        same = _visible(found, wish.head) == _visible(intended, wish.head)
        return None if same else "Compose would read the edited value differently"

    def _intended(self, wish: Wish, baseline: Baseline) -> Mapping[Leaf, Any] | None:
        """Read the wished value with the same loader from a file of its own: the edited file must come to the same."""
        names = self.model(baseline).get("services") or {}
        document: dict[str, Any] = {
            "services": {**{name: {"image": "x"} for name in names}, wish.service: {"image": "x", **service_part(wish)}}
        }
        model = self.model(baseline)
        for section in ("networks", "volumes", "secrets", "configs"):
            known = {name: {"external": True} for name in model.get(section) or {} if name != "default"}
            document[section] = known
        name = wish.rest.partition(".")[0] if wish.head == "networks" else None
        volume = named_volume(wish.value) if wish.head == "volumes" else None
        for section, own in (("networks", name), ("volumes", volume)):
            if own and own != "default":
                document[section] = {**document[section], own: {"external": True}}
        path = f"{baseline.directory}/compose.wish.yaml".lstrip("/")
        data = yaml_text.document({key: value for key, value in document.items() if value}).encode()
        after, _ = self._attempt(replace(baseline, files=(path,)), {**self.changes, path: data})
        return None if isinstance(after, UserError) else leaves_of(after, wish)

    def restart(self) -> None:
        """Forget all edits."""
        self.changes.clear()
        self._models.clear()
        self._reads.clear()

    def accept(self, edited: Mapping[str, bytes | None]) -> None:
        """Make an edit the ground for the next one."""
        self.changes.update(edited)
        self._models.clear()
        self._reads.clear()


def service_part(wish: Wish) -> dict[str, Any]:
    """Return the part of a service's mapping that says what is wished for."""
    head, rest, value = wish.head, wish.rest, wish.value
    if head in KEYED and rest:
        return {head: {rest: value}}
    if head in LISTED and rest:
        values = [rest] if value is None or isinstance(value, bool) else value
        return {head: list(values) if isinstance(values, list | tuple) else [values]}
    if head == "networks" and rest:
        name, _, detail = rest.partition(".")
        if not detail:
            return {head: {rest: value if isinstance(value, dict) else None}}
        return {head: {name: _nested(detail.split("."), value)}}
    result: dict[str, Any] = _nested(wish.path.split(".") if head != "logging" else wish.path.split(".", 2), value)
    return result


def _nested(path: Sequence[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def differing(before: Model, after: Model) -> list[Leaf]:
    """Return the leaves in which two models differ, sorted."""
    one, other = dict(flatten(before)), dict(flatten(after))
    missing = object()
    return sorted(leaf for leaf in one.keys() | other.keys() if one.get(leaf, missing) != other.get(leaf, missing))


def leaves_of(model: Model, wish: Wish) -> Mapping[Leaf, Any]:
    """Return the leaves of a service that a wish is about."""
    return {
        leaf: value
        for leaf, value in flatten(model)
        if leaf[:2] == ("services", wish.service) and covers(wish.path, leaf[2:])
    }


def allowed(leaf: Leaf, wish: Wish) -> bool:
    """Say whether a wish may change this leaf."""
    if leaf[:2] == ("services", wish.service):
        implied = {"network_mode": ("networks", "depends_on"), "links": ("depends_on",)}.get(wish.head, ())
        return covers(wish.path, leaf[2:]) or leaf[2] in implied
    if leaf[0] == "networks" and wish.head == "network_mode":
        # A network that nothing uses any more is left out of the model.
        return True
    if leaf[0] == "networks" and wish.head == "networks":
        return leaf[1] == wish.rest.partition(".")[0] or leaf[1] in (wish.rest, "default")
    return (
        leaf[0] == "volumes"
        and wish.head == "volumes"
        and leaf[1] in (named_volume(wish.value), named_volume(wish.previous))
    )


def covers(path: str, leaf: Sequence[str]) -> bool:
    """Say whether a path of the drift document is, or stands above, a leaf of the model."""
    text = ".".join(leaf)
    return text == path or text.startswith(f"{path}.")


def flatten(node: Any, place: Leaf = ()) -> Iterator[tuple[Leaf, Any]]:
    """Yield every leaf of a model with its place. Items of lists are named by what tells them apart."""
    if len(place) == 4 and place[0] == "services" and place[2] == "networks":
        # Attached is attached, with options or without.
        yield place, "attached"
        node = node or ()
        if not node:
            return
    if isinstance(node, Mapping):
        if not node and len(place) > 1:
            yield place, None
        for key, value in node.items():
            yield from flatten(value, (*place, str(key)))
        return
    head = place[2] if len(place) == 3 and place[0] == "services" else ""
    if isinstance(node, list | tuple) and head in KEYED:
        for item in node:
            name, _, value = str(item).partition("=")
            yield (*place, name), value
    elif isinstance(node, list | tuple) and head in LISTED:
        for name, values in _grouped(head, node).items():
            yield (*place, name), json.dumps(sorted(values, key=str), sort_keys=True, default=str)
    elif isinstance(node, list | tuple):
        yield place, json.dumps(node, sort_keys=True, default=str)
    else:
        yield place, node


def _grouped(head: str, items: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(_name_of(head, item), []).append(item)
    return groups


def _name_of(head: str, item: Any) -> str:
    if isinstance(item, Mapping):
        if head == "ports":
            return f"{item.get('target')}/{item.get('protocol') or 'tcp'}"
        return clean(str(item.get("target") or item.get("source")))
    text = str(item)
    if head in ("links", "external_links"):
        return text.rpartition(":")[2]
    if head == "expose":
        return text if "/" in text else f"{text}/tcp"
    return clean(text.partition(":")[0]) if head in ("tmpfs", "volumes", "devices") else member(text)


# What an inspect document shows of a port or mount. The rest is git's alone, and stays as it is written.
_SHOWN = {
    "ports": ("target", "published", "host_ip", "protocol"),
    "volumes": ("type", "source", "target", "read_only", "tmpfs", "volume"),
}


def _visible(leaves: Mapping[Leaf, Any], head: str) -> dict[Leaf, Any]:
    if head not in _SHOWN:
        return dict(leaves)
    return {
        leaf: [{key: item.get(key) or None for key in _SHOWN[head]} for item in json.loads(text)]
        for leaf, text in leaves.items()
    }


def describe(leaf: Leaf) -> str:
    """Return a leaf in words."""
    if leaf[0] == "services" and len(leaf) > 2:
        return f"`{'.'.join(leaf[2:])}` of {leaf[1]}"
    return f"`{'.'.join(leaf)}`"
