"""What a forge is to this project: a place for pull requests, whichever software runs it."""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from homelab_assets.errors import ForgeError

State = Literal["open", "closed", "merged"]
Checks = Literal["passed", "pending", "failed", "none"]
RefusalKind = Literal[
    "auth", "forbidden", "missing", "conflict", "invalid", "rate", "unreachable", "server", "unsupported"
]

LABEL_COLOURS = {
    "drift-remediation": ("1d76db", "Makes git say what runs"),
    "severity/breaking": ("b60205", "The worst difference is breaking"),
    "severity/functional": ("d93f0b", "The worst difference is functional"),
    "severity/cosmetic": ("c2e0c6", "All differences are cosmetic"),
    "security": ("5319e7", "Adopting this would weaken security"),
    "cleanup": ("fbca04", "Removes what nothing uses"),
}


class Refusal(ForgeError):
    """The forge did not do what was asked.

    Attributes:
        kind: what a caller may react to. status: HTTP status, None where there was no answer.
    """

    def __init__(
        self,
        what: str,
        *,
        kind: RefusalKind,
        status: int | None = None,
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.kind = kind
        self.status = status
        super().__init__(what, where=where, hint=hint)


class PullRequest(Struct, frozen=True, kw_only=True):
    """A pull request of this repository's own branches.

    Attributes:
        head: branch name. head_commit: what the forge knows as its newest commit. base: branch that it goes into.
        merge_commit: the commit that merged it, None unless `merged`. url: for people.
    """

    number: int
    state: State
    title: str
    body: str
    head: str
    head_commit: str
    base: str
    draft: bool
    labels: Sequence[str]
    url: str
    merge_commit: str | None = None


class Issue(Struct, frozen=True, kw_only=True):
    """An issue that is no pull request."""

    number: int
    open: bool
    title: str
    body: str
    url: str


class Forge(Protocol):
    """Pull requests, comments, labels and one issue. Every method may raise `Refusal`."""

    def default_branch(self) -> str:
        """Return the branch that pull requests go into."""
        ...

    def pulls(self) -> Sequence[PullRequest]:
        """Return pull requests whose branch lies in this very repository, the newest of all states first, and all that
        are open.

        A fork's pull request is never among them: its author could write any marker into it.
        """
        ...

    def open_pull(
        self, *, head: str, base: str, title: str, body: str, draft: bool, labels: Sequence[str]
    ) -> PullRequest:
        """Open a pull request for a branch that has been pushed."""
        ...

    def update_pull(
        self, pull: PullRequest, *, title: str, body: str, draft: bool, labels: Sequence[str]
    ) -> PullRequest:
        """Change texts, draft state and this project's labels; labels that people added stay."""
        ...

    def close_pull(self, pull: PullRequest, *, body: str) -> None:
        """Close a pull request, and give it this body."""
        ...

    def reopen_pull(self, pull: PullRequest, *, body: str) -> PullRequest:
        """Open a closed pull request again. Refused (`invalid`) where the forge can't."""
        ...

    def comment(self, number: int, body: str) -> None:
        """Comment on a pull request or issue."""
        ...

    def comments(self, number: int) -> Sequence[str]:
        """Return the bodies of its comments, oldest first."""
        ...

    def checks(self, commit: str) -> Checks:
        """Return what statuses and checks say of a commit."""
        ...

    def merge(self, pull: PullRequest) -> None:
        """Merge, if the branch still has the commit `pull.head_commit`."""
        ...

    def issues(self, label: str) -> Sequence[Issue]:
        """Return open and closed issues that have a label, newest first."""
        ...

    def open_issue(self, *, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open an issue."""
        ...

    def update_issue(self, issue: Issue, *, title: str, body: str) -> None:
        """Change an issue's texts; a closed one is opened again."""
        ...
