"""From a cleanup report to one proposal for each stack that holds something stale. Pure: nothing is deleted.

A removal is proved before it is proposed: every other stack of the repository means the same without it, and nothing
else of the same stack changes. What can't be proved stays, and the proposal says why.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, FileTree
from homelab_assets.remediation import cleanup_body
from homelab_assets.remediation.identity import ANY, CLEANUP, Identity, branch_name, content_digest, digest_of
from homelab_assets.remediation.patch import patch_of
from homelab_assets.remediation.proof import Loader, Overlay
from homelab_assets.remediation.readme import README, Readme, readme_of
from homelab_assets.remediation.removal import without_service, without_target
from homelab_assets.remediation.removal_proof import objection, surviving
from homelab_assets.remediation.repository_docs import service_rows
from homelab_assets.remediation.splice import CannotEdit
from homelab_assets.repository.baselines import Baselines
from homelab_assets.repository.snapshots import Snapshot
from homelab_assets.repository.stale import CONFIDENCES, CleanupReport, Confidence, Removal, StaleItem, removals_of
from homelab_assets.secrecy import redact

LABEL = "cleanup"


class CleanupPlan(Struct, frozen=True, kw_only=True, dict=True):
    """The removal of what is stale in one stack. See `Proposal` for what all kinds have in common.

    Attributes:
        items: what is removed, and kept: what is stale too but stays, with the reason.
        documentation: those of the files that only describe the change.
    """

    identity: Identity
    repository: str
    commit: str
    items: Sequence[StaleItem]
    kept: Sequence[tuple[StaleItem, str]]
    files: Mapping[str, bytes | None]
    documentation: frozenset[str]
    branch: str
    tree: FileTree

    cosmetic = False
    labels = (LABEL,)

    @property
    def actionable(self) -> bool:
        """Whether anything can be removed."""
        return bool(self.items)

    @property
    def draft(self) -> bool:
        """Whether somebody should look twice: not all of it is certain."""
        return any(item.confidence == "low" for item in self.items)

    @property
    def urgency(self) -> tuple[int, str]:
        """The surest first."""
        return min(CONFIDENCES.index(item.confidence) for item in self.items), self.identity.stack

    @property
    def refusal(self) -> str:
        """Why something stays."""
        return self.kept[0][1] if self.kept else ""

    @property
    def deleted(self) -> tuple[str, ...]:
        """The files that go as a whole, sorted."""
        return tuple(sorted(path for path, data in self.files.items() if data is None))

    @cached_property
    def content(self) -> str:
        """Names the edited files, without the documentation."""
        return content_digest({path: data for path, data in self.files.items() if path not in self.documentation})

    @cached_property
    def digest(self) -> str:
        """Names the set of removals."""
        return digest_of(str(self.identity), [_key(item) for item in self.items])

    @cached_property
    def fingerprint(self) -> str:
        """Names the text of the body."""
        kept = [(_key(item), why) for item, why in self.kept]
        reasons = [(item.reason, item.confidence, item.line) for item in self.items]
        return digest_of(self.digest, self.content, reasons, kept)

    @property
    def title(self) -> str:
        """The conventional title."""
        return cleanup_body.title_of(self)

    @cached_property
    def body(self) -> str:
        """The body of its pull request."""
        return cleanup_body.body_of(self)

    @property
    def message(self) -> str:
        """The message of its commit."""
        return cleanup_body.message_of(self)

    @cached_property
    def patch(self) -> str:
        """The edits as a patch. Whole files are named and not shown, for they may hold secrets: `git rm` takes them."""
        removed = "".join(f"# git rm -- '{path}'\n" for path in self.deleted)
        edited = {path: data for path, data in self.files.items() if data is not None}
        return removed + redact(patch_of(Overlay(self.tree, {}), edited))


def _key(item: StaleItem) -> tuple[Any, ...]:
    return item.kind, item.file, item.service, item.endpoint


def plan_cleanup(
    report: CleanupReport,
    baselines: Baselines,
    *,
    load: Loader,
    least: Confidence = "medium",
    documentation: bool = True,
) -> tuple[CleanupPlan, ...]:
    """Plan the removal of what a report found, a proposal for each stack.

    Args:
        baselines: what the report was made from. load: the compose loader.
        least: what is less sure than that stays out.
        documentation: take its rows out of the README's table in the same pull request.

    Returns:
        plans in the report's order; also where nothing can be removed.
    """
    sure = CONFIDENCES[: CONFIDENCES.index(least) + 1]
    plans = []
    for snapshot in baselines.snapshots:
        name = snapshot.repository.name
        own = [item for item in report.items if item.repository == name and item.confidence in sure]
        siblings = [baseline for baseline in baselines.baselines if baseline.repository == name]
        readme = readme_of(snapshot.tree, siblings, load, report.generated_at) if documentation else None
        for stack in dict.fromkeys(item.stack for item in own):
            items = [item for item in own if item.stack == stack]
            planner = _Planner(snapshot, stack, siblings, load, readme)
            plans.append(planner.plan(items, report.generated_at))
    return tuple(plans)


def _endpoints(items: Sequence[StaleItem]) -> set[str]:
    return {item.endpoint for item in items if item.endpoint}


class _Planner:
    def __init__(
        self, snapshot: Snapshot, stack: str, siblings: Sequence[Baseline], load: Loader, readme: Readme | None
    ) -> None:
        self._snapshot, self._stack, self._siblings, self._load = snapshot, stack, siblings, load
        self._readme = readme
        self._folder = next((folder for folder in snapshot.stacks if folder.name == stack), None)

    def plan(self, items: Sequence[StaleItem], moment: str) -> CleanupPlan:
        """Remove all at once; where that can't be proved, as much as can. A whole stack goes whole, or stays."""
        tree = self._snapshot.tree
        done: Sequence[StaleItem] = items
        kept: list[tuple[StaleItem, str]] = []
        files, why = self._attempt(items)
        base = self._folder.base if self._folder else None
        if why and any(item.file == base for item in items if not item.service):
            done, kept, files = [], [(item, why) for item in items], {}
        elif why:
            done, kept, files = self._one_by_one(items)
        docs = self._docs(done, files) if files else {}
        return CleanupPlan(
            identity=Identity(host=ANY, stack=self._stack, service=ANY),
            repository=self._snapshot.repository.name,
            commit=self._snapshot.commit,
            items=tuple(done),
            kept=tuple(kept),
            files=files | docs,
            documentation=frozenset(docs),
            branch=branch_name(CLEANUP, moment, self._stack),
            tree=tree,
        )

    def _one_by_one(
        self, items: Sequence[StaleItem]
    ) -> tuple[list[StaleItem], list[tuple[StaleItem, str]], dict[str, bytes | None]]:
        done: list[StaleItem] = []
        kept: list[tuple[StaleItem, str]] = []
        files: dict[str, bytes | None] = {}
        for item in items:
            attempt, why = self._attempt([*done, item])
            if why:
                kept.append((item, why))
            else:
                done, files = [*done, item], attempt
        return done, kept, files

    def _attempt(self, items: Sequence[StaleItem]) -> tuple[dict[str, bytes | None], str | None]:
        files: dict[str, bytes | None] = {}
        try:
            for removal in removals_of(self._snapshot, items):
                self._remove(removal, files)
        except CannotEdit as error:
            return {}, str(error)
        except UserError as error:
            return {}, error.what
        services = {item.service for item in items if item.service}
        return files, objection(self._siblings, self._stack, services, _endpoints(items), files, self._load)

    def _remove(self, removal: Removal, files: dict[str, bytes | None]) -> None:
        if removal.edit == "file":
            files[removal.file] = None
        elif removal.edit == "target":
            text = self._text(removal.file, files)
            self._put(removal.file, without_target(text, self._stack, removal.endpoint), files)
        else:
            for file in self._folder.compose_files if self._folder else ():
                if files.get(file, b"") is not None:
                    self._put(file, without_service(self._text(file, files), removal.name or ""), files)

    def _docs(self, items: Sequence[StaleItem], files: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
        """Take the stack's rows out of the README's table of services, where it has one."""
        if self._readme is None:
            return {}
        left = [after for _, after in surviving(self._siblings, self._stack, _endpoints(items), files)]
        new = self._readme.edited(service_rows(left, self._load))
        return {README: new.encode("utf-8")} if new != self._readme.text else {}

    def _text(self, file: str, files: Mapping[str, bytes | None]) -> str:
        data = Overlay(self._snapshot.tree, files).read(file)
        try:
            return (data or b"").decode("utf-8")
        except UnicodeDecodeError:
            raise CannotEdit(f"`{file}` is not UTF-8 text") from None

    def _put(self, file: str, text: str | None, files: dict[str, bytes | None]) -> None:
        data = text.encode("utf-8") if text is not None and text.strip() else None
        if data != self._snapshot.tree.read(file):
            files[file] = data
