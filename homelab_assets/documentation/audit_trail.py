"""The audit trail: who changed what, when and why, grouped by what the commits changed in the model."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.documentation.change import ModelChange, model_changes
from homelab_assets.documentation.links import ForgeLinks
from homelab_assets.drift.document import DriftDocument
from homelab_assets.model import Json
from homelab_assets.moments import utc_text

DAYS = 30


class Commit(Protocol):
    """A commit, as `repository.history` gives it. `files`: what it changed against its first parent."""

    @property
    def sha(self) -> str: ...
    @property
    def parents(self) -> Sequence[str]: ...
    @property
    def author(self) -> str: ...
    @property
    def committed_at(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def files(self) -> Sequence[str]: ...


class PullRequest(Protocol):
    """A pull request of this tool, as `remediation.journal` gives it. `events`: (moment, what happened to it)."""

    @property
    def repository(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def stack(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def events(self) -> Sequence[tuple[str, str]]: ...


Models = Callable[[str, str], Mapping[str, Mapping[str, Json]] | None]
"""Canonical services of a stack's folder at a commit, none where it is not there; None where it can't be read."""


_ANY = "*"
"""Stack or service of a pull request that is about more than one."""


class History(Struct, frozen=True, kw_only=True):
    """One repository's recent past.

    Attributes:
        commits: newest first. stacks: folder to stack, of today and of then; the root is "".
        models: loads a folder at a commit. ref: the branch.
        truncated: there are more commits in the time than were read.
    """

    repository: str
    commits: Sequence[Commit]
    stacks: Mapping[str, str]
    models: Models
    ref: str = ""
    forge: ForgeLinks | None = None
    truncated: bool = False
    shallow: bool = False


class Event(Struct, frozen=True, kw_only=True):
    """One thing that happened, in time: a commit's effect on a service, a drift first seen, a step of a pull request.

    Attributes:
        service: "" where the whole stack or none is concerned. kind: `commit`, `merge`, `drift` or
            `pull_request`.
        changes: in the model. files: those that change no model. url: of the commit or the pull request.
    """

    at: str
    kind: str
    repository: str
    stack: str
    service: str
    author: str = ""
    subject: str = ""
    sha: str = ""
    url: str = ""
    changes: Sequence[ModelChange] = ()
    files: Sequence[str] = ()


class Trail(Struct, frozen=True, kw_only=True):
    """Events, newest first; `compares`: address of all changes of a repository in the time, by repository."""

    since: str
    until: str
    days: int
    events: Sequence[Event]
    commits: Mapping[str, int]
    compares: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()

    def grouped(self) -> dict[str, list[Event]]:
        """Return events by stack, sorted by service, newest first; what belongs to no stack comes last, under ""."""
        groups: dict[str, list[Event]] = {}
        for event in sorted(self.events, key=lambda event: event.at, reverse=True):
            groups.setdefault(event.stack, []).append(event)
        for events in groups.values():
            events.sort(key=lambda event: event.service)
        return dict(sorted(groups.items(), key=lambda group: (group[0] == "", group[0])))


def start_of(until: str, days: int) -> str:
    """Return the moment `days` before another, both ISO 8601 UTC."""
    return utc_text(datetime.fromisoformat(until) - timedelta(days=days))


def build_trail(
    histories: Sequence[History], document: DriftDocument, *, pulls: Sequence[PullRequest] = (), days: int = DAYS
) -> Trail:
    """Make the trail of the `days` before the audit, and of what came of it."""
    until = document.generated_at
    since = start_of(until, days)
    recent = {
        history.repository: [c for c in history.commits if since <= c.committed_at <= until] for history in histories
    }
    events = [
        *(
            event
            for history in histories
            for commit in recent[history.repository]
            for event in _of_commit(history, commit)
        ),
        *_of_drift(document, since),
        *_of_pulls(pulls, since),
    ]
    return Trail(
        since=since,
        until=until,
        days=days,
        events=tuple(sorted(events, key=lambda event: (event.at, event.sha, event.stack, event.service), reverse=True)),
        commits={history.repository: len(recent[history.repository]) for history in histories},
        compares={
            history.repository: url for history in histories if (url := _compare(history, recent[history.repository]))
        },
        notices=tuple(_notices(histories)),
    )


def _notices(histories: Iterable[History]) -> Iterator[str]:
    for history in histories:
        if history.truncated:
            yield f"{history.repository}: more commits than are shown fell into this time"
        if history.shallow:
            yield f"{history.repository}: a shallow clone, older commits are missing (`git fetch --unshallow` mends it)"


def _compare(history: History, commits: Sequence[Commit]) -> str:
    if history.forge is None or not commits:
        return ""
    oldest, newest = commits[-1], commits[0]
    # There is nothing to compare the first commit of all with.
    return history.forge.compare(oldest.parents[0], newest.sha) if oldest.parents else history.forge.commits()


def _of_commit(history: History, commit: Commit) -> Iterator[Event]:
    if len(commit.parents) > 1:
        # What a merge brought stands with its own commits.
        touched = _touched(history.stacks, commit.files)
        for stack in dict.fromkeys(history.stacks[folder] for folder in touched if folder is not None) or [""]:
            yield replace(_event(history, commit, stack, ""), kind="merge")
        return
    touched = _touched(history.stacks, commit.files)
    rest = touched.pop(None, [])
    for folder, own in touched.items():
        stack = history.stacks[folder or ""]
        old = history.models(commit.parents[0], folder or "") if commit.parents else {}
        new = history.models(commit.sha, folder or "")
        # What can't be read is not gone: nobody can say what changed.
        changes = model_changes(old, new) if old is not None and new is not None else []
        services: dict[str, list[ModelChange]] = {}
        for change in changes:
            services.setdefault(change.service, []).append(change)
        for service, made in services.items():
            yield _event(history, commit, stack, service, changes=made)
        others = own if not services else [file for file in own if not _compose(file)]
        if others:
            yield _event(history, commit, stack, "", files=others)
    if rest or not touched:
        yield _event(history, commit, "", "", files=rest)


def _compose(file: str) -> bool:
    name = file.rpartition("/")[2]
    return "compose" in name and name.endswith((".yml", ".yaml"))


def _touched(stacks: Mapping[str, str], files: Iterable[str]) -> dict[str | None, list[str]]:
    """Return files by the innermost stack folder that they are in, sorted; those that are in none under None."""
    found: dict[str | None, list[str]] = {}
    for file in files:
        folder = file.rpartition("/")[0]
        while folder and folder not in stacks:
            folder = folder.rpartition("/")[0]
        found.setdefault(folder if folder in stacks else None, []).append(file)
    return dict(sorted(found.items(), key=lambda one: (one[0] is None, one[0] or "")))


def _event(
    history: History,
    commit: Commit,
    stack: str,
    service: str,
    *,
    changes: Sequence[ModelChange] = (),
    files: Sequence[str] = (),
) -> Event:
    return Event(
        at=commit.committed_at,
        kind="commit",
        repository=history.repository,
        stack=stack,
        service=service,
        author=commit.author,
        subject=commit.subject,
        sha=commit.sha,
        url=history.forge.commit(commit.sha) if history.forge else "",
        changes=tuple(changes),
        files=tuple(files),
    )


def _of_drift(document: DriftDocument, since: str) -> Iterator[Event]:
    """Yield since when each service of today differs from git, as far as audits have seen it."""
    for verdict in document.services:
        moments: dict[str, list[ModelChange]] = {}
        for item in verdict.items:
            if item.first_seen and item.first_seen >= since:
                change = ModelChange(service=verdict.service, path=item.path, kind=item.change)
                moments.setdefault(item.first_seen, []).append(change)
        for at, changes in moments.items():
            yield Event(
                at=at,
                kind="drift",
                repository=verdict.repository or "",
                stack=verdict.stack or "",
                service=verdict.service,
                subject=f"drift on {verdict.host}",
                changes=tuple(changes),
            )


def _of_pulls(pulls: Iterable[PullRequest], since: str) -> Iterator[Event]:
    for pull in pulls:
        for at, what in pull.events:
            if at >= since:
                yield Event(
                    at=at,
                    kind="pull_request",
                    repository=pull.repository,
                    stack="" if pull.stack == _ANY else pull.stack,
                    service="" if pull.service == _ANY else pull.service,
                    subject=f"{what}: {pull.title}",
                    sha=f"#{pull.number}",
                    url=pull.url,
                )
