"""The jobs. Each stands on its own: it reads hosts and git anew, so that it works on the first day as on any other."""

import dagster as dg

from homelab_assets.orchestration import names
from homelab_assets.orchestration.names import AssetJob

DOCUMENTATION = dg.AssetSelection.groups(names.DOCUMENTATION)
REPORTS = dg.AssetSelection.assets(names.DRIFT_REPORT, names.CLEANUP_REPORT, names.STRUCTURE_REPORT)
ELSEWHERE = dg.AssetSelection.groups(names.REMEDIATION, names.MEDIA)
"""Documents tell of these too, as their own jobs have left them."""


def jobs() -> list[AssetJob]:
    """Return all jobs. Their names are fixed: schedules, scripts and people rely on them."""
    return [
        _job(
            "daily_audit",
            (REPORTS | DOCUMENTATION).upstream() - ELSEWHERE,
            "Capture the hosts, load the baselines, compare; drift, cleanup and structure reports, all documentation.",
            kind="audit",
        ),
        _job(
            "drift_remediation",
            dg.AssetSelection.assets(names.PULL_REQUESTS).upstream(),
            "From a fresh audit: one pull request per drifted service, where a forge is configured.",
            kind="remediation",
            config={"ops": {"pull_requests": {"config": {"open": True}}}},
        ),
        _job(
            "pipeline_validation",
            dg.AssetSelection.assets(names.MEDIA_HEALTH, names.PIPELINE_REPORT),
            "Probe the media applications and every link between them; report causes and remedies.",
            kind="pipeline",
        ),
        _job(
            "post_merge_validation",
            (dg.AssetSelection.assets(names.DRIFT_DOCUMENT, names.STRUCTURE_REPORT) | DOCUMENTATION).upstream()
            - ELSEWHERE,
            "After a merge: baselines at the new commit, drift, structure, documentation.",
            kind="audit",
        ),
        _job(
            "documentation_refresh",
            DOCUMENTATION.upstream() - ELSEWHERE,
            "Catalog, diagrams, dependency map, audit trail and runbooks, from what runs and what git says.",
            kind="documentation",
        ),
    ]


def _job(
    name: str, selection: dg.AssetSelection, description: str, *, kind: str, config: dict[str, object] | None = None
) -> AssetJob:
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        config=config,
        tags={"homelab/kind": kind, **names.BOUNDED},
    )
