"""One remediation plan: what would be done about one drifted service, and the texts that say so."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from homelab_assets.drift.document import SEVERITIES, Cause, Severity
from homelab_assets.model import Baseline
from homelab_assets.remediation import body
from homelab_assets.remediation.backport import Backported, NotBackported
from homelab_assets.remediation.identity import Identity
from homelab_assets.remediation.patch import shown_patch

LABEL = "drift-remediation"


class RemediationPlan(Struct, frozen=True, kw_only=True, dict=True):
    """What would be done about one drifted service.

    Attributes:
        repository: name in `lab.yaml`. commit: what the edits are based on.
        edits, refused: the items, backported or not. files: all new contents by path (documentation among them).
        branch: name for a new branch; an open pull request keeps its own.
        documentation: those of the files that only describe the change.
        digest: names the set of changes. content: names the edited files, without the documentation.
        weakenings: in words, how the drift weakens security. title, body, message, patch: texts, secrets hidden.
    """

    identity: Identity
    repository: str
    commit: str
    cause: Cause | None
    edits: Sequence[Backported]
    refused: Sequence[NotBackported]
    files: Mapping[str, bytes | None]
    branch: str
    digest: str
    content: str
    title: str
    report: str = ""
    left: Sequence[str] = ()
    weakenings: Sequence[str] = ()
    documentation: frozenset[str] = frozenset()
    base: Baseline | None = None

    @property
    def actionable(self) -> bool:
        """Whether there is anything to propose."""
        return bool(self.edits)

    @property
    def urgency(self) -> tuple[bool, int, Identity]:
        """What weakens security comes first, then the worst."""
        return not self.weakenings, SEVERITIES.index(self.severity), self.identity

    @property
    def refusal(self) -> str:
        """Why something of it is not backported; "" where all is."""
        return "; ".join(f"{one.path}: {one.why}" for one in self.refused)

    @property
    def fingerprint(self) -> str:
        """Names the text of the body."""
        return body.fingerprint_of(self)

    @property
    def severity(self) -> Severity:
        """The worst severity among the edits."""
        present = {edit.item.severity for edit in self.edits}
        return next((severity for severity in SEVERITIES if severity in present), "cosmetic")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its pull request."""
        marks = ("security",) if self.weakenings else ()
        return (LABEL, f"severity/{self.severity}", *marks)

    @property
    def draft(self) -> bool:
        """Whether it is opened as a draft: it weakens security, or a secret has to be set first."""
        return bool(self.weakenings) or any(edit.variables for edit in self.edits)

    @property
    def cosmetic(self) -> bool:
        """Whether a policy may merge it without a person: all cosmetic, harmless, and whole."""
        return self.actionable and self.severity == "cosmetic" and not self.draft and not self.refused

    @cached_property
    def patch(self) -> str:
        """The patch."""
        assert self.base is not None
        return shown_patch(self.base.tree, self.files)

    @cached_property
    def body(self) -> str:
        """The body of its pull request."""
        assert self.base is not None
        files = {path: data for path, data in self.files.items() if path not in self.documentation}
        return body.body_of(self, report=self.report, diff=shown_patch(self.base.tree, files))

    @cached_property
    def message(self) -> str:
        """The message of its commit."""
        return body.message_of(self)
