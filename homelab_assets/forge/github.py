"""GitHub and GitHub Enterprise, through PyGithub."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

import github
from github import Auth, GithubException
from github.Issue import Issue as GithubIssue
from github.PullRequest import PullRequest as GithubPull
from requests import RequestException

from homelab_assets.forge.model import LABEL_COLOURS, Checks, Issue, PullRequest, Refusal
from homelab_assets.forge.refusals import Retry, no_json, patiently, refusal, unreachable, wait_of, worth_another_try

Result = TypeVar("Result")
_MOST, _MOST_OPEN = 500, 5000
_OURS = tuple(LABEL_COLOURS)


class GitHub:
    """A repository on GitHub.

    Args:
        slug: `owner/name`. token: a token that may read and write contents, pull requests and issues.
        url: base of the API, for GitHub Enterprise `https://host/api/v3`. ca: file of certificates to trust.
    """

    def __init__(self, slug: str, *, token: str, url: str = "", ca: str | None = None) -> None:
        self._slug, self._token = slug, token
        self._url = url or "https://api.github.com"
        self._client = github.Github(
            base_url=self._url,
            auth=Auth.Token(token),
            per_page=100,
            retry=None,
            timeout=30,
            verify=ca or True,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
        )
        requester: Any = self._client.requester
        requester.requestJson = _only_json(requester.requestJson)
        self._repository = self._client.get_repo(slug)
        self._labels: set[str] | None = None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def default_branch(self) -> str:
        """See `Forge`."""
        return self._ask("reading the repository", lambda: str(self._repository.default_branch))

    def pulls(self) -> Sequence[PullRequest]:
        """See `Forge`."""
        recent = self._listed("all", _MOST)
        # Among many others, one that waits since long is not among the newest any more.
        older = self._listed("open", _MOST_OPEN) if len(recent) == _MOST else []
        found = {pull.number: pull for pull in (*recent, *older)}
        return [_pull(pull) for pull in found.values() if self._is_own(pull)]

    def _listed(self, state: str, most: int) -> list[GithubPull]:
        def ask() -> list[GithubPull]:
            return list(islice(self._repository.get_pulls(state=state, sort="updated", direction="desc"), most))

        return self._ask("listing pull requests", ask)

    def _is_own(self, pull: GithubPull) -> bool:
        repository = pull.head.repo
        return repository is not None and str(repository.full_name).lower() == self._slug.lower()

    def open_pull(
        self, *, head: str, base: str, title: str, body: str, draft: bool, labels: Sequence[str]
    ) -> PullRequest:
        """See `Forge`."""
        self._ensure_labels(labels)

        def create(as_draft: bool) -> GithubPull:
            return self._repository.create_pull(base=base, head=head, title=title, body=body, draft=as_draft)

        try:
            pull = self._ask("opening a pull request", lambda: create(draft), writes=True)
        except Refusal as error:
            if not (draft and _has_no_drafts(error)):
                raise
            pull = self._ask("opening a pull request", lambda: create(False), writes=True)
        self._ask("labelling", lambda: pull.add_to_labels(*labels), writes=True)
        return _pull(pull, labels=labels)

    def update_pull(
        self, pull: PullRequest, *, title: str, body: str, draft: bool, labels: Sequence[str]
    ) -> PullRequest:
        """See `Forge`."""
        self._ensure_labels(labels)

        def change_draft() -> None:
            found = self._repository.get_pull(pull.number)
            if found.draft is not draft:
                # The REST interface can't: https://docs.github.com/graphql/reference/mutations
                found.convert_to_draft() if draft else found.mark_ready_for_review()

        def ask() -> PullRequest:
            found = self._repository.get_pull(pull.number)
            found.edit(title=title, body=body)
            present = [label.name for label in found.labels]
            kept = [name for name in present if name not in _OURS or name in labels]
            wanted = list(dict.fromkeys([*kept, *labels]))
            if sorted(wanted) != sorted(present):
                found.set_labels(*wanted)
            return _pull(found, labels=wanted)

        # Before the body, which says what was done: whoever is killed in between is not done.
        try:
            self._ask("updating a pull request", change_draft)
        except Refusal as error:
            if not (draft and _has_no_drafts(error)):
                raise
        return self._ask("updating a pull request", ask)

    def close_pull(self, pull: PullRequest, *, body: str) -> None:
        """See `Forge`."""
        self._ask(
            "closing a pull request", lambda: self._repository.get_pull(pull.number).edit(state="closed", body=body)
        )

    def reopen_pull(self, pull: PullRequest, *, body: str) -> PullRequest:
        """See `Forge`."""

        def ask() -> PullRequest:
            found = self._repository.get_pull(pull.number)
            found.edit(state="open", body=body)
            return _pull(found)

        return self._ask("reopening a pull request", ask)

    def comment(self, number: int, body: str) -> None:
        """See `Forge`."""
        self._ask("commenting", lambda: self._repository.get_issue(number).create_comment(body), writes=True)

    def comments(self, number: int) -> Sequence[str]:
        """See `Forge`."""
        return self._ask(
            "reading comments",
            lambda: [str(c.body or "") for c in islice(self._repository.get_issue(number).get_comments(), _MOST)],
        )

    def checks(self, commit: str) -> Checks:
        """See `Forge`."""

        def ask() -> Checks:
            found = self._repository.get_commit(commit)
            combined = found.get_combined_status()
            runs = [run.conclusion or "pending" for run in islice(found.get_check_runs(), _MOST)]
            states = [*runs, *([combined.state] if combined.total_count else [])]
            if not states:
                return "none"
            # Whatever else GitHub says (`stale`, `startup_failure`, what it invents next) did not pass.
            if not {"success", "neutral", "skipped", "pending"}.issuperset(states):
                return "failed"
            return "pending" if "pending" in states else "passed"

        return self._ask("reading checks", ask)

    def merge(self, pull: PullRequest) -> None:
        """See `Forge`."""
        self._ask("merging", lambda: self._repository.get_pull(pull.number).merge(sha=pull.head_commit), writes=True)

    def issues(self, label: str) -> Sequence[Issue]:
        """See `Forge`."""

        def ask() -> list[Issue]:
            found = islice(self._repository.get_issues(state="all", labels=[label]), _MOST)
            return [_issue(issue) for issue in found if issue.pull_request is None]

        return self._ask("listing issues", ask)

    def open_issue(self, *, title: str, body: str, labels: Sequence[str]) -> Issue:
        """See `Forge`."""
        self._ensure_labels(labels)
        create = lambda: self._repository.create_issue(title=title, body=body, labels=list(labels))  # noqa: E731
        return _issue(self._ask("opening an issue", create, writes=True))

    def update_issue(self, issue: Issue, *, title: str, body: str) -> None:
        """See `Forge`."""
        self._ask(
            "updating an issue",
            lambda: self._repository.get_issue(issue.number).edit(title=title, body=body, state="open"),
        )

    def _ensure_labels(self, labels: Sequence[str]) -> None:
        if self._labels is None:
            self._labels = self._ask(
                "listing labels", lambda: {label.name for label in islice(self._repository.get_labels(), _MOST)}
            )
        for name in labels:
            if name in self._labels:
                continue
            colour, words = LABEL_COLOURS.get(name, ("ededed", ""))
            try:
                self._ask("making a label", lambda: self._repository.create_label(name, colour, words), writes=True)  # noqa: B023
            except Refusal as error:
                # Somebody else made it in the meantime.
                if error.kind != "invalid":
                    raise
            self._labels.add(name)

    def _ask(self, doing: str, call: Callable[[], Result], *, writes: bool = False) -> Result:
        def attempt() -> Result:
            try:
                return call()
            except GithubException as error:
                failed = self._refusal(error, doing)
                if worth_another_try(failed.kind, writes=writes):
                    raise Retry(failed, wait_of(error.headers)) from None
                raise failed from None
            except _NoJson as error:
                address = "that of the API, for GitHub Enterprise `https://host/api/v3`"
                raise no_json(status=error.status, where=self._slug, doing=doing, address=address) from None
            except (RequestException, OSError) as error:
                failed = unreachable(error, url=self._url, where=self._slug, doing=doing)
                if writes:
                    raise failed from None
                raise Retry(failed) from None

        return patiently(attempt)

    def _refusal(self, error: GithubException, doing: str) -> Refusal:
        data: Any = error.data
        said = error.message or ""
        if isinstance(data, dict):
            details = [
                str(d.get("message") or d.get("code") or "") for d in data.get("errors") or () if isinstance(d, dict)
            ]
            said = "; ".join(part for part in (str(data.get("message") or said), *details) if part)
        return refusal(error.status, said, where=self._slug, doing=doing, token=self._token, headers=error.headers)


class _NoJson(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


def _only_json(request: Callable[..., tuple[int, Any, str]]) -> Callable[..., tuple[int, Any, str]]:
    """Guard PyGithub's requests: it takes a redirect, or a page such as that of a login, for an empty answer."""

    def guarded(*arguments: Any, **options: Any) -> tuple[int, Any, str]:
        status, headers, text = request(*arguments, **options)
        if status < 400 and status != 204 and text[:1] not in ("{", "["):
            raise _NoJson(status)
        return status, headers, text

    return guarded


def _has_no_drafts(error: Refusal) -> bool:
    """Private repositories of free plans have no drafts; the body warns all the same."""
    return error.kind == "invalid" and "draft" in error.what.lower()


def _pull(pull: GithubPull, labels: Sequence[str] | None = None) -> PullRequest:
    merged = pull.merged_at is not None
    return PullRequest(
        number=pull.number,
        state="merged" if merged else "open" if pull.state == "open" else "closed",
        title=pull.title,
        body=pull.body or "",
        head=pull.head.ref,
        head_commit=pull.head.sha,
        base=pull.base.ref,
        draft=bool(pull.draft),
        labels=tuple(labels if labels is not None else (label.name for label in pull.labels)),
        url=pull.html_url,
        merge_commit=pull.merge_commit_sha if merged else None,
    )


def _issue(issue: GithubIssue) -> Issue:
    return Issue(
        number=issue.number, open=issue.state == "open", title=issue.title, body=issue.body or "", url=issue.html_url
    )
