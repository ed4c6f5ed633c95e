"""What the pipeline's report says in words, for all formats. The input is the result's JSON document."""

from collections.abc import Mapping, Sequence
from typing import Any

from homelab_assets.rendering.nouns import noun

WORDS = {"pass": "passed", "fail": "failed", "blocked": "blocked", "unknown": "unknown", "skipped": "skipped"}
SIGNS = {"pass": "✓", "fail": "✗", "blocked": "‖", "unknown": "?", "skipped": "–"}

_WHOLE_WAY = "end_to_end.dry_run"
_NAMES = ("CSRF", "Gluetun", "Plex")

Document = Mapping[str, Any]


def by_id(document: Document) -> Mapping[str, Mapping[str, Any]]:
    """Return the checks by id."""
    return {check["id"]: check for check in document["checks"]}


def titles(document: Document) -> Mapping[str, str]:
    """Return the links' titles by id."""
    return {link["link"]: link["title"] for link in document["chain"]}


def verdict(document: Document) -> str:
    """Return the whole result in one sentence."""
    broken = document.get("first_broken")
    if broken:
        check = by_id(document)[broken["check"]]
        head = "Media flows, with a flaw at" if check["severity"] == "warning" else "The chain breaks at"
        return f"{head} {titles(document)[broken['link']]}: {in_a_sentence(check['title'])}"
    if document["summary"]["unknown"]:
        return "Nothing is broken, but not everything could be judged"
    if document.get("health_only"):
        return "Every app answers"
    if by_id(document).get(_WHOLE_WAY, {}).get("status") != "pass":
        return "What was looked at holds, but not every link was looked at"
    return "The whole chain holds, from request to playback"


def in_a_sentence(title: str) -> str:
    """Return a cause's title as it stands in the middle of a sentence."""
    return title if title.startswith(_NAMES) else title[:1].lower() + title[1:]


def explanation(document: Document) -> str:
    """Return what stands behind the sentence: how many checks fail, and how many those block."""
    summary = document["summary"]
    parts = [f"{summary['pass']} of {summary['total']} checks pass"]
    if failed := summary["fail"]:
        parts.append(f"{failed} {noun(failed, 'fails', 'fail')}")
    if blocked := summary["blocked"]:
        parts.append(f"{blocked} {noun(blocked, 'is', 'are')} blocked by {noun(failed, 'it', 'them')}")
    if summary["unknown"]:
        parts.append(f"{summary['unknown']} could not be judged, which is no pass")
    return "; ".join(parts) + "."


_CALLS = {
    "read": ("read", "reads"),
    "login": ("login", "logins"),
    "command": ("command", "commands"),
    "test": ("test by an app", "tests by the apps"),
    "search": ("search", "searches"),
    "write": ("write", "writes"),
    "file": ("file read in a container", "files read in containers"),
    "exec": ("command in a container", "commands in containers"),
}


def effects(document: Document) -> str:
    """Return what the run did to the apps."""
    done = [
        f"{count} {one if count == 1 else many}"
        for kind, count in document["effects"].items()
        for one, many in [_CALLS.get(kind, (kind, kind))]
    ]
    return f"Calls to the apps: {', '.join(done)}." if done else "No app was called."


def troubles(document: Document) -> Sequence[Mapping[str, Any]]:
    """Return failed checks, then those that could not be judged, each with its link's title, fix and dependants."""
    fixes = {fix["check"]: fix for fix in document.get("fixes") or ()}
    named = titles(document)
    return [
        {
            **check,
            "link_title": named[check["link"]],
            "fix": fixes.get(check["id"]),
            "blocks": [other["name"] for other in document["checks"] if other["by"] == check["id"]],
        }
        for status in ("fail", "unknown")
        for check in document["checks"]
        if check["status"] == status
    ]
