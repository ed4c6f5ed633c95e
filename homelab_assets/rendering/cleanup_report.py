"""The cleanup report: for a terminal, as Markdown and as JSON."""

from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import to_builtins

from homelab_assets.rendering.json_text import json_text
from homelab_assets.rendering.markdown import cell, code, table, terminal_safe
from homelab_assets.rendering.painter import Painter

if TYPE_CHECKING:
    from homelab_assets.repository.stale import CleanupReport, StaleItem

_COLORS = {"high": "red", "medium": "yellow", "low": "cyan"}
_MEANINGS = {
    "high": "nothing reads it, or nothing has run from it although it is long since deployed",
    "medium": "part of a stack that runs, or changed lately: it may only wait for its deploy",
    "low": "nothing says which host it belongs to; no host runs it",
}


def headline(report: "CleanupReport") -> str:
    """Return one sentence about the whole."""
    total = len(report.items)
    stacks = len({(item.repository, item.stack) for item in report.items})
    nothing = "Nothing is known to be stale" if report.incomplete else "Nothing is stale"
    text = f"{total} stale thing{'s' * (total != 1)} in {stacks} stack{'s' * (stacks != 1)}" if total else nothing
    return f"{text}; {len(report.unjudged)} could not be judged" if report.unjudged else text


def cleanup_markdown(report: "CleanupReport") -> str:
    """Render the report that is written as `cleanup-YYYY-MM-DD.md`."""
    parts = [f"# Cleanup report, {report.generated_at[:10]}", f"**{headline(report)}.** Nothing was deleted."]
    if report.incomplete:
        parts.append(
            "> [!WARNING]\n> Not all hosts and repositories could be read. What could not be judged is not stale."
        )
    for (repository, stack), items in groupby(report.items, key=lambda item: (item.repository, item.stack)):
        members = list(items)
        last = next((item.last_commit for item in members if item.last_commit), None)
        changed = f"Last changed {last[:10]}.\n\n" if last else ""
        rows = [[item.kind, code(_what(item), in_table=True), item.confidence, cell(item.reason)] for item in members]
        parts.append(
            f"## {cell(f'{repository} / {stack}')}\n\n{changed}" + table(["kind", "what", "confidence", "why"], rows)
        )
    if report.unjudged:
        rows = [[cell(f"{u.repository} / {u.stack}"), cell(u.endpoint or ""), cell(u.reason)] for u in report.unjudged]
        parts.append("## Not judged\n\n" + table(["stack", "endpoint", "why"], rows))
    if report.items:
        meanings = "\n".join(f"- **{name}**: {meaning}" for name, meaning in _MEANINGS.items())
        parts.append(f"## Confidence\n\n{meanings}")
    baselines = [
        [cell(b.repository), code(b.ref, in_table=True), code(b.commit[:12] or "working tree")]
        for b in report.baselines
    ]
    if baselines:
        parts.append("## Compared with\n\n" + table(["repository", "ref", "commit"], baselines))
    return "\n\n".join(parts) + "\n"


def cleanup_terminal(report: "CleanupReport", *, color: bool) -> str:
    """Render for people at a terminal."""
    paint = Painter(color)
    lines: list[str] = []
    for (repository, stack), items in groupby(report.items, key=lambda item: (item.repository, item.stack)):
        members = list(items)
        last = next((item.last_commit for item in members if item.last_commit), None)
        when = paint(f"  last changed {last[:10]}", dim=True) if last else ""
        lines.append(paint(terminal_safe(f"{repository} / {stack}"), bold=True) + when)
        for item in members:
            sure = paint(f"{item.confidence:6}", fg=_COLORS[item.confidence])
            lines.append(f"  {sure} {item.kind:12} {terminal_safe(_what(item))}  ({terminal_safe(item.reason)})")
        lines.append("")
    for unjudged in report.unjudged:
        where = f" on {unjudged.endpoint}" if unjudged.endpoint else ""
        lines.append(terminal_safe(f"not judged: {unjudged.repository} / {unjudged.stack}{where}: {unjudged.reason}"))
    return "\n".join([*lines, headline(report)]) + "\n"


def cleanup_json(report: "CleanupReport") -> str:
    """Render as JSON, schema 1."""
    data = {"schema": 1, **to_builtins(report)}
    return json_text(data)


def _what(item: "StaleItem") -> str:
    line = f":{item.line}" if item.line else ""
    name = f" {item.service}" if item.service else f" {item.stack}" if item.kind == "target" else ""
    return f"{item.file}{line}{name}"
