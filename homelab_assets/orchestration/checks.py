"""Checks that carry the verdicts. Drift is news, not a crash: none of these stops what comes after."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import dagster as dg

from homelab_assets.drift.document import DriftDocument
from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.assets.captures import FRESH_FOR
from homelab_assets.orchestration.resources import Laboratory, LaboratoryResource
from homelab_assets.orchestration.store import JsonStore
from homelab_assets.rendering.nouns import counted

FRESH = "capture_is_fresh"
NO_BREAKING, NO_DRIFT, COMPLETE, ALL_MANAGED = (
    "no_breaking_drift",
    "no_drift",
    "audit_is_complete",
    "no_unmanaged_containers",
)
_ABSENT = ("missing", "stopped")
_PROBLEMS = {"kind": "what", "where": "where", "what": "what is wrong", "hint": "what to do"}


def asset_checks(lab: Lab) -> list[dg.AssetChecksDefinition]:
    """Return the checks that read what is stored; each can be run on its own."""
    return [_freshness(lab), drift_verdicts]


def _freshness(lab: Lab) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name="captures_are_fresh",
        specs=[
            dg.AssetCheckSpec(
                FRESH,
                asset=names.capture(host),
                description="The stored capture is not older than a day and two hours.",
            )
            for host in lab.hosts
        ],
        can_subset=True,
    )
    def captures_are_fresh(
        context: dg.AssetCheckExecutionContext, laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]
    ) -> Iterator[dg.AssetCheckResult]:
        for key in sorted(context.selected_asset_check_keys, key=lambda key: key.asset_key.path):
            yield _fresh(key.asset_key, store, laboratory)

    return captures_are_fresh


def _fresh(key: dg.AssetKey, store: JsonStore, laboratory: Laboratory) -> dg.AssetCheckResult:
    try:
        stored = store.read(key)
    except dg.Failure as failure:
        return dg.AssetCheckResult(check_name=FRESH, asset_key=key, passed=False, description=failure.description)
    if stored["status"] != "captured":
        return dg.AssetCheckResult(
            check_name=FRESH,
            asset_key=key,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"nothing was captured: {stored['error']}",
            # One cause is one line to whom `notify` names.
            metadata={"status": "blocked"},
        )
    captured_at = stored["captured_at"]
    host = laboratory.lab.hosts[key.path[-1]]
    if host.docker.startswith("capture:"):
        text = f"a recorded capture, made {captured_at}: it never gets any fresher"
        return dg.AssetCheckResult(check_name=FRESH, asset_key=key, passed=True, description=text)
    age = datetime.fromisoformat(laboratory.now()) - datetime.fromisoformat(captured_at)
    hours = age.total_seconds() / 3600
    return dg.AssetCheckResult(
        check_name=FRESH,
        asset_key=key,
        passed=age <= FRESH_FOR,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"captured {hours:.1f} hours ago",
        metadata={"age_hours": dg.MetadataValue.float(round(hours, 2)), "remedy": "run daily_audit"},
    )


_VERDICTS = {
    NO_BREAKING: "Nothing that runs differs from git in a way that breaks things on the next deploy.",
    NO_DRIFT: "What git says runs, and runs as git says, to the last field.",
    COMPLETE: "Every host was captured and everything could be read and compared.",
    ALL_MANAGED: "Every container is known to git.",
}


@dg.multi_asset_check(
    name="drift_verdicts",
    specs=[dg.AssetCheckSpec(name, asset=names.DRIFT_DOCUMENT, description=text) for name, text in _VERDICTS.items()],
    can_subset=True,
)
def drift_verdicts(
    context: dg.AssetCheckExecutionContext, store: dg.ResourceParam[JsonStore]
) -> Iterator[dg.AssetCheckResult]:
    """Judge the stored drift document."""
    document = DriftDocument.from_json(store.read(names.DRIFT_DOCUMENT))
    for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
        yield verdict(key.name, document)


def verdict(name: str, document: DriftDocument) -> dg.AssetCheckResult:
    """Return one verdict on a drift document, with what to do."""
    rows, summary = tables.drift_rows(document), document.summary
    match name:
        case "no_breaking_drift":
            found = [row for row in rows if row.get("severity") == "breaking"]
            return _verdict(name, found, counted(len(found), "breaking difference"), dg.AssetCheckSeverity.ERROR)
        case "no_drift":
            found = [row for row in rows if row["status"] in {"drifted", *_ABSENT}]
            differing = f"{summary['drifted']} of {counted(summary['services'], 'service')}"
            text = f"{differing} drifted, {counted(summary['items'], 'difference')}"
            text += "".join(f", {summary[status]} {status}" for status in _ABSENT if summary[status])
            return _verdict(name, found, text, dg.AssetCheckSeverity.WARN)
        case "no_unmanaged_containers":
            found = [row for row in rows if row["status"] in {"unmanaged", "orphan"}]
            text = f"{counted(len(found), 'container')} that git does not know"
            return _verdict(name, found, text, dg.AssetCheckSeverity.WARN)
        case _:
            return _complete(document)


def _verdict(name: str, found: list[dict[str, Any]], text: str, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=names.DRIFT_DOCUMENT,
        passed=not found,
        severity=severity,
        description=text if found else "none found",
        metadata=_findings(found),
    )


def _findings(found: list[dict[str, Any]]) -> dict[str, dg.MetadataValue]:
    """Return how many there are, which plots over time; and which, with what to do about each, where there are some."""
    count = dg.MetadataValue.int(len(found))
    if not found:
        return {"count": count}
    remedies = dict.fromkeys(f"- **{row['service']}**: {row['advice']}" for row in found)
    table = tables.table(tables.DRIFT_COLUMNS, found)
    return {"count": count, "findings": table, "remedy": tables.markdown("\n".join(remedies))}


def _complete(document: DriftDocument) -> dg.AssetCheckResult:
    dead = [
        {"kind": "host", "where": host.name, "what": host.error, "hint": host.hint}
        for host in document.hosts
        if host.status != "captured"
    ]
    problems = [*dead, *(dict(problem) for problem in document.problems if problem.get("kind") != "host")]
    return dg.AssetCheckResult(
        check_name=COMPLETE,
        asset_key=names.DRIFT_DOCUMENT,
        passed=document.complete,
        severity=dg.AssetCheckSeverity.ERROR,
        description="everything was audited" if document.complete else f"{len(problems)} could not be audited",
        metadata={
            "count": dg.MetadataValue.int(len(problems)),
            **({"problems": tables.table(_PROBLEMS, problems)} if problems else {}),
        },
    )
