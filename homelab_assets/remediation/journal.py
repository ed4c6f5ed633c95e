"""What became of this tool's pull requests, as each run leaves them: for the status and the audit trail.

The forge is the truth; this is what was last seen of it, so that nothing has to be asked again.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from homelab_assets.files import read_json, write_whole
from homelab_assets.forge.model import PullRequest
from homelab_assets.remediation.identity import ANY, KINDS, read_marker
from homelab_assets.secrecy import redact

_MOST_EVENTS, _MOST_CLOSED = 50, 500


class Entry(Struct, frozen=True, kw_only=True):
    """One pull request.

    Attributes:
        kind: word of its kind, such as `drift`. service: "" where it is about a whole stack.
        state: `open`, `closed` or `merged`. digest: names the set of changes that it proposes.
        events: (moment of the run that saw it, ISO 8601 UTC; what happened), oldest first.
    """

    repository: str
    kind: str
    host: str
    stack: str
    service: str
    number: int
    title: str
    url: str
    state: str
    digest: str
    events: Sequence[tuple[str, str]] = ()


def read_journal(state: Path) -> tuple[list[Entry] | None, str | None]:
    """Return the pull requests, newest first, None where none was ever looked at; and what is wrong with the file."""
    file = state / "pull_requests.json"
    try:
        return convert(read_json(file)["pull_requests"], list[Entry]), None
    except FileNotFoundError:
        return None, None
    except (ValueError, KeyError, TypeError, OSError):
        return None, f"{file} can't be read; the next run that looks at pull requests writes it anew"


def record(state: Path, repository: str, pulls: Sequence[PullRequest], now: str) -> None:
    """Note what a forge has now, next to what was noted of the other repositories.

    Args:
        pulls: all of the repository, newest first. now: ISO 8601 UTC.

    Raises:
        UserError: the state folder is not writable.
    """
    known, _ = read_journal(state)
    before = {(one.repository, one.number): one for one in known or ()}
    mine = [_seen(pull, repository, before.get((repository, pull.number)), now) for pull in pulls]
    others = [one for one in known or () if one.repository != repository]
    entries = [*(one for one in mine if one is not None), *others]
    still = [one for one in entries if one.state == "open"]
    ended = [one for one in entries if one.state != "open"][:_MOST_CLOSED]
    data = {"schema": 1, "pull_requests": to_builtins([*still, *ended])}
    write_whole(state / "pull_requests.json", json.dumps(data, ensure_ascii=False, indent=1) + "\n", private=True)


def _seen(pull: PullRequest, repository: str, before: Entry | None, now: str) -> Entry | None:
    found = next(((kind, marker) for kind in KINDS if (marker := read_marker(pull.body, kind))), None)
    if found is None:
        return None
    kind, (identity, digest) = found
    host, service = ("" if part == ANY else part for part in (identity.host, identity.service))
    entry = Entry(
        repository=repository,
        kind=kind.word,
        host=host,
        stack=identity.stack,
        service=service,
        number=pull.number,
        title=redact(pull.title),
        url=pull.url,
        state=pull.state,
        digest=digest,
    )
    events = [*(before.events if before else ()), *((now, what) for what in _happened(before, entry))]
    return replace(entry, events=tuple(events[-_MOST_EVENTS:]))


def _happened(before: Entry | None, now: Entry) -> Iterable[str]:
    if before is None:
        yield "opened"
        if now.state != "open":
            yield now.state
    elif before.state != now.state:
        yield "reopened" if now.state == "open" else now.state
    elif before.digest != now.digest:
        yield "updated"
