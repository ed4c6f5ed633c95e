"""From drift to pull requests. Planning only looks; pushing branches has to be asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from homelab_assets.orchestration import names, tables
from homelab_assets.orchestration.documents import stored_audit
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.orchestration.store import JsonStore

if TYPE_CHECKING:
    from homelab_assets.remediation.dashboard import Outcome
    from homelab_assets.remediation.plan import RemediationPlan

ALL_DONE = "every_pull_request_was_brought_up_to_date"

_PLANS = {
    "service": "host, stack and service",
    "title": "title of the pull request",
    "severity": "the worst severity among the edits",
    "edits": "differences that are backported",
    "refused": "differences that are not",
    "draft": "whether a person has to look first",
}
_OUTCOMES = {
    "service": "host, stack and service",
    "status": "what became of it",
    "title": "title",
    "reference": "pull request or file",
    "why": "why",
}


class PullRequestConfig(dg.Config):
    """What may be done besides looking."""

    open: bool = Field(
        default=False,
        description="Push branches and open, update or close pull requests. The job drift_remediation sets it.",
    )


def remediation_assets() -> list[dg.AssetsDefinition]:
    """Return the plans, one per drifted service, and what became of their pull requests."""
    return [_plans(), _pull_requests()]


def _plans() -> dg.AssetsDefinition:
    @dg.asset(
        key=names.REMEDIATION_PLANS,
        dagster_type=list,
        deps=[names.DRIFT_DOCUMENT],
        group_name=names.REMEDIATION,
        kinds={"git", "json"},
        owners=names.OWNERS,
        tags={"homelab/kind": "remediation"},
        retry_policy=names.RETRY,
    )
    def remediation_plans(laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]) -> dg.MaterializeResult:
        """What would make git say what runs: the smallest edit per drifted service, proved by a second comparison."""
        from homelab_assets.remediation.flow import plan_audit

        with laboratory.plain_errors():
            plans = plan_audit(laboratory.lab, stored_audit(store, laboratory), vault=laboratory.vault)
        rows = [_plan_row(plan) for plan in plans]
        return dg.MaterializeResult(
            value=rows,
            metadata={
                "plans": dg.MetadataValue.int(len(plans)),
                "actionable": dg.MetadataValue.int(sum(plan.actionable for plan in plans)),
                "table": tables.table(_PLANS, rows),
                "preview": tables.markdown("\n\n".join(f"# {p.title}\n\n{p.body}" for p in plans if p.actionable)),
            },
        )

    return remediation_plans


def _pull_requests() -> dg.AssetsDefinition:
    @dg.asset(
        key=names.PULL_REQUESTS,
        dagster_type=dict,
        deps=[names.REMEDIATION_PLANS, names.DRIFT_DOCUMENT],
        check_specs=[
            dg.AssetCheckSpec(ALL_DONE, asset=names.PULL_REQUESTS, description="No forge and no push refused.")
        ],
        group_name=names.REMEDIATION,
        kinds={"github"},
        owners=names.OWNERS,
        tags={"homelab/kind": "remediation"},
        pool="repository_write",
    )
    def pull_requests(
        context: dg.AssetExecutionContext,
        config: PullRequestConfig,
        laboratory: LaboratoryResource,
        store: dg.ResourceParam[JsonStore],
    ) -> dg.MaterializeResult:
        """One pull request per drifted service, opened, updated or closed; merging stays a person's.

        Without `open: true` in the run's configuration nothing is pushed. A repository without a forge gets patch and
        body under `reports/pull-requests/`.
        """
        from homelab_assets.remediation.flow import open_pull_requests, plan_audit

        if not config.open:
            text = "nothing was pushed: run the job drift_remediation, or set `open: true`"
            skipped = dg.AssetCheckResult(check_name=ALL_DONE, passed=True, description=text)
            # What is known of pull requests stays as the last run that looked at them left it.
            known = store.read(names.PULL_REQUESTS) if store.file(names.PULL_REQUESTS).exists() else _kept([])
            return dg.MaterializeResult(
                value=known, metadata={"opened": False, "remark": text}, check_results=[skipped]
            )
        with laboratory.plain_errors():
            audit = stored_audit(store, laboratory)
            plans = plan_audit(laboratory.lab, audit, vault=laboratory.vault)
            say = laboratory.progress(context)
            outcomes = open_pull_requests(laboratory.lab, audit, plans, progress=say)
        return _result(outcomes)

    return pull_requests


def _result(outcomes: "Sequence[Outcome]") -> dg.MaterializeResult:
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    rows = [
        {
            "service": outcome.identity.name,
            "status": outcome.status,
            "title": outcome.title,
            "reference": outcome.reference,
            "why": outcome.why,
        }
        for outcome in outcomes
    ]
    return dg.MaterializeResult(
        value=_kept(outcomes),
        metadata={
            "opened": True,
            **{status: dg.MetadataValue.int(sum(o.status == status for o in outcomes)) for status in _COUNTED},
            "table": tables.table(_OUTCOMES, rows),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=ALL_DONE,
                passed=not failed,
                description=f"{len(failed)} failed" if failed else f"{len(outcomes)} up to date",
                metadata={"failed": tables.table(_OUTCOMES, [row for row in rows if row["status"] == "failed"])},
            )
        ],
    )


def _kept(outcomes: "Sequence[Outcome]") -> dict[str, Any]:
    """Return the pull requests as they are stored, for the status among others."""
    listed = [
        {
            "service": str(o.identity),
            "title": o.title,
            "url": o.reference,
            "state": "open" if o.status in _OPEN else o.status,
        }
        for o in outcomes
    ]
    return {"schema": 1, "pull_requests": listed}


_OPEN = ("opened", "updated", "unchanged", "reopened", "edited", "kept")
_COUNTED = ("opened", "updated", "unchanged", "closed", "written", "refused", "failed")


def _plan_row(plan: "RemediationPlan") -> dict[str, Any]:
    return {
        "service": str(plan.identity),
        "title": plan.title,
        "severity": plan.severity,
        "edits": len(plan.edits),
        "refused": len(plan.refused),
        "draft": plan.draft,
        "branch": plan.branch,
        "digest": plan.digest,
        "commit": plan.commit,
    }
