"""Gitea and Forgejo, through their REST interface (`/api/v1`)."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import requests

from homelab_assets.forge.model import LABEL_COLOURS, Checks, Issue, PullRequest
from homelab_assets.forge.refusals import Retry, no_json, patiently, refusal, unreachable, wait_of, worth_another_try

_PAGE = 50
_MOST, _MOST_OPEN = 500, 5000
_DRAFT = "WIP: "


class Gitea:
    """A repository on Gitea or Forgejo. A draft is a pull request whose title begins with `WIP:`.

    Args:
        url: of the instance, such as `https://git.lan`. slug: `owner/name`.
        token: a token that may write the repository and its issues. ca: file of certificates to trust.
    """

    def __init__(self, url: str, slug: str, *, token: str, ca: str | None = None) -> None:
        owner, _, name = slug.partition("/")
        self._slug, self._token = slug, token
        self._root = f"{url.rstrip('/')}/api/v1/repos/{quote(owner, safe='')}/{quote(name, safe='')}"
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"token {token}", "Accept": "application/json"})
        # A `.netrc` entry would replace the token; a home's own certificate authority is known all the same.
        self._session.trust_env = False
        self._session.verify = ca or os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._labels: dict[str, int] | None = None

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def default_branch(self) -> str:
        """See `Forge`."""
        return str(self._call("GET", "", "reading the repository")["default_branch"])

    def pulls(self) -> Sequence[PullRequest]:
        """See `Forge`."""
        recent = self._listed("all", _MOST)
        # Among many others, one that waits since long is not among the newest any more.
        older = self._listed("open", _MOST_OPEN) if len(recent) >= _MOST else []
        found = {pull["number"]: pull for pull in (*recent, *older)}
        return [_pull(pull) for pull in found.values() if self._is_own(pull)]

    def _listed(self, state: str, most: int) -> list[Mapping[str, Any]]:
        return list(self._pages("/pulls", "listing pull requests", {"state": state, "sort": "recentupdate"}, most))

    def _is_own(self, pull: Mapping[str, Any]) -> bool:
        repository = (pull.get("head") or {}).get("repo") or {}
        # The head's repository is null once its branch is gone; its id tells a fork apart even then.
        own = (pull.get("base") or {}).get("repo_id")
        return bool(repository.get("full_name", "").lower() == self._slug.lower()) if repository else (
            (pull.get("head") or {}).get("repo_id") == own and own is not None
        )  # fmt: skip

    def open_pull(
        self, *, head: str, base: str, title: str, body: str, draft: bool, labels: Sequence[str]
    ) -> PullRequest:
        """See `Forge`."""
        fields = {"head": head, "base": base, "title": _titled(title, draft), "body": body, "labels": self._ids(labels)}
        return _pull(self._call("POST", "/pulls", "opening a pull request", fields))

    def update_pull(
        self, pull: PullRequest, *, title: str, body: str, draft: bool, labels: Sequence[str]
    ) -> PullRequest:
        """See `Forge`."""
        kept = [name for name in pull.labels if name not in LABEL_COLOURS or name in labels]
        fields = {"title": _titled(title, draft), "body": body, "labels": self._ids([*kept, *labels])}
        return _pull(self._call("PATCH", f"/pulls/{pull.number}", "updating a pull request", fields))

    def close_pull(self, pull: PullRequest, *, body: str) -> None:
        """See `Forge`."""
        self._call("PATCH", f"/pulls/{pull.number}", "closing a pull request", {"state": "closed", "body": body})

    def reopen_pull(self, pull: PullRequest, *, body: str) -> PullRequest:
        """See `Forge`."""
        fields = {"state": "open", "body": body}
        return _pull(self._call("PATCH", f"/pulls/{pull.number}", "reopening a pull request", fields))

    def comment(self, number: int, body: str) -> None:
        """See `Forge`."""
        self._call("POST", f"/issues/{number}/comments", "commenting", {"body": body})

    def comments(self, number: int) -> Sequence[str]:
        """See `Forge`."""
        found = self._call("GET", f"/issues/{number}/comments", "reading comments", shape=list)
        return [str(comment.get("body") or "") for comment in found]

    def checks(self, commit: str) -> Checks:
        """See `Forge`."""
        found = self._call("GET", f"/commits/{commit}/status", "reading checks")
        if not found.get("total_count") and not found.get("statuses"):
            return "none"
        state = str(found.get("state") or "pending")
        if state in ("failure", "error"):
            return "failed"
        return "passed" if state in ("success", "warning", "skipped") else "pending"

    def merge(self, pull: PullRequest) -> None:
        """See `Forge`."""
        fields = {"do": "merge", "head_commit_id": pull.head_commit}
        self._call("POST", f"/pulls/{pull.number}/merge", "merging", fields, shape=object)

    def issues(self, label: str) -> Sequence[Issue]:
        """See `Forge`."""
        found = self._pages("/issues", "listing issues", {"state": "all", "type": "issues", "labels": label})
        return [_issue(issue) for issue in found if not issue.get("pull_request")]

    def open_issue(self, *, title: str, body: str, labels: Sequence[str]) -> Issue:
        """See `Forge`."""
        fields = {"title": title, "body": body, "labels": self._ids(labels)}
        return _issue(self._call("POST", "/issues", "opening an issue", fields))

    def update_issue(self, issue: Issue, *, title: str, body: str) -> None:
        """See `Forge`."""
        fields = {"title": title, "body": body, "state": "open"}
        self._call("PATCH", f"/issues/{issue.number}", "updating an issue", fields)

    def _ids(self, names: Sequence[str]) -> list[int]:
        if self._labels is None or not self._labels.keys() >= set(names):
            found = self._pages("/labels", "listing labels", {})
            self._labels = {str(label["name"]): int(label["id"]) for label in found}
        for name in names:
            if name not in self._labels:
                colour, words = LABEL_COLOURS.get(name, ("ededed", ""))
                fields = {"name": name, "color": f"#{colour}", "description": words}
                self._labels[name] = int(self._call("POST", "/labels", "making a label", fields)["id"])
        return list(dict.fromkeys(self._labels[name] for name in names))

    def _pages(self, path: str, doing: str, query: Mapping[str, str], most: int = _MOST) -> Iterator[Mapping[str, Any]]:
        page, left = 1, most
        # An instance may cap the page size below what was asked for: only an empty page is the last one.
        while left > 0 and (
            found := self._call("GET", path, doing, query={**query, "limit": str(_PAGE), "page": str(page)}, shape=list)
        ):
            yield from found
            page, left = page + 1, left - len(found)

    def _call(
        self,
        method: str,
        path: str,
        doing: str,
        fields: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        shape: type = dict,
    ) -> Any:
        def attempt() -> Any:
            try:
                answer = self._session.request(
                    method, self._root + path, json=fields, params=query, timeout=30, allow_redirects=method == "GET"
                )
            except requests.RequestException as error:
                failed = unreachable(error, url=self._root, where=self._slug, doing=doing)
                if method == "POST":
                    raise failed from None
                raise Retry(failed) from None
            return self._read(answer, method, doing, shape)

        return patiently(attempt)

    def _read(self, answer: requests.Response, method: str, doing: str, shape: type) -> Any:
        if answer.status_code >= 300:
            status, headers = answer.status_code, dict(answer.headers)
            failed = refusal(status, _said(answer), where=self._slug, doing=doing, token=self._token, headers=headers)
            if worth_another_try(failed.kind, writes=method == "POST"):
                raise Retry(failed, wait_of(headers))
            raise failed
        value = None
        if answer.content:
            with suppress(ValueError, RecursionError):
                value = answer.json()
        if isinstance(value, shape):
            return value
        raise no_json(
            status=answer.status_code,
            where=self._slug,
            doing=doing,
            address="the address of the instance, without `/api/v1`",
        )


def _said(answer: requests.Response) -> str:
    try:
        data = answer.json()
    except ValueError:
        return answer.reason or ""
    return str(data.get("message") or answer.reason) if isinstance(data, dict) else str(answer.reason)


def _titled(title: str, draft: bool) -> str:
    return f"{_DRAFT}{title}" if draft else title


def _pull(pull: Mapping[str, Any]) -> PullRequest:
    title = str(pull["title"])
    head = pull["head"]
    return PullRequest(
        number=int(pull["number"]),
        state="merged" if pull.get("merged") else "open" if pull["state"] == "open" else "closed",
        title=title.removeprefix(_DRAFT),
        body=str(pull.get("body") or ""),
        head=str(head["ref"] if not str(head["ref"]).startswith("refs/pull/") else head.get("label") or head["ref"]),
        head_commit=str(head["sha"]),
        base=str(pull["base"]["ref"]),
        draft=bool(pull.get("draft", title.startswith(_DRAFT))),
        labels=tuple(str(label["name"]) for label in pull.get("labels") or ()),
        url=str(pull.get("html_url") or pull.get("url") or ""),
        merge_commit=pull.get("merge_commit_sha") if pull.get("merged") else None,
    )


def _issue(issue: Mapping[str, Any]) -> Issue:
    return Issue(
        number=int(issue["number"]),
        open=issue["state"] == "open",
        title=str(issue["title"]),
        body=str(issue.get("body") or ""),
        url=str(issue.get("html_url") or ""),
    )
