"""The schedules. They look, and keep Dagster's storage small; all are on from the start that have something to do."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from homelab_assets.lab.settings import DAILY_AUDIT, Lab
from homelab_assets.orchestration import names
from homelab_assets.orchestration.names import AssetJob
from homelab_assets.orchestration.retention import retention_schedule

HEALTH = "*/5 * * * *"


def schedules(lab: Lab, jobs: dict[str, AssetJob]) -> list[dg.ScheduleDefinition]:
    """Return the daily audit (time and zone from `lab.yaml`), the health look every five minutes, nightly retention."""
    timezone = lab.schedule.get("timezone") or _machine_timezone()
    daily = dg.ScheduleDefinition(
        name="daily_audit_schedule",
        job=jobs["daily_audit"],
        cron_schedule=lab.schedule.get("daily_audit") or DAILY_AUDIT,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Audits everything once a day; the section `schedule` of lab.yaml says when.",
        tags={"homelab/trigger": "schedule"},
    )
    return [daily, retention_schedule(timezone), _health(lab, jobs["pipeline_validation"], timezone)]


def _health(lab: Lab, job: AssetJob, timezone: str) -> dg.ScheduleDefinition:
    configured = bool(lab.media.get("services"))

    @dg.schedule(
        name=names.HEALTH_SCHEDULE,
        job=job,
        cron_schedule=HEALTH,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if configured else dg.DefaultScheduleStatus.STOPPED,
        description="Asks the media applications every five minutes whether they are well; changes nothing.",
    )
    def pipeline_health_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if not configured:
            return dg.SkipReason("lab.yaml has no media section")
        # A look that takes longer than five minutes is not overtaken by the next one; one that died with its machine
        # does not stand in the way for ever.
        running = context.instance.get_runs_count(
            dg.RunsFilter(
                job_name="pipeline_validation",
                statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
                created_after=datetime.now(UTC) - timedelta(minutes=30),
            )
        )
        if running:
            return dg.SkipReason("the last validation of the pipeline has not ended yet")
        return dg.RunRequest(asset_selection=[names.MEDIA_HEALTH], tags={"homelab/trigger": "schedule"})

    return pipeline_health_schedule


def _machine_timezone() -> str:
    """Return the machine's zone by its IANA name, `UTC` where it has none."""
    from pathlib import Path
    from zoneinfo import available_timezones

    zone = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return zone if zone in available_timezones() else "UTC"
