"""Prove that an edit does what it should and nothing else, by reading the files as Compose does.

The loader gives the canonical model (the shape of `docker compose config --format json`, variables kept). Two models
are compared leaf by leaf; what differs must be what was wished for, and must have the value that was wished for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, FileTree
from homelab_assets.remediation import yaml_text
from homelab_assets.remediation.model_leaves import (
    Leaf,
    Model,
    allowed,
    describe,
    differing,
    leaves_of,
    service_part,
    visible,
)
from homelab_assets.remediation.short_forms import named_volume
from homelab_assets.remediation.wish import Wish

Loader = Callable[[Baseline], Model]
"""Loads a baseline into its canonical model: services, networks, volumes by name; `${…}` stays as text."""

# What a key of any kind holds where it says no more than its absence does; a second comparison has the last word.
_NOTHING = (None, "", "null", "[]", "{}", "0", False)


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

    def reads(self, baseline: Baseline) -> frozenset[str]:
        """Return the files that a baseline's model comes from.

        Raises:
            UserError: it can't be loaded.
        """
        self.model(baseline)
        return self._reads[self._number(baseline)]

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
        return intended is not None and visible(found, wish.head) == visible(intended, wish.head)

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
        if before is None or isinstance(after, UserError):
            return (
                f"the file also belongs to {other.label}, which can't be loaded"
                if before is not None or isinstance(after, UserError)
                else None
            )
        stray = [leaf for leaf in differing(before, after) if not (likewise and allowed(leaf, wish))]
        return f"the same line also belongs to {other.label}" if stray else None

    def _judge(self, wish: Wish, baseline: Baseline, before: Model, after: Model) -> str | None:
        changed = differing(before, after)
        stray = [leaf for leaf in changed if not allowed(leaf, wish)]
        if stray:
            return f"the edit would also change {describe(stray[0])}"
        if not any(leaf[:2] == ("services", wish.service) for leaf in changed):
            return "the edit would change nothing"
        found = leaves_of(after, wish)
        if wish.removes:
            empty = all(value in _NOTHING for value in found.values())
            return None if empty else "it would still be declared elsewhere"
        intended = self._intended(wish, baseline)
        if intended is None:
            return None
        same = visible(found, wish.head) == visible(intended, wish.head)
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
        path = baseline.inside("compose.wish.yaml")
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
