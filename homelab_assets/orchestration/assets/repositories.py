"""What the repositories themselves look like: stale files and broken conventions."""

from typing import TYPE_CHECKING, Any

import dagster as dg
from msgspec.structs import replace

from homelab_assets import reports
from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.documents import stored_baselines, stored_captures, stored_drift
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.orchestration.store import JsonStore

if TYPE_CHECKING:
    from homelab_assets.repository.cleanup import CleanupReport
    from homelab_assets.repository.structure import StructureResult

NOTHING_STALE, CONVENTIONS_HOLD = "nothing_is_stale", "conventions_hold"

_STALE = {
    "kind": "what it is",
    "repository": "repository",
    "stack": "stack",
    "file": "file",
    "confidence": "how sure it is",
    "reason": "why it counts as stale",
}
_BROKEN = {
    "rule": "rule",
    "level": "error, warning or note",
    "where": "file and line",
    "message": "what is wrong",
}


def repository_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    """Return the cleanup report and the structure report of a lab's repositories."""
    return [_cleanup(), _structure(lab)]


def _cleanup() -> dg.AssetsDefinition:
    @dg.asset(
        key=names.CLEANUP_REPORT,
        deps=[names.DRIFT_DOCUMENT],
        check_specs=[
            dg.AssetCheckSpec(
                NOTHING_STALE, asset=names.CLEANUP_REPORT, description="Everything in git has something that runs."
            )
        ],
        **names.REPORT,
    )
    def cleanup_report(laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]) -> dg.MaterializeResult:
        """Files in git from which nothing runs any more: `reports/cleanup-YYYY-MM-DD.md`. Flagged, never deleted."""
        from homelab_assets.repository.cleanup import find_stale

        with laboratory.plain_errors():
            baselines = stored_baselines(store, laboratory)
            captures = stored_captures(store, laboratory, baselines.baselines)
            found = find_stale(baselines, captures, stored_drift(store))
            path = reports.write_cleanup_report(laboratory.lab, found)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(path)),
                "stale": dg.MetadataValue.int(len(found.items)),
                "unjudged": dg.MetadataValue.int(len(found.unjudged)),
                "items": tables.table(_STALE, _stale_rows(found)),
                "preview": tables.preview(path.read_text("utf-8")),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=NOTHING_STALE,
                    passed=not found.items,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=f"{len(found.items)} stale, {len(found.unjudged)} stacks could not be judged",
                    metadata={"items": tables.table(_STALE, _stale_rows(found))},
                )
            ],
        )

    return cleanup_report


def _structure(lab: Lab) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.STRUCTURE_REPORT,
        deps=[names.baseline(name) for name in lab.repositories],
        check_specs=[
            dg.AssetCheckSpec(
                CONVENTIONS_HOLD,
                asset=names.STRUCTURE_REPORT,
                description="The repositories keep the conventions that lab.yaml selects.",
            )
        ],
        **names.REPORT,
    )
    def structure_report(laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]) -> dg.MaterializeResult:
        """Which conventions the repositories break, where, and what mends it: `reports/structure-YYYY-MM-DD.md`."""
        from homelab_assets.repository.structure import selection
        from homelab_assets.repository.validate import validate_lab

        with laboratory.plain_errors():
            stored = {name: store.read(names.baseline(name)) for name in laboratory.lab.repositories}
            pinned = laboratory.pinned({name: one["commit"] for name, one in stored.items() if one["commit"]})
            # One that could not be read stays as lab.yaml has it, so that it is said once more.
            whole = replace(pinned, repositories={**laboratory.lab.repositories, **pinned.repositories})
            result = validate_lab(whole, selection(whole.structure), generated_at=laboratory.now())
            named = (replace(one, ref=stored[one.name]["ref"] or one.ref) for one in result.repositories)
            result = replace(result, repositories=tuple(named))
            path = reports.write_structure_report(laboratory.lab, result)
        rows = _broken_rows(result)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(path)),
                "findings": dg.MetadataValue.int(len(rows)),
                "errors": dg.MetadataValue.int(sum(row["level"] == "error" for row in rows)),
                "table": tables.table(_BROKEN, rows),
                "preview": tables.preview(path.read_text("utf-8")),
            },
            check_results=[_conventions(result, rows)],
        )

    return structure_report


def _conventions(result: "StructureResult", rows: list[dict[str, Any]]) -> dg.AssetCheckResult:
    errors = any(row["level"] == "error" for row in rows) or bool(result.problems)
    return dg.AssetCheckResult(
        check_name=CONVENTIONS_HOLD,
        passed=not rows and not result.problems,
        severity=dg.AssetCheckSeverity.ERROR if errors else dg.AssetCheckSeverity.WARN,
        description=f"{len(rows)} findings" if rows else "nothing found",
        metadata={
            "findings": tables.table(_BROKEN, rows),
            "remedy": "the report says what mends each; `drift-detector validate --fix` mends what is safe to mend",
        },
    )


def _stale_rows(found: "CleanupReport") -> list[dict[str, Any]]:
    return [{name: getattr(item, name) for name in _STALE} for item in found.items]


def _broken_rows(result: "StructureResult") -> list[dict[str, Any]]:
    from homelab_assets.rendering.structure_report import neutral

    return [
        {
            "rule": finding.rule,
            "level": finding.level,
            "where": f"{finding.file}:{finding.line}" if finding.line else finding.file,
            "message": finding.message,
        }
        for finding in neutral(result)[0]
    ]
