"""Reads what the last runs left behind, for the status. A file that can't be read is told, never taken for nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from homelab_assets.documentation.cron import next_run
from homelab_assets.documentation.status import Leftovers
from homelab_assets.drift.document import DriftDocument
from homelab_assets.files import read_json
from homelab_assets.lab.settings import DAILY_AUDIT, Lab

_DAY = re.compile(r"^(?:drift|pipeline-test)-[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_CATALOG = "service_catalog.json"


def read_leftovers(lab: Lab, now: datetime) -> Leftovers:
    """Read the newest of each kind of result; what a wrong clock dated into the future is a problem, not the newest.

    Args:
        now: with a time zone.
    """
    found = Leftovers()
    end = now + timedelta(days=1)
    reports = _newest(lab.reports.glob("drift-*.json"), end, found.problems)
    found.document = max(
        _documents([*reports, lab.state / "history.json"], end, found.problems),
        key=lambda d: d.generated_at,
        default=None,
    )
    found.catalog = _mapping(lab.docs / _CATALOG, found.problems)
    tests = _newest(lab.reports.glob("pipeline-test-*.json"), end, found.problems)
    results = list(_results(tests, end, found.problems))
    for look in _results([lab.state / "assets" / "media_health.json"], end, found.problems):
        # It says nothing of the links between the applications: one that found nothing leaves the test its word.
        if not results or not _is_well(look):
            results.append(look)
    found.pipeline = max(results, key=lambda result: str(result["generated_at"]), default=None)
    found.pull_requests = _pull_requests(lab.state, found.problems)
    return found


def next_audit(lab: Lab, now: datetime, problems: list[str]) -> datetime | None:
    """Return when the daily audit is due next, in the schedule's time zone."""
    from zoneinfo import ZoneInfo

    zone = lab.schedule.get("timezone")
    try:
        local = now.astimezone(ZoneInfo(zone) if zone else None)
        return next_run(lab.schedule.get("daily_audit") or DAILY_AUDIT, local)
    except (ValueError, KeyError, OSError) as error:
        line = lab.lines.get("schedule.daily_audit") or lab.lines.get("schedule.timezone") or 1
        problems.append(f"{lab.file}:{line}: schedule: {error}")
        return None


def _newest(files: Iterable[Path], end: datetime, problems: list[str]) -> list[Path]:
    # Names hold the day, so that the newest report is the last by name; one without a day is no report of ours.
    past = []
    for file in sorted(file for file in files if _DAY.search(file.stem)):
        if file.stem[-10:] <= end.date().isoformat():
            past.append(file)
        else:
            problems.append(f"{file} is from the future: the clock was wrong then; delete it")
    return past[-1:]


def _documents(files: Iterable[Path], end: datetime, problems: list[str]) -> Iterator[DriftDocument]:
    for file in files:
        data = _mapping(file, problems)
        if data is None:
            continue
        try:
            document = DriftDocument.from_json(data)
            past = datetime.fromisoformat(document.generated_at) <= end
        except (ValueError, TypeError, AttributeError) as error:
            problems.append(f"{file} can't be used: {error}")
        else:
            if past:
                yield document


def _mapping(file: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        data = read_json(file)
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        problems.append(f"{file} can't be read: {getattr(error, 'strerror', None) or 'it is damaged'}")
        return None
    if not isinstance(data, dict):
        problems.append(f"{file} can't be used: it is not what was written there")
        return None
    return data


def _results(files: Iterable[Path], end: datetime, problems: list[str]) -> Iterator[dict[str, Any]]:
    for file in files:
        result = _mapping(file, problems)
        if result and _is_past(result, end):
            yield result


def _is_well(result: Mapping[str, Any]) -> bool:
    checks = result.get("checks") or ()
    return all(isinstance(check, Mapping) and check.get("status") in ("pass", "skipped") for check in checks)


def _is_past(result: Mapping[str, Any], end: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(result.get("generated_at"))) <= end
    except (ValueError, TypeError):
        return False


def _pull_requests(state: Path, problems: list[str]) -> list[dict[str, str]] | None:
    from homelab_assets.remediation.journal import read_journal

    entries, problem = read_journal(state)
    problems += [problem] if problem else []
    return None if entries is None else [{"title": e.title, "url": e.url} for e in entries if e.state == "open"]
