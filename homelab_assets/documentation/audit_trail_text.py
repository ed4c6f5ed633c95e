"""`reports/AUDIT_TRAIL.md`."""

from collections.abc import Iterable, Sequence

from homelab_assets.documentation import words
from homelab_assets.documentation.audit_trail import Event, Trail
from homelab_assets.documentation.change import ModelChange
from homelab_assets.documentation.markers import block, seen
from homelab_assets.rendering.markdown import cell, link, table
from homelab_assets.rendering.nouns import counted
from homelab_assets.secrecy import SHOWN, is_secret, redact, show

AUDIT_TRAIL = "AUDIT_TRAIL.md"
MOST = 400
"""Events that are shown at most, the newest."""


def audit_trail_document(trail: Trail, *, demo: bool = False) -> str:
    """Render the trail as Markdown."""
    parts = [words.DEMO if demo else "", _headline(trail), seen(trail.until), _repositories(trail)]
    parts += [f"> [!NOTE]\n> {words.text(notice)}" for notice in trail.notices]
    left = MOST
    for stack, events in trail.grouped().items():
        shown = events[: max(0, left)]
        left -= len(shown)
        parts.append(f"## {words.text(stack) or 'Outside of stacks'}")
        if shown:
            parts.append(table(("service", "when (UTC)", "who", "what", "change"), map(_row, shown)))
        if len(shown) < len(events):
            parts.append(f"… and {len(events) - len(shown)} more.")
    body = "\n\n".join(part.strip("\n") for part in parts if part)
    return f"# Audit trail\n\n{block('audit-trail', body)}\n{words.NOTES}"


def _headline(trail: Trail) -> str:
    commits = sum(trail.commits.values())
    drifts = sum(event.kind == "drift" for event in trail.events)
    found = f", drift first seen {counted(drifts, 'time')}" if drifts else ""
    return f"**{counted(commits, 'commit')} in {counted(trail.days, 'day')}{found}.**"


def _repositories(trail: Trail) -> str:
    rows = []
    for repository, count in trail.commits.items():
        url = trail.compares.get(repository, "")
        rows.append((cell(repository), str(count), link("all changes", url) if url else "–"))
    return table(("repository", "commits", "compare"), rows, right=(1,)) if rows else "No repository is configured."


def _row(event: Event) -> Sequence[str]:
    service, when = words.text(event.service) or "–", event.at[:16].replace("T", " ")
    if event.kind == "drift":
        return (service, when, "–", f"**{words.text(event.subject)}** first seen", _changes(event.changes))
    commit = link(event.sha[:10], event.url) if event.url else words.mono(event.sha[:10])
    if event.kind == "pull_request":
        return (service, when, "–", f"pull request {commit}", cell(redact(event.subject)))
    if event.kind == "merge":
        return (service, when, words.text(event.author), f"{cell(redact(event.subject))} ({commit})", "merged")
    what = (
        _changes(event.changes)
        if event.changes
        else words.joined((words.mono(f) for f in event.files), most=6) or "nothing"
    )
    return (service, when, words.text(event.author), f"{cell(redact(event.subject))} ({commit})", what)


def _changes(changes: Iterable[ModelChange]) -> str:
    return "; ".join(_change(change) for change in list(changes)[:8]) + (
        f"; and {len(more)} more" if (more := list(changes)[8:]) else ""
    )


def _value(change: ModelChange, value: str) -> str:
    # Git may hold in clear what should never have been there; nobody wants to find it here too.
    hidden = SHOWN if value and is_secret(change.path.rpartition(".")[2], value) else show(value)
    return words.mono(redact(hidden))


def _change(change: ModelChange) -> str:
    old, new = _value(change, change.old), _value(change, change.new)
    if not change.path:
        return f"service {change.kind}" + (f" ({new or old})" if new or old else "")
    path = words.mono(change.path)
    if change.kind == "added":
        return f"{path} added" + (f": {new}" if new else "")
    if change.kind == "removed":
        return f"{path} removed" + (f" (was {old})" if old else "")
    return f"{path}: {old or '(empty)'} → {new or '(empty)'}" if old or new else f"{path} changed"
