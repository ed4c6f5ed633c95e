"""Old runs are forgotten, with their files; young ones, and those that still run, are not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.names import HEALTH_SCHEDULE
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.retention import forget
from homelab_assets_tests.orchestration.world import make_lab


def later(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_health_looks_are_forgotten_after_a_week_and_tests_and_audits_much_later(tmp_path: Path) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    lab = make_lab(tmp_path)

    @dg.job(name="pipeline_validation")
    def health() -> None: ...

    @dg.job(name="daily_audit")
    def audit() -> None: ...

    def retain(instance: dg.DagsterInstance, days: int) -> None:
        overrides = {"laboratory": Laboratory(lab, now=lambda: later(days))}
        job = build_defs(lab=lab, resource_overrides=overrides, environment={}).resolve_job_def("history_retention")
        assert job.execute_in_process(instance=instance).success

    with dg.DagsterInstance.from_config(str(home)) as instance:
        # As Dagster's scheduler marks them.
        look = dg.DagsterRun.tags_for_schedule(
            build_defs(lab=lab, environment={}).resolve_schedule_def(HEALTH_SCHEDULE)
        )
        old = health.execute_in_process(instance=instance, tags=look).run_id
        kept, tested = (job.execute_in_process(instance=instance).run_id for job in (audit, health))
        still = instance.create_run_for_job(health, status=dg.DagsterRunStatus.STARTED).run_id

        def known() -> set[str]:
            return {run.run_id for run in instance.get_runs()} & {old, kept, tested, still}

        retain(instance, 6)
        assert known() == {old, kept, tested, still}
        retain(instance, 8)
        assert known() == {kept, tested, still}
        assert [path.name for path in home.rglob(f"*{old}*")] == []
        assert instance.all_logs(kept)
        retain(instance, 401)
        assert known() == {still}


def test_what_checks_said_goes_with_their_run(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

    @dg.asset(check_specs=[dg.AssetCheckSpec("well", asset="thing")])
    def thing() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    check = dg.AssetCheckKey(dg.AssetKey("thing"), "well")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert dg.materialize([thing], instance=instance).success
        assert len(instance.event_log_storage.get_asset_check_execution_history(check, limit=9)) == 1
        assert forget(instance, datetime.now(UTC) - timedelta(days=1)) == 0
        assert len(instance.event_log_storage.get_asset_check_execution_history(check, limit=9)) == 1
        assert forget(instance, datetime.now(UTC) + timedelta(days=1)) == 1
        assert instance.event_log_storage.get_asset_check_execution_history(check, limit=9) == []
