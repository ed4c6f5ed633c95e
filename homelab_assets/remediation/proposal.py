"""What every kind of pull request of this tool has in common: the drift of a service, a cleanup, an adoption."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from homelab_assets.remediation.identity import Identity, Kind, body_marker, marker, trailers


class Proposal(Protocol):
    """One pull request as it should be.

    Attributes:
        identity: what it is about; there is one pull request for each. repository: name in `lab.yaml`.
        commit: what the files are based on. files: new contents by path, None removes one.
        branch: name for a new branch; an open pull request keeps its own.
        digest: names the set of changes; a person who closes it declines these. content: names the edited files.
        fingerprint: names the body, without what changes from day to day.
        actionable: whether there is anything to propose. cosmetic: whether a policy may merge it without a person.
        urgency: the smaller comes first. refusal: why nothing, or not all, can be proposed; "" where all can.
        title, body, message, patch: texts, secrets hidden.
    """

    # Read only, so that frozen records and properties fit.
    @property
    def identity(self) -> Identity: ...
    @property
    def repository(self) -> str: ...
    @property
    def commit(self) -> str: ...
    @property
    def files(self) -> Mapping[str, bytes | None]: ...
    @property
    def branch(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def actionable(self) -> bool: ...
    @property
    def cosmetic(self) -> bool: ...
    @property
    def draft(self) -> bool: ...
    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def urgency(self) -> tuple[Any, ...]: ...
    @property
    def refusal(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def patch(self) -> str: ...


def with_marks(text: str, plan: Proposal, kind: Kind) -> str:
    """Return a body with the hidden lines that it is found by."""
    return f"{text}\n\n{marker(plan.identity, plan.digest, kind)}\n{body_marker(plan.fingerprint)}\n"


def with_trailers(text: str, plan: Proposal) -> str:
    """Return a commit's message with the lines that its branch is recognised by."""
    return f"{text}\n\n{trailers(plan.identity, plan.digest, plan.content)}\n"
