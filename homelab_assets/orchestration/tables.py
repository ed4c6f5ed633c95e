"""Metadata that Dagster shows: tables with an explicit schema (a day without drift has no rows), Markdown, links."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from homelab_assets.drift.document import SEVERITIES, DriftDocument
from homelab_assets.secrecy import redact

_LONGEST = 120
_FOLDED = re.compile(r"</?details>\n?|<summary>(?P<title>.*?)</summary>")
_RELATIVE = re.compile(r"(?<!!)\[(?P<text>[^\]\n]+)\]\((?![a-z]+:)[^)\s]*\)")
MOST_ROWS = 200

DRIFT_COLUMNS = {
    "service": "host, stack and service",
    "severity": "breaking, functional or cosmetic",
    "path": "what differs, in Compose's vocabulary; or what the service is: missing, stopped, unmanaged, orphan",
    "git": "as git has it",
    "running": "as it runs",
    "cause": "who moved: the host, git or the image",
    "where": "file and line in git",
    "since": "when an audit first saw it",
}


def schema(columns: Mapping[str, str]) -> dg.TableSchema:
    """Return the columns, by name and description, as a table's schema."""
    return dg.TableSchema(columns=[dg.TableColumn(name, "string", description=text) for name, text in columns.items()])


def table(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """Return rows as a table; the first `MOST_ROWS` of them, so that the event log does not grow with a fleet."""
    records = [dg.TableRecord({name: cell(row.get(name)) for name in columns}) for row in rows]
    return dg.MetadataValue.table(records=records[:MOST_ROWS], schema=schema(columns))


def cell(value: Any) -> str:
    """Return a value as short text without secrets, fit for a table's cell."""
    text = "" if value is None else redact(str(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def markdown(text: str, most: int = 20_000) -> dg.MarkdownMetadataValue:
    """Return a preview of a Markdown text; a long one is cut and says so."""
    if len(text) > most:
        text = text[:most].rsplit("\n", 1)[0] + "\n\n… (the whole text is in the file)\n"
    return dg.MetadataValue.md(text)


def preview(text: str) -> dg.MarkdownMetadataValue:
    """Return a written page as Dagster can show it: nothing folded, and no links to the files beside it."""
    opened = _FOLDED.sub(lambda found: f"## {found['title']}" if found["title"] else "", text)
    return markdown(_RELATIVE.sub(lambda found: found["text"], opened))


def files(paths: Sequence[Path]) -> dict[str, dg.MetadataValue]:
    """Return where files were written: the first as a path to click, and a list where there are several."""
    if not paths:
        return {"files": dg.MetadataValue.int(0)}
    shown: dict[str, dg.MetadataValue] = {
        "path": dg.MetadataValue.path(str(paths[0])),
        "files": dg.MetadataValue.int(len(paths)),
    }
    if len(paths) == 1:
        return shown
    return {**shown, "file_list": markdown("\n".join(f"- `{path}`" for path in paths), 4000)}


def drift_rows(document: DriftDocument) -> list[dict[str, Any]]:
    """Return one row per finding, worst first: a difference, or a service that is missing, unmanaged and the like.

    Besides the columns a row has the service's `status`, and what to do as `advice`.
    """
    from homelab_assets.rendering.drift_words import advice

    rows = []
    for service in document.services:
        if service.status == "clean":
            continue
        shared = {
            "service": str(service.subject),
            "status": service.status,
            "advice": advice(service),
            "path": service.status,
            "cause": service.cause,
            "where": _place(service.file, service.line),
        }
        rows += [
            {
                **shared,
                "severity": item.severity,
                "path": item.path,
                "git": item.baseline,
                "running": item.running,
                "where": _place(item.file, item.line) or shared["where"],
                "since": (item.first_seen or "")[:10],
            }
            for item in service.items
        ] or [shared]
    order = {severity: number for number, severity in enumerate(SEVERITIES)}
    return sorted(rows, key=lambda row: order.get(row.get("severity", ""), len(order)))


def _place(file: str | None, line: int | None) -> str | None:
    return f"{file}:{line}" if file and line else file
