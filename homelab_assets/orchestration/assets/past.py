"""Reports of past days, written anew: for days on which nobody ran an audit, or after their form has changed.

A partition is a day. What ran on a day can't be found out later: the drift and pipeline reports are rendered from the
documents that were recorded then. Structure comes from git, as its baseline branches stood at the end of the day.
"""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
from msgspec.structs import replace

from homelab_assets import reports
from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import UserError
from homelab_assets.files import read_json
from homelab_assets.lab.settings import Lab
from homelab_assets.moments import utc_text
from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.resources import LaboratoryResource

FIRST_DAY = "2025-01-01"
"""The first partition. It must not move: Dagster would forget the days before it."""


def past_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    """Return the asset whose partitions are days, in the zone of the lab's schedule."""
    days = dg.DailyPartitionsDefinition(start_date=FIRST_DAY, timezone=lab.schedule.get("timezone") or "UTC")

    @dg.asset(
        key=names.PAST_REPORTS,
        deps=[*map(names.repository, lab.repositories)],
        partitions_def=days,
        # A month in one run: starting a run takes longer than writing a day's reports.
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=31),
        **names.REPORT,
    )
    def past_reports(context: dg.AssetExecutionContext, laboratory: LaboratoryResource) -> dg.MaterializeResult:
        """Reports of one past day, written anew; backfill a range of days to have them all.

        Drift and pipeline reports are rendered from the day's recorded documents; the structure report from git, as it
        stood at the end of the day.
        """
        files: list[Path] = []
        remarks: list[str] = []
        with laboratory.plain_errors():
            for day in sorted(context.partition_keys):
                written, said = write_past(laboratory.lab, day)
                files += written
                remarks += [f"{day}: {text}" for text in said]
        metadata: dict[str, Any] = tables.files(files)
        metadata["remarks"] = tables.markdown("\n".join(f"- {text}" for text in remarks) or "none", 4000)
        return dg.MaterializeResult(metadata=metadata)

    return [past_reports]


def write_past(lab: Lab, day: str) -> tuple[list[Path], list[str]]:
    """Write the reports of a day (`YYYY-MM-DD`) anew.

    Returns:
        The files, and what could not be written with the reason.
    """
    files: list[Path] = []
    remarks: list[str] = []
    for kind, write in (("drift", _drift), ("pipeline-test", _pipeline)):
        recorded = lab.reports / f"{kind}-{day}.json"
        try:
            files += write(lab, read_json(recorded), day)
        except FileNotFoundError:
            remarks.append(f"{recorded.name}: nothing was recorded on that day")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            remarks.append(f"{recorded.name}: damaged or of another version ({type(error).__name__})")
    files += _structure(lab, day, remarks)
    return files, remarks


def _drift(lab: Lab, recorded: dict[str, Any], day: str) -> tuple[Path, ...]:
    return reports.write_drift_markdown(lab, DriftDocument.from_json(recorded), day=day)


def _pipeline(lab: Lab, recorded: dict[str, Any], day: str) -> tuple[Path, ...]:
    return reports.write_pipeline_report(lab, recorded, day=day)


def _structure(lab: Lab, day: str, remarks: list[str]) -> list[Path]:
    from homelab_assets.repository.structure import selection
    from homelab_assets.repository.validate import validate_lab

    end = end_of_day(day, lab.schedule.get("timezone"))
    pinned = {}
    for name, repository in lab.repositories.items():
        commit = _commit_at(repository.path, repository.ref, end, name, remarks)
        if commit:
            pinned[name] = replace(repository, ref=commit)
    if not pinned:
        return []
    then = replace(lab, repositories=pinned)
    result = validate_lab(then, selection(then.structure), generated_at=end)
    named = (replace(one, ref=lab.repositories[one.name].ref or one.ref) for one in result.repositories)
    return [reports.write_structure_report(lab, replace(result, repositories=tuple(named)))]


def end_of_day(day: str, timezone: str | None) -> str:
    """Return the last second of a day where the operator lives, as ISO 8601 UTC."""
    last = datetime.combine(date.fromisoformat(day), time(23, 59, 59))
    aware = last.replace(tzinfo=ZoneInfo(timezone)) if timezone else last.astimezone()
    return utc_text(aware)


def _commit_at(path: Path, ref: str | None, moment: str, name: str, remarks: list[str]) -> str | None:
    from homelab_assets.repository.git import Git

    try:
        git = Git(path)
        tip = git.resolve(ref or git.default_ref())
        # The branch's own line: a commit of a side branch was no baseline before its merge.
        answer = git.run("rev-list", "-1", "--first-parent", f"--before={moment}", tip, "--")
    except UserError as error:
        remarks.append(f"{name} could not be read: {error}")
        return None
    commit = answer.text.strip()
    if not commit:
        remarks.append(f"{name} did not exist yet on that day")
    return commit or None
