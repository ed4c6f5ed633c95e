"""What a probe can say. A verdict is a type; `Unknown` never counts as a pass."""

from collections.abc import Sequence
from typing import Any, Literal, assert_never

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.media.causes import cause
from homelab_assets.secrecy import SHOWN, redact

Status = Literal["pass", "fail", "blocked", "unknown", "skipped"]
STATUSES: tuple[Status, ...] = ("pass", "fail", "blocked", "unknown", "skipped")

Evidence = Sequence[str]
"""Observations that a person can check, one sentence each, without secrets."""


class Pass(Struct, frozen=True):
    """The link holds; `evidence` says what was seen."""

    evidence: Evidence = ()


class Fail(Struct, frozen=True):
    """The link is broken. `cause` is a code of the catalogue, which holds title, diagnosis and the general remedy.

    Attributes:
        remedy: what to do in this very case; empty where the catalogue's words are enough.
        about: the thing inside the app that is broken (an indexer's name, a folder), for the fixes.
    """

    cause: str
    evidence: Evidence = ()
    remedy: str = ""
    about: str = ""

    @property
    def stops(self) -> bool:
        """Whether what depends on it is blocked. A mere warning lets media flow."""
        return cause(self.cause).severity == "error"


class Blocked(Struct, frozen=True):
    """Not judged: it depends on a check that failed. `by` is the id of the check where the trouble begins."""

    by: str


class Unknown(Struct, frozen=True):
    """Could not be judged. `cause` is a code where the catalogue knows the reason."""

    why: str
    cause: str | None = None
    evidence: Evidence = ()


class Skipped(Struct, frozen=True):
    """Does not apply here, or was not asked for."""

    why: str


Verdict = Pass | Fail | Blocked | Unknown | Skipped


def status_of(verdict: Verdict) -> Status:
    """Return the one word for a verdict."""
    match verdict:
        case Pass():
            return "pass"
        case Fail():
            return "fail"
        case Blocked():
            return "blocked"
        case Unknown():
            return "unknown"
        case Skipped():
            return "skipped"
        case _:
            assert_never(verdict)


def scrubbed(verdict: Verdict, secrets: Sequence[str]) -> Verdict:
    """Return a verdict whose texts hold no secret, whatever an app put into a name or a message."""

    def clean(text: str) -> str:
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, SHOWN)
        return redact(text)

    match verdict:
        case Pass(evidence):
            return Pass([clean(line) for line in evidence])
        case Fail(evidence=evidence):
            return replace(verdict, evidence=[clean(line) for line in evidence])
        case Unknown(why, evidence=evidence):
            return replace(verdict, why=clean(why), evidence=[clean(line) for line in evidence])
        case _:
            return verdict


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON values; failed and unknown ones with the catalogue's words."""
    result: dict[str, Any] = {
        "status": status_of(verdict),
        "cause": getattr(verdict, "cause", None),
        "title": None,
        "diagnosis": None,
        "remedy": None,
        "runbook": None,
        "severity": None,
        "evidence": list(getattr(verdict, "evidence", ())),
        "by": getattr(verdict, "by", None),
        "why": getattr(verdict, "why", None),
        "about": getattr(verdict, "about", None) or None,
    }
    if result["cause"]:
        known = cause(result["cause"])
        result |= {"title": known.title, "diagnosis": known.diagnosis, "runbook": known.runbook}
        result |= {"severity": known.severity, "remedy": getattr(verdict, "remedy", "") or known.remedy}
    return result
