"""Who a pull request is about, and what exactly it proposes: written into it where people don't see it.

The identity is host, stack and service. The digest names the very set of changes; a person who closes a pull request
declines that digest and no other.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from msgspec import Struct

from homelab_assets.drift.document import Subject

_MARKER = re.compile(r"<!-- homelab-assets:([a-z]+) ([^\s/]+)/([^\s/]+)/([^\s/]+) ([0-9a-f]{16}) -->")
_BODY = re.compile(r"<!-- homelab-assets:body ([0-9a-f]{16}) -->")
_CLOSED = "<!-- homelab-assets:closed -->"
_NOT_IN_BRANCH = re.compile(r"[^a-z0-9]+")


class Kind(Struct, frozen=True, kw_only=True):
    """A family of pull requests, which leaves those of the other families alone.

    Attributes:
        word: names it in hidden markers. prefix: of its branches. returns: what may come back after it was gone.
    """

    word: str
    prefix: str
    returns: str


DRIFT = Kind(word="drift", prefix="fix/drift-", returns="the drift")
CLEANUP = Kind(word="cleanup", prefix="chore/cleanup-", returns="what is stale")
ADOPTION = Kind(word="adopt", prefix="feat/adopt-", returns="the container")
PIPELINE = Kind(word="pipeline", prefix="fix/pipeline-", returns="the fault")
DOCUMENTS = Kind(word="docs", prefix="docs/", returns="the change")
README_TABLE = Kind(word="readme", prefix="docs/readme-", returns="the change")
KINDS = (DRIFT, CLEANUP, ADOPTION, PIPELINE, DOCUMENTS, README_TABLE)


ANY = "*"


class Identity(Struct, frozen=True, kw_only=True, order=True):
    """What a pull request is about: the service on its host, or the whole stack, where host and service are `*`."""

    host: str
    stack: str
    service: str

    @property
    def subject(self) -> Subject:
        """The same, as a drift document has it."""
        return Subject(self.host, self.stack, self.service)

    @property
    def name(self) -> str:
        """What people call it: only what it is about."""
        return "/".join(part for part in (self.host, self.stack, self.service) if part not in (ANY, "-"))

    def __str__(self) -> str:
        return f"{self.host}/{self.stack}/{self.service}"


def marker(identity: Identity, digest: str, kind: Kind = DRIFT) -> str:
    """Return the hidden line that a pull request is found by. Names can't end the comment they stand in."""
    return f"<!-- homelab-assets:{kind.word} {marker_path(identity)} {digest} -->"


def read_marker(body: str, kind: Kind = DRIFT) -> tuple[Identity, str] | None:
    """Return identity and digest of a pull request's body; None where it is none of this kind. The last one counts."""
    found = [parts for word, *parts in _MARKER.findall(body) if word == kind.word]
    if not found:
        return None
    host, stack, service, digest = found[-1]
    # A folder, and so a stack, may have a name that is no UTF-8.
    names = (unquote(part, errors="surrogatepass") for part in (host, stack, service))
    return Identity(**dict(zip(("host", "stack", "service"), names, strict=True))), digest


def body_marker(fingerprint: str) -> str:
    """Return the hidden line that says which text the body was made from."""
    return f"<!-- homelab-assets:body {fingerprint} -->"


def read_body_marker(body: str) -> str | None:
    """Return the fingerprint of a body's text."""
    found = _BODY.findall(body)
    return found[-1] if found else None


def mark_closed(body: str) -> str:
    """Return the body of a pull request that this tool closes itself."""
    return body if _CLOSED in body else f"{body}\n{_CLOSED}"


def closed_by_us(body: str) -> bool:
    """Say whether this tool closed the pull request, so that it may open it again."""
    return _CLOSED in body


def trailers(identity: Identity, digest: str, content: str) -> str:
    """Return the last lines of a commit message, from which a branch is recognised."""
    return f"Audit-Identity: {marker_path(identity)}\nAudit-Digest: {digest}\nAudit-Content: {content}"


def marker_path(identity: Identity) -> str:
    """Return an identity as one word."""
    return "/".join(_encoded(part or "") for part in identity.subject)


def read_trailers(message: str) -> tuple[str, str, str] | None:
    """Return (identity as one word, digest, content) of a commit message; None where it is none of ours."""
    found = dict(re.findall(r"^Audit-(Identity|Digest|Content): (\S+)$", message, re.MULTILINE))
    if len(found) < 3:
        return None
    return found["Identity"], found["Digest"], found["Content"]


def digest_of(*parts: Any) -> str:
    """Return 16 hexadecimal digits that name these JSON values."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def content_digest(files: Mapping[str, bytes | None]) -> str:
    """Return 16 hexadecimal digits that name these file contents."""
    total = hashlib.sha256()
    for path, data in sorted(files.items()):
        total.update(hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest())
        total.update(hashlib.sha256(b"gone" if data is None else b"is" + data).digest())
    return total.hexdigest()[:16]


def branch_name(kind: Kind, moment: str, *parts: str) -> str:
    """Return a branch name such as `fix/drift-<service>-<timestamp>`.

    Args:
        moment: ISO 8601 UTC. parts: what it is about: the service alone, or more where that is taken.
    """
    stamp = re.sub(r"\D", "", moment)[:14]
    return f"{kind.prefix}{'-'.join(kebab(part) for part in parts)}-{stamp[:8]}-{stamp[8:]}"


def kebab(text: str) -> str:
    """Return a name as lower-case words with dashes, at most 40 characters; a hash tells what was lost apart."""
    plain = _NOT_IN_BRANCH.sub("-", text.lower()).strip("-")
    if plain and len(plain) <= 40 and plain == text.lower().replace("_", "-").replace(".", "-"):
        return plain
    return f"{plain[:32].strip('-') or 'x'}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:6]}"


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass").replace("--", "%2D%2D") or "%20"
