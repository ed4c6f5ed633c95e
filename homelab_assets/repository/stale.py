"""What cleanup finds: stale things, stacks that could not be judged, and the edits that would remove the former."""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from homelab_assets.drift.document import BaselineRef
from homelab_assets.model import FileTree
from homelab_assets.repository.snapshots import Snapshot

Kind = Literal["compose file", "override", "service", "env file", "target"]
Confidence = Literal["high", "medium", "low"]
CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")


class StaleItem(Struct, frozen=True, kw_only=True):
    """One thing in git without a running counterpart.

    Attributes:
        file, line: where it stands. endpoint: the host that it was looked for on; None where several or all are meant.
        reason: why it counts as stale. confidence: how sure that is.
        last_commit: when its stack's folder last changed, ISO 8601 UTC, or None.
    """

    kind: Kind
    repository: str
    stack: str
    file: str
    reason: str
    confidence: Confidence
    line: int | None = None
    service: str | None = None
    endpoint: str | None = None
    last_commit: str | None = None


class Unjudged(Struct, frozen=True, kw_only=True):
    """A stack that could not be judged on a host (None: on any), and why."""

    repository: str
    stack: str
    endpoint: str | None
    reason: str


class Removal(Struct, frozen=True, kw_only=True):
    """One edit that would remove a stale thing: a whole file, a service of a compose file, or an entry of
    stack-targets.yml (`name` says which; `endpoint` alone goes where the stack keeps others)."""

    repository: str
    commit: str
    stack: str
    edit: Literal["file", "service", "target"]
    file: str
    name: str | None = None
    endpoint: str | None = None
    line: int | None = None
    reason: str = ""


class CleanupReport(Struct, frozen=True, kw_only=True):
    """What is stale, what could not be judged, and the edits that would remove it.

    `incomplete` says whether a host or a baseline was missing altogether.
    """

    generated_at: str
    baselines: tuple[BaselineRef, ...]
    items: tuple[StaleItem, ...]
    unjudged: tuple[Unjudged, ...]
    removals: tuple[Removal, ...]
    incomplete: bool = False

    @property
    def exit_code(self) -> int:
        """0 nothing found, 1 something is stale, 2 not completed."""
        return 2 if self.incomplete else int(bool(self.items))


def removals_of(snapshot: Snapshot, items: Sequence[StaleItem]) -> Iterator[Removal]:
    """Yield the edits that would remove the items. With all of its compose files a stack's whole folder goes."""
    folders = {stack.name: stack for stack in snapshot.stacks}
    gone = {item.stack for item in items if (stack := folders.get(item.stack)) and item.file == stack.base}
    gone = {name for name in gone if not any(item.stack == name and item.kind == "service" for item in items)}

    def removal(item: StaleItem, edit: Literal["file", "service", "target"], file: str, name: str | None) -> Removal:
        return Removal(
            repository=item.repository,
            commit=snapshot.commit,
            stack=item.stack,
            edit=edit,
            file=file,
            name=name,
            endpoint=item.endpoint,
            line=item.line,
            reason=item.reason,
        )

    done: set[str] = set()
    for item in items:
        if item.kind == "target":
            yield removal(item, "target", item.file, item.stack)
        elif item.kind == "service":
            yield removal(item, "service", item.file, item.service)
        else:
            whole = item.stack in gone and folders[item.stack].directory
            others = {stack.directory for stack in snapshot.stacks if stack.name != item.stack}
            files = _below(snapshot.tree, folders[item.stack].directory, others) if whole else [item.file]
            for file in files:
                if file not in done:
                    done.add(file)
                    yield removal(item, "file", file, None)


def _below(tree: FileTree, folder: str, others: Collection[str]) -> Iterator[str]:
    """Yield the files below a folder; the folders of other stacks stay."""
    for name in tree.list(folder):
        path = f"{folder}/{name}"
        if not name.endswith("/"):
            yield path
        elif path.rstrip("/") not in others:
            yield from _below(tree, path.rstrip("/"), others)
