"""Keeps Dagster's history small: it has no retention of runs and events of its own, and a health look every five
minutes makes some hundred thousand events a month."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field

from homelab_assets.orchestration import names
from homelab_assets.orchestration.resources import LaboratoryResource

_BATCH = 200
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


class RetentionConfig(dg.Config):
    """How long runs are remembered, in days."""

    health_days: int = Field(default=7, ge=1, description="The health looks that come every five minutes by schedule.")
    days: int = Field(default=400, ge=7, description="All other runs; their figures plot over time.")


@dg.op(description="Deletes the records of old runs from Dagster's storage; reports and stored assets stay.")
def forget_old_runs(context: dg.OpExecutionContext, config: RetentionConfig, laboratory: LaboratoryResource) -> None:
    """Delete ended runs with their events and logs, oldest first."""
    now = datetime.fromisoformat(laboratory.now()).astimezone(UTC)
    forgotten = {
        # A test of the whole pipeline is a run of the same job: what its checks said stays.
        "health": forget(context.instance, now - timedelta(days=config.health_days), schedule=names.HEALTH_SCHEDULE),
        "all": forget(context.instance, now - timedelta(days=config.days)),
    }
    context.log.info(f"forgot {sum(forgotten.values())} runs")
    context.add_output_metadata({name: dg.MetadataValue.int(count) for name, count in forgotten.items()})


def forget(instance: dg.DagsterInstance, before: datetime, *, schedule: str | None = None) -> int:
    """Delete what Dagster knows of ended runs (of one schedule) from before a moment; return how many there were."""
    count = 0
    for run_id in _old_runs(instance, before, schedule):
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        _delete_shard(instance, run_id)
        _delete_check_executions(instance, run_id)
        count += 1
    return count


def _old_runs(instance: dg.DagsterInstance, before: datetime, schedule: str | None) -> Iterator[str]:
    tags = {"dagster/schedule_name": schedule} if schedule else None
    chosen = dg.RunsFilter(tags=tags, statuses=_ENDED, created_before=before)
    while records := instance.get_run_records(chosen, limit=_BATCH, ascending=True):
        yield from [record.dagster_run.run_id for record in records]


def _delete_shard(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete the run's own database file, which SQLite's storage leaves behind empty."""
    path_for_shard = getattr(instance.event_log_storage, "path_for_shard", None)
    if path_for_shard is None:
        return
    for ending in ("", "-wal", "-shm"):
        file = f"{path_for_shard(run_id)}{ending}"
        if os.path.exists(file):
            os.unlink(file)


def _delete_check_executions(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete what the run's asset checks said: Dagster deletes it with the asset alone, never with the run."""
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Executions

    connection = getattr(instance.event_log_storage, "index_connection", None)
    if connection is None:
        return
    with connection() as database:
        database.execute(Executions.delete().where(Executions.c.run_id == run_id))


@dg.job(
    name="history_retention",
    description="Forgets old runs: health looks after a week, all others after 400 days.",
    tags={"homelab/kind": "maintenance", **names.BOUNDED},
)
def history_retention() -> None:
    """Forget old runs."""
    forget_old_runs()


def retention_schedule(timezone: str) -> dg.ScheduleDefinition:
    """Return `history_retention_schedule`, nightly and on from the start: it deletes nothing but Dagster's records."""
    return dg.ScheduleDefinition(
        name="history_retention_schedule",
        job=history_retention,
        cron_schedule="40 3 * * *",
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Keeps Dagster's storage small; reports and stored assets stay.",
        tags={"homelab/trigger": "schedule"},
    )
