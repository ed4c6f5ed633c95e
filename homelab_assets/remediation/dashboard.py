"""The one issue that shows where every drifted service stands."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from homelab_assets.drift.document import DriftDocument
from homelab_assets.remediation.body import sentence
from homelab_assets.remediation.identity import Identity
from homelab_assets.remediation.markdown import code, shortened

MARKER = "<!-- homelab-assets:dashboard -->"
TITLE = "Drift: what is open, waiting, declined, failed and ignored"
_MOST = 100
_LIMIT = 60_000


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one service, as the dashboard and the terminal show it.

    Attributes:
        status: opened, updated, unchanged, reopened, edited, declined, merged, waiting, refused, closed, kept, failed,
            or written (no forge).
        reference: pull request or file, for people. why: the reason, in words.
    """

    status: str
    identity: Identity
    title: str = ""
    number: int | None = None
    reference: str = ""
    why: str = ""


_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Open": ("opened", "updated", "unchanged", "reopened"),
    "Open, with commits of a person (left alone)": ("edited", "kept"),
    "Merged, waiting for the next audit": ("merged",),
    "Waiting": ("waiting",),
    "Declined by a person": ("declined",),
    "Failed": ("failed",),
    "Not backported": ("refused",),
}


def dashboard_body(outcomes: Sequence[Outcome], document: DriftDocument) -> str:
    """Return the issue's body. It holds no date, so that the same state is the same text."""
    parts = ["This issue is kept up to date by the audit. Editing it has no effect; closing it opens it again."]
    for heading, statuses in _SECTIONS.items():
        # What a run did about an open one is not true of the next run any more.
        lines = [_line(outcome, why=heading != "Open") for outcome in outcomes if outcome.status in statuses]
        if lines:
            parts.append(f"## {heading}\n\n" + shortened(lines, _MOST))
    ignored = [f"- {_who(*i.subject)} {code(i.path)}: {sentence(i.reason)}" for i in document.ignored]
    if ignored:
        parts.append("## Ignored by a rule\n\n" + shortened(ignored, _MOST))
    strangers = [v for v in document.services if v.status == "unmanaged"]
    unmanaged = [f"- {_who(v.host, None, v.container or v.service)}" for v in strangers]
    if unmanaged:
        parts.append("## Running, but unknown to git (`drift-detector adopt`)\n\n" + shortened(unmanaged, _MOST))
    if len(parts) == 1:
        parts.append("Nothing: git says what runs.")
    text = "\n\n".join(parts)
    if len(text) > _LIMIT:
        text = text[:_LIMIT].rpartition("\n")[0] + "\n\n… cut; see the drift report"
    return f"{text}\n\n{MARKER}\n"


def _line(outcome: Outcome, *, why: bool) -> str:
    number = f" #{outcome.number}" if outcome.number else ""
    reason = f": {sentence(outcome.why)}" if outcome.why and why else ""
    return f"- {_who(*outcome.identity.subject)}{number}{reason}"


def _who(host: str, stack: str | None, service: str) -> str:
    return " / ".join(code(part) for part in (host, stack, service) if part)
