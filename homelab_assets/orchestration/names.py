"""Keys, groups and owners of the assets. Other tools and people's bookmarks rely on them: renaming one is breaking."""

from typing import Any

import dagster as dg

AssetJob = Any
"""What `define_asset_job` returns; its type has no public name."""

OWNERS = ["team:homelab"]

RETRY = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For steps that look and write files of their own: a full pipe or a busy disk gets two more chances.

What a person has to mend (a `UserError`) is not retried, and neither is what reaches other people: pull requests,
requests to the media applications.
"""

BOUNDED = {"dagster/max_runtime": "1800"}
"""Tags of every run: one that hangs is ended by run monitoring (see dagster.yaml). No audit takes half an hour."""

HEALTH_SCHEDULE = "pipeline_health_schedule"

INVENTORY, CAPTURES, BASELINES, DRIFT = "inventory", "captures", "baselines", "drift"
REPORTS, DOCUMENTATION, REMEDIATION, MEDIA = "reports", "documentation", "remediation", "media"

REPORT: dict[str, Any] = {
    "group_name": REPORTS,
    "kinds": {"report"},
    "owners": OWNERS,
    "tags": {"homelab/kind": "report"},
    "retry_policy": RETRY,
}
"""What all reports have in common, but the media pipeline's, which is among its own."""

DRIFT_DOCUMENT = dg.AssetKey("drift")
DRIFT_REPORT = dg.AssetKey("drift_report")
CLEANUP_REPORT = dg.AssetKey("cleanup_report")
STRUCTURE_REPORT = dg.AssetKey("structure_report")
SERVICE_CATALOG = dg.AssetKey("service_catalog")
ARCHITECTURE_DIAGRAMS = dg.AssetKey("architecture_diagrams")
DEPENDENCY_MAP = dg.AssetKey("dependency_map")
AUDIT_TRAIL = dg.AssetKey("audit_trail")
RUNBOOKS = dg.AssetKey("runbooks")
REMEDIATION_PLANS = dg.AssetKey("remediation_plans")
PULL_REQUESTS = dg.AssetKey("pull_requests")
MEDIA_HEALTH = dg.AssetKey("media_health")
PIPELINE_REPORT = dg.AssetKey("pipeline_report")
PAST_REPORTS = dg.AssetKey("past_reports")


def host_pool(name: str) -> str:
    """Return the pool that bounds how many steps read a host's engine at once."""
    return f"host_{dg.AssetKey(name).to_python_identifier()}"


def host(name: str) -> dg.AssetKey:
    """Return the key of a Docker host, which lives outside Dagster."""
    return dg.AssetKey(["hosts", name])


def repository(name: str) -> dg.AssetKey:
    """Return the key of a git repository, which lives outside Dagster."""
    return dg.AssetKey(["repositories", name])


def media_app(name: str) -> dg.AssetKey:
    """Return the key of an application of the media pipeline, which lives outside Dagster."""
    return dg.AssetKey(["media_apps", name])


def capture(host_name: str) -> dg.AssetKey:
    """Return the key of a host's capture."""
    return dg.AssetKey(["captures", host_name])


def baseline(repository_name: str) -> dg.AssetKey:
    """Return the key of a repository's baselines."""
    return dg.AssetKey(["baselines", repository_name])
