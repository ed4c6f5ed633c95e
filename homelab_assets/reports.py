"""Dated report files: written whole or not at all; a second one of a day replaces the first; old ones are pruned."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homelab_assets.drift.document import DriftDocument
from homelab_assets.files import write_whole
from homelab_assets.lab.settings import Lab
from homelab_assets.locking import exclusive
from homelab_assets.rendering.json_text import json_text

if TYPE_CHECKING:
    from homelab_assets.repository.cleanup import CleanupReport
    from homelab_assets.repository.structure import StructureResult

_DATED = re.compile(r"(?:drift|cleanup|structure|pipeline-test)-(\d{4}-\d{2}-\d{2})\.(?:md|json|html|xml)")


def local_day(moment: str, timezone: str | None = None) -> str:
    """Return the day of a UTC moment where the operator lives (default: the machine's zone), as `YYYY-MM-DD`."""
    from zoneinfo import ZoneInfo

    when = datetime.fromisoformat(moment)
    return when.astimezone(ZoneInfo(timezone) if timezone else None).date().isoformat()


def write_report(
    lab: Lab, kind: str, moment: str, texts: Mapping[str, str], *, day: str | None = None
) -> tuple[Path, ...]:
    """Write one report in several formats, and prune reports that are older than `reports.keep_days`.

    Args:
        kind: `drift`, `cleanup`, `structure` or `pipeline-test`. moment: ISO 8601 UTC.
        texts: text by file ending, such as `{"md": …, "json": …}`.
        day: of the report, if it has one already; default: of the moment, where the operator lives.

    Returns:
        The files, in the order of `texts`.

    Raises:
        UserError: the folder is not writable, the disk is full, or another run has been writing for long.
    """
    day = day or local_day(moment, lab.schedule.get("timezone"))
    files = tuple(lab.reports / f"{kind}-{day}.{ending}" for ending in texts)
    # One lock for all reports: the .md and the .json of one day always come from the same audit.
    with exclusive(lab.state / "reports.lock", doing=f"writing the {kind} report"):
        # Counted from the report before this one: a clock that jumps ahead once costs no report.
        today = min([day, *sorted(_days(lab.reports))[-1:]])
        for file, text in zip(files, texts.values(), strict=True):
            write_whole(file, text)
        prune(lab.reports, keep_days=lab.reports_settings.get("keep_days"), today=date.fromisoformat(today))
    return files


def write_drift_report(lab: Lab, document: DriftDocument) -> tuple[Path, ...]:
    """Write `reports/drift-YYYY-MM-DD.md` and `.json`, and the metrics `reports/homelab.prom`.

    Returns:
        The paths of the dated files, the Markdown first.
    """
    from homelab_assets.rendering.drift_markdown import drift_markdown
    from homelab_assets.rendering.prometheus import drift_prometheus

    # Beside the dated reports, under one name: node_exporter's textfile collector reads a folder.
    write_whole(lab.reports / "homelab.prom", drift_prometheus(document))
    data = json_text(document.to_json())
    texts = {"md": drift_markdown(document, docs=_docs_from_reports(lab)), "json": data}
    return write_report(lab, "drift", document.generated_at, texts)


def write_drift_markdown(lab: Lab, document: DriftDocument, *, day: str) -> tuple[Path, ...]:
    """Write the Markdown of a day's drift report anew, and nothing else."""
    from homelab_assets.rendering.drift_markdown import drift_markdown

    texts = {"md": drift_markdown(document, docs=_docs_from_reports(lab))}
    return write_report(lab, "drift", document.generated_at, texts, day=day)


def _docs_from_reports(lab: Lab) -> str:
    """Return the folder of the runbooks as a link in a report names it."""
    return os.path.relpath(lab.docs, lab.reports).replace(os.sep, "/")


def write_pipeline_report(lab: Lab, document: Mapping[str, Any], *, day: str | None = None) -> tuple[Path, ...]:
    """Write `reports/pipeline-test-YYYY-MM-DD.html`, `.json` and `.xml`. Only runbooks that are there are linked.

    Args:
        document: of the run. day: of a report that is written anew; its JSON stays as it is.

    Returns:
        The files, the HTML first.
    """
    from homelab_assets.rendering.pipeline_files import report_texts

    there = {str(file.relative_to(lab.docs)) for file in lab.docs.glob("troubleshooting/*.md")}
    texts = report_texts(document, docs=_docs_from_reports(lab), runbooks=there)
    kept = {ending: text for ending, text in texts.items() if not day or ending != "json"}
    return write_report(lab, "pipeline-test", document["generated_at"], kept, day=day)


def prune(folder: Path, *, keep_days: int | None, today: date) -> tuple[Path, ...]:
    """Delete dated reports older than `keep_days`; nothing without a number. Other files are never touched."""
    if keep_days is None:
        return ()
    oldest = (today - timedelta(days=keep_days)).isoformat()
    gone = [file for day, files in sorted(_days(folder).items()) if day < oldest for file in files]
    for file in gone:
        file.unlink(missing_ok=True)
    return tuple(gone)


def _days(folder: Path) -> dict[str, list[Path]]:
    """Dated reports by day, in the order of their names."""
    days: dict[str, list[Path]] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _DATED.fullmatch(file.name)
        with suppress(ValueError):
            if match and date.fromisoformat(match[1]):
                days.setdefault(match[1], []).append(file)
    return days


def write_cleanup_report(lab: Lab, report: "CleanupReport") -> Path:
    """Write `reports/cleanup-YYYY-MM-DD.md` and return its path."""
    from homelab_assets.rendering.cleanup_report import cleanup_markdown

    return write_report(lab, "cleanup", report.generated_at, {"md": cleanup_markdown(report)})[0]


def write_structure_report(lab: Lab, result: "StructureResult") -> Path:
    """Write `reports/structure-YYYY-MM-DD.md` and return its path."""
    from homelab_assets.rendering.structure_report import structure_markdown

    return write_report(lab, "structure", result.generated_at, {"md": structure_markdown(result)})[0]
