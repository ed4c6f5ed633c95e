"""What git remembers: commits, and when each folder last changed."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from subprocess import Popen

from msgspec import Struct

from homelab_assets.moments import utc_text
from homelab_assets.repository.git import Git

# Fields are framed by NUL, which can stand neither in a commit's text nor in a file name; the leading and the closing
# empty token tell a commit's head from the file names that follow it.
_MOST_PLACES = 1000
_FIELDS = ("%H", "%P", "%an", "%ae", "%ct", "%s", "%b")


class Commit(Struct, frozen=True, kw_only=True):
    """One commit. `committed_at` is ISO 8601 UTC, "" where the commit has none that makes sense; `files` are the paths
    that it changed against its first parent."""

    sha: str
    parents: Sequence[str]
    author: str
    email: str
    committed_at: str
    subject: str
    body: str
    files: Sequence[str] = ()


def log(
    git: Git,
    ref: str = "HEAD",
    *,
    since: str | None = None,
    until: str | None = None,
    limit: int = 1000,
    files: bool = True,
) -> tuple[Commit, ...]:
    """Return commits, newest first. A repository without commits has none.

    Args:
        ref: branch, commit or range (`a..b`).
        since, until: ISO 8601 bounds of the committer's time.
        files: list the changed paths of each.

    Raises:
        GitError: there is no such ref. Texts of commits are whatever people wrote: render them with care.
    """
    if ref == "HEAD" and git.find("HEAD") is None:
        return ()
    options = ["-z", f"--max-count={limit}", "--no-color", "--no-renames", _format(_FIELDS)]
    options += ["--name-only", "--diff-merges=first-parent"] if files else ["--no-patch"]
    options += [f"--since={since}"] if since else []
    options += [f"--until={until}"] if until else []
    answer = git.run("log", *options, "--end-of-options", ref, "--")
    return tuple(_commit(fields, names) for fields, names in _entries(iter(answer.out.split(b"\0")), len(_FIELDS)))


def last_changes(git: Git, commit: str, places: Sequence[str], *, grafts: Collection[str] = ()) -> dict[str, str]:
    """Return when each folder or file last changed on the branch, ISO 8601 UTC, in one pass through the history.

    The branch's own line is followed: a merged pull request counts from its merge. The root is "". Those that a
    shallow clone does not tell about, or whose commit has no date that makes sense, are left out.

    Args:
        grafts: commits whose parents the clone does not hold (`Clone.grafts`).
    """
    wanted, found = set(places), dict[str, str]()
    arguments = ("log", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--no-color", "-z",
                 "--name-only", _format(("%H", "%ct")), "--end-of-options", commit, "--")  # fmt: skip
    with git.stream(*arguments) as process:
        for (sha, stamp), names in _entries(_tokens(process), 2):
            # The oldest commit of a shallow clone seems to have changed everything.
            if not wanted or sha.decode("ascii", "replace") in grafts:
                break
            touched = {place for name in names for place in _places(name)}
            if when := _utc(stamp):
                found.update(dict.fromkeys(wanted & touched, when))
            wanted -= touched
    return found


def changes_of(git: Git, commit: str, places: Sequence[str], *, limit: int) -> dict[str, list[tuple[str, str]]]:
    """Return the commits of the branch's own line that changed each folder or file, newest first, with their dates in
    UTC, in one pass through the history. Nothing where the clone does not tell all of it.

    Args:
        limit: of the commits of each of them.
    """
    found: dict[str, list[tuple[str, str]]] = {place: [] for place in places}
    wanted = set(found)
    asked = () if "" in wanted or len(wanted) > _MOST_PLACES else found
    arguments = ("log", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--no-color", "-z",
                 "--name-only", _format(("%H", "%ct")), "--end-of-options", commit, "--", *asked)  # fmt: skip
    with git.stream(*arguments) as process:
        for (sha, stamp), names in _entries(_tokens(process), 2):
            for place in wanted & {place for name in names for place in _places(name)}:
                found[place].append((sha.decode("ascii", "replace"), _utc(stamp)))
                if len(found[place]) == limit:
                    wanted.discard(place)
            if not wanted:
                return found
        return found if process.wait() == 0 else {}


def _format(fields: Sequence[str]) -> str:
    return "--format=tformat:%x00" + "%x00".join(fields) + "%x00"


def _entries(tokens: Iterator[bytes], count: int) -> Iterator[tuple[list[bytes], list[str]]]:
    """Group NUL-separated tokens into commits: their fields and their file names."""
    next(tokens, b"")
    while len(fields := list(islice(tokens, count))) == count:
        next(tokens, b"")
        # The empty token that ends the names is the one that leads the next commit.
        names = [
            name.removeprefix(b"\n").decode("utf-8", "surrogateescape") for name in iter(lambda: next(tokens, b""), b"")
        ]
        yield fields, names


def _tokens(process: "Popen[bytes]") -> Iterator[bytes]:
    assert process.stdout is not None
    rest = b""
    while chunk := process.stdout.read1(65536):  # type: ignore[attr-defined]
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    yield rest


def _places(path: str) -> Iterable[str]:
    """A file, and the folders that it lies in."""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path


def _utc(stamp: bytes) -> str:
    try:
        return utc_text(datetime.fromtimestamp(int(stamp), UTC))
    except (ValueError, OverflowError, OSError):
        # Commits that tools made by hand can hold any date; git tells nothing, or the year three million.
        return ""


def _commit(fields: Sequence[bytes], names: Sequence[str]) -> Commit:
    sha, parents, author, email, _, subject, body = (field.decode("utf-8", "replace") for field in fields)
    return Commit(
        sha=sha,
        parents=tuple(parents.split()),
        author=author,
        email=email,
        committed_at=_utc(fields[4]),
        subject=subject,
        body=body.strip(),
        files=tuple(names),
    )
