"""What both simulated forges have in common: one repository, its pull requests, issues, labels, and its real branches.

Branches are those of a bare repository on disk, so `git push` and the simulated API always tell the same story. Rules
that the real forges have and that matter here are kept: one open pull request per branch, no reopening over a
rewritten or deleted branch, protected branches, revoked tokens, rate limits.
"""

import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOW = "2026-11-23T06:00:00Z"


class Refused(Exception):
    """The simulated forge answers with a status and a message."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


@dataclass
class Pull:
    """A pull request. `head_repository` is another slug for a fork's."""

    number: int
    title: str
    body: str
    head: str
    base: str
    draft: bool
    head_repository: str
    commit: str = ""
    state: str = "open"
    merge_commit: str | None = None
    labels: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    is_pull: bool = True


@dataclass
class Problem:
    """An issue."""

    number: int
    title: str
    body: str
    labels: list[str]
    state: str = "open"
    comments: list[str] = field(default_factory=list)
    is_pull: bool = False


class Repository:
    """The simulated repository.

    Attributes:
        token: the one that is accepted; None after it was revoked. calls: (method, path) of all requests so far.
        writes: those that change something. failures: statuses for the next requests to (method, part of the path).
        checks: state of each commit's checks, "" for none. check_runs: conclusion of its one check run (GitHub).
    """

    def __init__(self, origin: Path, slug: str = "larry/homelab-apps", token: str = "t0ken-of-the-test") -> None:
        self.origin, self.slug = origin, slug
        self.token: str | None = token
        self.things: dict[int, Pull | Problem] = {}
        self.labels: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, str]] = []
        self.failures: list[tuple[str, str, Refused]] = []
        self.checks: dict[str, str] = {}
        self.check_runs: dict[str, str] = {}
        self.drafts = True
        self.lock = threading.RLock()

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that were meant to change something."""
        return [call for call in self.calls if call[0] != "GET"]

    @property
    def pulls(self) -> list[Pull]:
        """All pull requests, oldest first."""
        return [thing for thing in self.things.values() if isinstance(thing, Pull)]

    @property
    def problems(self) -> list[Problem]:
        """All issues, oldest first."""
        return [thing for thing in self.things.values() if isinstance(thing, Problem)]

    def enter(self, method: str, path: str, token: str | None) -> None:
        """Note a request, and refuse it where the test wants that."""
        self.calls.append((method, path))
        for failure in self.failures:
            if failure[0] == method and failure[1] in path:
                self.failures.remove(failure)
                raise failure[2]
        if self.token is None or token != self.token:
            raise Refused(401, "Bad credentials")

    def branch(self, name: str) -> str | None:
        """Return the commit of a branch."""
        done = subprocess.run(
            ["git", "-C", str(self.origin), "rev-parse", "--verify", "-q", f"refs/heads/{name}"],
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip() or None

    def number(self) -> int:
        """Return the next number; pull requests and issues share them."""
        return len(self.things) + 1

    def thing(self, number: int) -> Pull | Problem:
        """Return a pull request or issue."""
        if number not in self.things:
            raise Refused(404, "Not Found")
        return self.things[number]

    def pull(self, number: int) -> Pull:
        """Return a pull request, its head brought up to date while it is open."""
        thing = self.thing(number)
        if not isinstance(thing, Pull):
            raise Refused(404, "Not Found")
        if thing.state == "open" and thing.head_repository == self.slug:
            thing.commit = self.branch(thing.head) or thing.commit
        return thing

    def open_pull(self, title: str, body: str, head: str, base: str, draft: bool, *, taken: int, missing: int) -> Pull:
        """Open a pull request. `taken`, `missing`: the forge's status for a second one, and for an unknown branch."""
        commit = self.branch(head)
        if commit is None or self.branch(base) is None:
            raise Refused(missing, "Validation Failed: head is invalid")
        own = [pull for pull in self.pulls if pull.head_repository == self.slug]
        if any(p.state == "open" and p.head == head and p.base == base for p in own):
            raise Refused(taken, f"A pull request already exists for {head}.")
        if commit == self.branch(base):
            raise Refused(422, f"No commits between {base} and {head}")
        if len(body) > 65_536:
            raise Refused(422, "body is too long (maximum is 65536 characters)")
        pull = Pull(
            number=self.number(), title=title, body=body, head=head, base=base, draft=draft,
            head_repository=self.slug, commit=commit,
        )  # fmt: skip
        self.things[pull.number] = pull
        return pull

    def set_state(self, thing: Pull | Problem, state: str, *, refusal: int) -> None:
        """Close or reopen. A pull request whose branch is gone or was rewritten is not reopened."""
        if state == thing.state:
            return
        if thing.state == "merged":
            raise Refused(refusal, "A merged pull request can't be changed")
        if isinstance(thing, Pull) and state == "open" and self.branch(thing.head) != thing.commit:
            raise Refused(refusal, f"state cannot be changed. The {thing.head} branch was force-pushed or recreated.")
        thing.state = state

    def merge(self, number: int, commit: str | None = None) -> str:
        """Merge a pull request into its base in the bare repository, with a merge commit.

        Raises:
            Refused: it conflicts, or its head has moved.
        """
        pull = self.pull(number)
        if commit is not None and commit != pull.commit:
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        base = self.branch(pull.base)
        assert base is not None
        tree = self._git("merge-tree", "--write-tree", base, pull.commit)
        if tree is None:
            raise Refused(405, "Merge conflict")
        merged = self._git(
            "-c", "user.name=Larry", "-c", "user.email=larry@home.arpa", "commit-tree", tree.split()[0],
            "-p", base, "-p", pull.commit, "-m", f"Merge pull request #{number}",
        )  # fmt: skip
        assert merged is not None
        self._git("update-ref", f"refs/heads/{pull.base}", merged)
        pull.state, pull.merge_commit = "merged", merged
        return merged

    def _git(self, *arguments: str) -> str | None:
        done = subprocess.run(["git", "-C", str(self.origin), *arguments], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None
