"""The code location: what it is called, that it loads anywhere, and that its settings agree."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from homelab_assets.errors import ConfigurationError
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets_tests.orchestration.world import make_lab

ROOT = Path(__file__).parents[2]

ASSETS = """
architecture_diagrams audit_trail baselines/apps baselines/infra captures/nas captures/pi.lan cleanup_report
dependency_map drift drift_report hosts/nas hosts/pi.lan media_apps/radarr media_health past_reports pipeline_report
pull_requests remediation_plans repositories/apps repositories/infra runbooks service_catalog structure_report
"""
CHECKS = """
baselines/apps:every_file_parses baselines/infra:every_file_parses
captures/nas:capture_is_fresh captures/nas:host_is_reachable captures/nas:no_secrets_in_capture
captures/pi.lan:capture_is_fresh captures/pi.lan:host_is_reachable captures/pi.lan:no_secrets_in_capture
cleanup_report:nothing_is_stale
drift:audit_is_complete drift:no_breaking_drift drift:no_drift drift:no_secrets_in_drift drift:no_unmanaged_containers
pull_requests:every_pull_request_was_brought_up_to_date structure_report:conventions_hold
"""
JOBS = "daily_audit documentation_refresh drift_remediation history_retention pipeline_validation post_merge_validation"
SCHEDULES = "daily_audit_schedule history_retention_schedule pipeline_health_schedule"
SENSORS = "documentation_refresh_sensor engine_event_sensor failed_check_sensor repository_merge_sensor"


@pytest.fixture
def definitions(tmp_path: Path) -> dg.Definitions:
    lab = make_lab(
        tmp_path,
        hosts={"nas": "ssh://root@nas", "pi.lan": "capture:pi"},
        repositories={"apps": {"path": "apps"}, "infra": {"path": "infra"}},
        media={"services": {"radarr": {"url": "http://nas:7878"}}},
        schedule={"daily_audit": "30 5 * * *", "timezone": "Europe/Brussels"},
    )
    return build_defs(lab=lab, environment={})


def test_names_are_what_people_rely_on(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    graph = definitions.resolve_asset_graph()
    checks = [f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys]
    assert sorted(key.to_user_string() for key in graph.get_all_asset_keys()) == ASSETS.split()
    assert (
        sorted(check for check in checks if not check.startswith(("media_health", "pipeline_report"))) == CHECKS.split()
    )
    assert sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")) == JOBS.split()
    assert sorted(schedule.name for schedule in repository.schedule_defs) == SCHEDULES.split()
    assert sorted(sensor.name for sensor in repository.sensor_defs) == SENSORS.split()


def test_every_asset_has_an_owner_a_group_and_a_description(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.owners, spec.key
        assert spec.description, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name not in (None, "default"), spec.key


def test_every_asset_that_can_be_made_links_to_its_code(definitions: dg.Definitions) -> None:
    for asset in definitions.resolve_asset_graph().assets_defs:
        for key in asset.keys if asset.is_executable else ():
            (link,) = asset.metadata_by_key[key]["dagster/code_references"].code_references
            assert "/orchestration/assets/" in link.file_path, key


def test_steps_are_bounded_and_retried(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, hosts={"nas": "ssh://nas", "pi.lan": "ssh://pi"}, repositories={"apps": {"path": "apps"}})
    definitions = build_defs(lab=lab, environment={"HOMELAB_HOSTS_PER_STEP": "1"})
    steps = {node.name: node for node in definitions.resolve_job_def("drift_remediation").nodes}
    pools = {name: set(node.definition.pools) for name, node in steps.items()}
    assert {name: found for name, found in pools.items() if found} == {
        "capture_hosts_1": {"host_nas"},
        "capture_hosts_2": {"host_pi_lan"},
        "load_baselines": {"git"},
        "pull_requests": {"repository_write"},
    }
    # Whoever pushes to others decides alone when to try again; the two check steps only read what is stored.
    once = sorted(name for name, node in steps.items() if not node.definition.retry_policy)
    assert once == ["captures_are_fresh", "drift_verdicts", "pull_requests"]


def test_every_run_ends_within_half_an_hour(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    assert {job.tags.get("dagster/max_runtime") for job in jobs} == {"1800"}


def test_schedules_run_from_the_start_at_the_hour_of_lab_yaml(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.get_repository_def().schedule_defs}
    daily, health = schedules["daily_audit_schedule"], schedules["pipeline_health_schedule"]
    assert (daily.cron_schedule, daily.execution_timezone) == ("30 5 * * *", "Europe/Brussels")
    assert health.cron_schedule == "*/5 * * * *"
    assert {schedule.default_status for schedule in schedules.values()} == {dg.DefaultScheduleStatus.RUNNING}


def test_every_job_starts_from_hosts_and_git(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    for name in ("daily_audit", "drift_remediation", "post_merge_validation", "documentation_refresh"):
        nodes = set(repository.get_job(name).graph.node_dict)
        assert {"capture_hosts", "load_baselines", "drift"} <= nodes, name


def test_only_the_remediation_job_opens_pull_requests(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    with_pull_requests = [job.name for job in repository.get_all_jobs() if "pull_requests" in job.graph.node_dict]
    assert [name for name in with_pull_requests if not name.startswith("__")] == ["drift_remediation"]


def test_hosts_can_be_captured_in_steps_of_their_own(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, hosts={name: f"ssh://{name}" for name in ("a", "b", "c")})
    definitions = build_defs(lab=lab, environment={"HOMELAB_HOSTS_PER_STEP": "1"})
    nodes = definitions.get_repository_def().get_job("daily_audit").graph.node_dict
    assert {"capture_hosts_1", "capture_hosts_2", "capture_hosts_3"} <= set(nodes)


def test_names_that_dagster_can_not_tell_apart_are_refused(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, hosts={name: f"ssh://{name}" for name in ("a-b", "a.b")})
    with pytest.raises(ConfigurationError, match=r"hosts.a.b: differs from a-b in punctuation alone"):
        build_defs(lab=lab, environment={})


def test_a_lab_of_nothing_but_a_host_loads(tmp_path: Path) -> None:
    dg.Definitions.validate_loadable(build_defs(lab=make_lab(tmp_path), environment={}))


def test_an_unknown_executor_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="HOMELAB_EXECUTOR: 'nomad' is no executor"):
        build_defs(lab=make_lab(tmp_path), environment={"HOMELAB_EXECUTOR": "nomad"})


@pytest.mark.parametrize(("name", "library"), [("celery", "dagster_celery"), ("kubernetes", "dagster_k8s")])
def test_an_executor_without_its_library_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=f"HOMELAB_EXECUTOR: {name} needs the library {library}"):
        build_defs(lab=make_lab(tmp_path), environment={"HOMELAB_EXECUTOR": name})


def test_settings_name_the_same_code_location() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    (target,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert target["python_module"]["module_name"] == project["code_location_target_module"]
    assert target["python_module"]["location_name"] == project["code_location_name"]


def test_it_loads_without_an_environment_and_without_heavy_libraries(tmp_path: Path) -> None:
    heavy = ("docker", "paramiko", "requests", "github", "pandas", "deepdiff")
    code = f"import sys, homelab_assets.definitions; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["two", "0", "-1", "1.5", "²"])
def test_a_number_of_hosts_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="HOMELAB_HOSTS_PER_STEP"):
        build_defs(lab=make_lab(tmp_path), environment={"HOMELAB_HOSTS_PER_STEP": text})
