"""The words in which people read a drift document, shared by the terminal and the Markdown report."""

import shlex
from collections.abc import Mapping
from typing import Any

from homelab_assets.drift.document import DriftDocument, Item, ServiceDrift
from homelab_assets.rendering.markdown import terminal_safe
from homelab_assets.rendering.nouns import counted

CAUSES = {
    "host_changed": "changed on the host",
    "git_ahead": "git is ahead: a deploy is due",
    "image_moved": "the tag points to another image",
    "unknown": "cause unknown",
}

STATUSES = {
    "clean": "clean",
    "drifted": "drifted",
    "missing": "missing: git has it, no container exists",
    "stopped": "stopped",
    "unmanaged": "unmanaged: no baseline knows it",
    "orphan": "orphan: its stack is in git, the service is not",
    "unreachable": "not audited: the host could not be reached",
    "unknown": "not judged",
}


def name(service: ServiceDrift) -> str:
    """Return `host / stack / service`, without the stack where there is none."""
    return " / ".join(part for part in service.subject if part)


def place(problem: Mapping[str, Any]) -> str:
    """Return where a problem is; a file inside a repository is named with it. Empty where there is no place."""
    where, repository = str(problem.get("where") or ""), problem.get("repository")
    return f"{repository}: {where}" if where and repository and not where.startswith("/") else where


def advice(service: ServiceDrift) -> str:
    """Say what to do about a service; empty where there is nothing to do."""
    container, named = (
        shlex.quote(terminal_safe(text).replace("`", ""))
        for text in (service.container or service.service, service.service)
    )
    match service.remedy:
        case "backport":
            return (
                f"Backport: `drift-detector remediate --service {named}` shows what git can take over and what it "
                "can't; `--open` makes it a pull request."
            )
        case "deploy" if service.status == "missing":
            return "Deploy the stack, or take the service out of git."
        case "deploy" if all(item.of_definition for item in service.items):
            return "Make anew what keeps its old definition, as said beside it; nothing has to change in git."
        case "deploy" if service.cause != "git_ahead":
            return f"Make it anew (`docker compose up -d --force-recreate {named}`); nothing has to change in git."
        case "deploy":
            return (
                "Deploy: git moved after this container was created. Redeploy the stack; nothing has to change in git."
            )
        case "pull":
            return "Pull and redeploy: the tag now names another image than the one that runs."
        case "adopt":
            return f"Adopt it (`drift-detector adopt {container}`) or remove the container."
        case "remove":
            return f"Remove the container (`docker rm -f {container}`), or bring the service back to git."
        case "start":
            return "Start it, or take it out of git."
        case "unpause":
            return f"Resume it (`docker unpause {container}`), or take it out of git."
        case "none":
            return ""


def remedy_of(item: Item) -> str:
    """Say what to do about an item that its service's container has no part in."""
    note = (item.note or "").replace("`", "")
    return f"{note[:1].upper()}{note[1:]}."


def value(shown: Any) -> str:
    """Write a value of an item on one line, as it would stand in a compose file."""
    if shown is None:
        return ""
    if isinstance(shown, bool):
        return "true" if shown else "false"
    if isinstance(shown, list | tuple):
        return "[" + ", ".join(value(item) for item in shown) + "]"
    if isinstance(shown, dict):
        return "{" + ", ".join(f"{key}: {value(item)}" for key, item in shown.items()) + "}"
    return str(shown)


def diff_lines(item: Item) -> list[str]:
    """Return an item as lines of a diff from git to what runs: `- path: old`, `+ path: new`."""
    lines = []
    if item.change != "added":
        lines.append(f"- {item.path}: {value(item.baseline)}")
    if item.change != "removed":
        lines.append(f"+ {item.path}: {value(item.running)}")
    return lines


def headline(document: DriftDocument) -> str:
    """Say the result in one sentence."""
    counts = document.summary
    parts = [
        f"{counts[status]} {status}"
        for status in ("drifted", "missing", "stopped", "orphan", "unmanaged", "unreachable", "unknown")
        if counts[status]
    ]
    services = counted(counts["services"], "service")
    rest = "" if document.complete else "; not everything could be audited"
    if not counts["services"]:
        return "No service was found, in git or running" if document.complete else "Nothing could be audited"
    if not parts:
        return f"{services} audited, no drift{rest or ': what is in git is what is running'}"
    items = counted(counts["items"], "difference")
    severities = ", ".join(f"{counts[s]} {s}" for s in ("breaking", "functional", "cosmetic"))
    return f"{', '.join(parts)} of {services}; {items}: {severities}{rest}"
