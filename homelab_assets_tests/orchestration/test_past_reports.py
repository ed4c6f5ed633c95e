"""Backfills: the reports of past days, from what was recorded and from git as it stood then."""

import json
from pathlib import Path

import dagster as dg
import pytest
from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument, ServiceDrift
from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.assets.past import end_of_day, write_past
from homelab_assets.reports import write_drift_report
from homelab_assets_tests.orchestration.world import COMPOSE, Repository, git, make_lab

UNTAGGED = "image nginx has no tag"
BROKEN = "services:\n  web:\n    image: nginx\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    repository = Repository(tmp_path, "apps")
    repository.merge("stacks/web/docker-compose.yml", BROKEN, "2026-01-10T12:00:00Z")
    repository.merge("stacks/web/docker-compose.yml", COMPOSE, "2026-01-12T12:00:00Z")
    git(repository.clone, "fetch", "-q")
    return make_lab(
        tmp_path,
        repositories={"apps": {"path": "apps", "ref": "origin/main"}},
        schedule={"timezone": "Europe/Brussels"},
    )


def structure(lab: Lab, day: str) -> str:
    return (lab.reports / f"structure-{day}.md").read_text()


def test_structure_is_what_git_said_at_the_end_of_that_day(lab: Lab) -> None:
    for day in ("2026-01-10", "2026-01-11", "2026-01-12"):
        write_past(lab, day)
    untagged = [UNTAGGED in structure(lab, day) for day in ("2026-01-10", "2026-01-11", "2026-01-12")]
    assert untagged == [True, True, False]


def test_recorded_drift_is_rendered_anew_and_nothing_else_is_touched(lab: Lab) -> None:
    document = DriftDocument(generated_at="2026-01-11T05:00:00Z", hosts=(), baselines=(), services=())
    recorded = lab.reports / "drift-2026-01-11.json"
    lab.reports.mkdir()
    recorded.write_text(json.dumps(document.to_json()))
    before = recorded.read_bytes()
    files, remarks = write_past(lab, "2026-01-11")
    assert lab.reports / "drift-2026-01-11.md" in files
    assert recorded.read_bytes() == before
    assert not (lab.reports / "homelab.prom").exists()
    assert any("pipeline-test-2026-01-11.json: nothing was recorded" in text for text in remarks)


def test_a_report_that_is_written_anew_links_where_the_first_one_did(lab: Lab, tmp_path: Path) -> None:
    lab = replace(lab, documentation={"directory": str(tmp_path / "handbook")})
    verdict = ServiceDrift(host="nas", stack="web", service="web", container="web", status="missing")
    document = DriftDocument(generated_at="2026-01-11T05:00:00Z", hosts=(), baselines=(), services=(verdict,))
    (report, _) = write_drift_report(lab, document)
    before = report.read_text()
    assert "handbook/" in before
    report.unlink()
    write_past(lab, "2026-01-11")
    assert report.read_text() == before


def test_a_day_that_was_recorded_in_another_zone_stays_that_day(lab: Lab) -> None:
    lab.reports.mkdir()
    following = lab.reports / "drift-2026-01-12.md"
    following.write_text("of the day after")
    late = DriftDocument(generated_at="2026-01-11T23:30:00Z", hosts=(), baselines=(), services=())
    (lab.reports / "drift-2026-01-11.json").write_text(json.dumps(late.to_json()))
    files, _ = write_past(lab, "2026-01-11")
    assert lab.reports / "drift-2026-01-11.md" in files
    assert following.read_text() == "of the day after"


def test_a_day_before_the_repository_and_a_damaged_record_are_remarks(lab: Lab) -> None:
    lab.reports.mkdir()
    (lab.reports / "drift-2025-01-01.json").write_text("[1]")
    files, remarks = write_past(lab, "2025-01-01")
    assert files == []
    assert any("damaged" in text for text in remarks)
    assert any("did not exist yet" in text for text in remarks)


def test_a_day_can_be_materialized(lab: Lab) -> None:
    job = build_defs(lab=lab, environment={}).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey("past_reports")], partition_key="2026-01-12"
        )
    assert done.success
    assert (lab.reports / "structure-2026-01-12.md").is_file()


def test_a_backfill_makes_a_month_in_one_run(lab: Lab) -> None:
    definitions = build_defs(lab=lab, environment={})
    (policy,) = {one.backfill_policy for one in definitions.resolve_asset_graph().assets_defs if one.partitions_def}
    assert policy == dg.BackfillPolicy.multi_run(max_partitions_per_run=31)
    days = {"dagster/asset_partition_range_start": "2026-01-10", "dagster/asset_partition_range_end": "2026-01-12"}
    job = definitions.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("past_reports")], tags=days)
        made = instance.get_materialized_partitions(dg.AssetKey("past_reports"))
    assert done.success
    assert made == {"2026-01-10", "2026-01-11", "2026-01-12"}
    assert len(list(lab.reports.glob("structure-*.md"))) == 3


def test_the_end_of_a_day_is_where_the_operator_lives() -> None:
    assert end_of_day("2026-01-10", "Europe/Brussels") == "2026-01-10T22:59:59Z"
    assert end_of_day("2026-07-10", "Europe/Brussels") == "2026-07-10T21:59:59Z"
