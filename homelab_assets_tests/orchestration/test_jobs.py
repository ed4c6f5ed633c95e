"""The jobs on the bundled demo lab and on a small one: what they write, what they say, what stops them and what not."""

import json
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from msgspec.structs import replace

from homelab_assets import audit
from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.orchestration import names
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.run import open_instance, run_job
from homelab_assets.orchestration.store import JsonStore
from homelab_assets_tests.engine.fake_engine import container
from homelab_assets_tests.orchestration.world import Repository, git, make_lab

pytestmark = pytest.mark.scenario

SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ456789"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.chdir(tmp_path)
    return load_lab(None, {"PATH": os.environ["PATH"], "HOMELAB_STATE": str(tmp_path / "state")})


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(lab: Lab, job: str, instance: dg.DagsterInstance, **more: object) -> dg.ExecuteInProcessResult:
    definitions = build_defs(lab=lab, environment={})
    return definitions.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **more)


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {
        f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}": evaluation.passed
        for evaluation in result.get_asset_check_evaluations()
    }


def record(folder: Path, *containers: dict[str, object]) -> None:
    """Write a recorded capture, as somebody saves `docker inspect` by hand."""
    folder.mkdir(parents=True)
    image = {"Id": "sha256:one", "RepoTags": ["nginx:1.27"], "Config": {"Env": [], "Labels": None}}
    parts = {"containers": list(containers), "images": [image], "networks": [], "volumes": []}
    engine = {"version": {"Version": "27.0", "ApiVersion": "1.46"}, "info": {"Name": "nas"}}
    for name, content in {**parts, "engine": engine}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


def test_the_daily_audit_of_the_demo_writes_its_files_and_says_what_it_found(
    demo: Lab, instance: dg.DagsterInstance
) -> None:
    result = run(demo, "daily_audit", instance)
    assert result.success
    assert {"drift", "cleanup", "structure"} <= {path.name.split("-")[0] for path in demo.reports.iterdir()}
    assert (demo.docs / "SERVICE_CATALOG.md").is_file()
    assert (demo.docs / "architecture").is_dir()
    verdicts = checks(result)
    assert verdicts["captures/ct-docker-01:host_is_reachable"]
    assert verdicts["drift:audit_is_complete"]
    assert not verdicts["drift:no_breaking_drift"]
    assert not verdicts["drift:no_drift"]


def test_the_pipeline_of_the_demo_has_exactly_larrys_three_faults(demo: Lab, instance: dg.DagsterInstance) -> None:
    result = run(demo, "pipeline_validation", instance)
    assert result.success
    errors = {
        evaluation.metadata["cause"].value
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.asset_key == dg.AssetKey("pipeline_report") and evaluation.metadata["status"].value == "fail"
    }
    assert len(errors) == 3
    assert list(demo.reports.glob("pipeline-test-*.html"))
    states = {
        app: event.asset_observation_data.asset_observation.metadata["state"].value
        for event in result.all_events
        if event.event_type_value == "ASSET_OBSERVATION"
        for *_, app in [event.asset_key.path]
    }
    assert states["gluetun"] == "pass"
    assert states["plex"] == "fail"


def test_without_a_media_section_the_pipeline_says_what_is_missing(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    result = run(make_lab(tmp_path), "pipeline_validation", instance)
    assert not result.success
    assert any("has no media section" in str(event) for event in result.all_events)


def test_every_asset_alone_works_from_what_is_stored(demo: Lab, instance: dg.DagsterInstance) -> None:
    assert run(demo, "daily_audit", instance).success
    assert run(demo, "drift_remediation", instance).success
    definitions = build_defs(lab=demo, environment={})
    everything = definitions.resolve_implicit_global_asset_job_def()
    graph = definitions.resolve_asset_graph()
    for key in sorted(graph.materializable_asset_keys, key=lambda key: key.path):
        day = "2026-01-10" if graph.get(key).is_partitioned else None
        alone = everything.execute_in_process(
            instance=instance, asset_selection=[key], partition_key=day, raise_on_error=False
        )
        assert alone.success, key


def test_an_unreachable_host_fails_its_check_and_nothing_else(
    demo: Lab, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    text = demo.file.read_text()
    broken = demo.file.with_name("broken.yaml")
    broken.write_text(text.replace("capture:captures/ct-media-01", f"unix://{tmp_path}/nothing.sock"))
    lab = load_lab(str(broken), {"HOMELAB_STATE": str(tmp_path / "broken-state")})
    result = run(lab, "daily_audit", instance)
    assert result.success
    verdicts = checks(result)
    assert verdicts["captures/ct-docker-01:host_is_reachable"]
    assert not verdicts["captures/ct-media-01:host_is_reachable"]
    assert verdicts["captures/ct-docker-01:capture_is_fresh"]
    assert not verdicts["captures/ct-media-01:capture_is_fresh"]
    assert not verdicts["drift:audit_is_complete"]
    document = DriftDocument.from_json(JsonStore(lab.state / "assets").read(dg.AssetKey("drift")))
    assert document.exit_code == 2
    assert any(service.host == "ct-docker-01" and service.items for service in document.services)


def test_no_secret_is_stored_or_shown(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    Repository(tmp_path, "apps")
    labels = {"com.docker.compose.project": "web", "com.docker.compose.service": "web"}
    leaky = container("web", "nginx:1.27", **labels)
    leaky["Config"] |= {"Env": [f"GITHUB_TOKEN={SECRET}"], "Cmd": ["serve", "--password", SECRET]}
    record(tmp_path / "captures" / "nas", leaky)
    lab = make_lab(tmp_path, repositories={"apps": {"path": "apps", "ref": "origin/main"}})
    for job in ("daily_audit", "documentation_refresh", "drift_remediation"):
        result = run(lab, job, instance)
        assert result.success
        assert SECRET not in "".join(str(event) for event in result.all_events)
    kept = [
        path for path in tmp_path.rglob("*") if path.is_file() and "captures" not in path.relative_to(tmp_path).parts[0]
    ]
    assert len(kept) > 10
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
    private = lab.state / "assets" / "captures" / "nas.json"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_merge_is_fetched_before_it_is_compared(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    repository = Repository(tmp_path, "apps")
    record(tmp_path / "captures" / "nas")
    lab = make_lab(tmp_path, repositories={"apps": {"path": "apps", "ref": "origin/main"}})
    branch = git(repository.clone, "rev-parse", "main")
    merged = repository.merge("stacks/web/docker-compose.yml", "services:\n  web:\n    image: nginx:1.28\n")
    assert run(lab, "post_merge_validation", instance).success
    stored = JsonStore(lab.state / "assets").read(dg.AssetKey(["baselines", "apps"]))
    assert stored["commit"] == merged
    assert git(repository.clone, "rev-parse", "main") == branch


def test_a_remote_that_is_down_is_said_and_the_clone_counts(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    repository = Repository(tmp_path, "apps")
    record(tmp_path / "captures" / "nas")
    lab = make_lab(tmp_path, repositories={"apps": {"path": "apps", "ref": "origin/main"}})
    shutil.rmtree(repository.remote)
    assert run(lab, "daily_audit", instance).success
    document = DriftDocument.from_json(JsonStore(lab.state / "assets").read(dg.AssetKey("drift")))
    assert any("apps could not be fetched" in notice for notice in document.notices)


def test_of_a_clone_that_is_not_there_no_state_counts(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    lab = make_lab(tmp_path, repositories={"apps": {"path": "apps", "ref": "origin/main"}})
    assert run(lab, "daily_audit", instance).success
    document = DriftDocument.from_json(JsonStore(lab.state / "assets").read(dg.AssetKey("drift")))
    assert [problem["what"] for problem in document.problems if problem["repository"] == "apps"] == ["no such folder"]
    assert not any("apps" in notice for notice in document.notices)


def test_first_sight_survives_an_audit_without_the_host(
    demo: Lab, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    def audit(lab: Lab, moment: str) -> DriftDocument:
        definitions = build_defs(
            lab=lab, resource_overrides={"laboratory": Laboratory(lab, now=lambda: moment)}, environment={}
        )
        assert definitions.resolve_job_def("daily_audit").execute_in_process(instance=instance).success
        return DriftDocument.from_json(JsonStore(lab.state / "assets").read(dg.AssetKey("drift")))

    def seen(document: DriftDocument) -> dict[str, str | None]:
        return {
            f"{s.service}.{i.path}": i.first_seen for s in document.services if s.host == "ct-media-01" for i in s.items
        }

    first = audit(demo, "2026-11-20T06:00:00Z")
    broken = demo.file.with_name("broken.yaml")
    broken.write_text(demo.file.read_text().replace("capture:captures/ct-media-01", f"unix://{tmp_path}/no.sock"))
    without = audit(load_lab(str(broken), {"HOMELAB_STATE": str(demo.state)}), "2026-11-21T06:00:00Z")
    again = audit(demo, "2026-11-22T06:00:00Z")
    assert seen(first)
    assert seen(without) == {}
    assert not without.gone
    assert seen(again) == seen(first)
    assert not again.new


def test_a_damaged_history_is_a_notice(demo: Lab, instance: dg.DagsterInstance) -> None:
    demo.state.mkdir(exist_ok=True)
    (demo.state / "history.json").write_text("{half")
    assert run(demo, "daily_audit", instance).success
    document = DriftDocument.from_json(JsonStore(demo.state / "assets").read(dg.AssetKey("drift")))
    assert any("history of audits can't be used" in notice for notice in document.notices)


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
def test_documentation_refreshes_itself_after_an_audit_that_did_not_write_it(tmp_path: Path) -> None:
    definitions = build_defs(lab=make_lab(tmp_path), environment={})
    with dg.DagsterInstance.ephemeral() as instance:

        def made(*keys: str) -> None:
            for key in keys:
                instance.report_runless_asset_event(dg.AssetMaterialization(key.split("/")))

        def tick(cursor: object = None) -> tuple[object, int]:
            result = dg.evaluate_automation_conditions(defs=definitions, instance=instance, cursor=cursor)
            return result.cursor, result.total_requested

        cursor, requested = tick()
        assert requested == 0
        made("captures/nas")
        cursor, requested = tick(cursor)
        assert requested == 0
        made("drift")
        cursor, requested = tick(cursor)
        assert requested == 5
        cursor, requested = tick(cursor)
        assert requested == 0
        made("drift", "service_catalog", "architecture_diagrams")
        cursor, requested = tick(cursor)
        assert requested == 3


@pytest.mark.parametrize("part", ["services", "problems", "gone"])
def test_a_fingerprint_in_the_document_stops_the_audit(
    part: str, demo: Lab, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = audit.compare

    def leaking(*arguments: Any, **options: Any) -> DriftDocument:
        document = compare(*arguments, **options)
        token = "<secret#0123.0123456789abcdef0123>"
        if part == "services":
            (first, *others) = document.services
            return replace(document, services=(replace(first, note=token), *others))
        return replace(document, **{part: ({"what": token},) if part == "problems" else (token,)})

    monkeypatch.setattr(audit, "compare", leaking)
    done = run(demo, "daily_audit", instance)
    assert not done.success
    assert checks(done)["drift:no_secrets_in_drift"] is False
    assert instance.get_latest_materialization_event(dg.AssetKey("drift")) is None


def test_who_ends_an_audit_ends_it(demo: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at a terminal, Terminate in the UI: no reason to try the step again."""
    tried = []

    def interrupted(*arguments: Any, **options: Any) -> None:
        tried.append(arguments)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(audit, "capture", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_job(demo, "daily_audit")
    assert len(tried) == 1
    with open_instance(demo) as kept:
        (ended,) = kept.get_runs()
        assert ended.status == dg.DagsterRunStatus.FAILURE
        assert kept.get_latest_materialization_event(names.DRIFT_DOCUMENT) is None


def test_a_run_that_is_terminated_in_the_ui_counts_as_canceled(
    demo: Lab, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def terminated(*arguments: Any, **options: Any) -> None:
        (running,) = instance.get_runs()
        tried.append(running)
        if len(tried) == 1:
            instance.report_run_canceling(running)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(audit, "capture", terminated)
    result = run(demo, "daily_audit", instance)
    assert len(tried) == 1
    assert instance.get_run_by_id(result.run_id).status == dg.DagsterRunStatus.CANCELED


def test_no_secret_stands_in_a_failure_nor_in_its_hint(demo: Lab) -> None:
    with pytest.raises(dg.Failure) as failure, Laboratory(demo).plain_errors():
        raise UserError(f"refused: {SECRET}", hint=f"try another token than {SECRET}")
    assert SECRET not in f"{failure.value} {failure.value.metadata}"
    assert "try another token than" in str(failure.value.metadata["hint"].value)


def _fail(data: str) -> None:
    try:
        int(data)
    except ValueError as error:
        raise TypeError("'int' object is not callable") from error


def test_nor_does_what_an_error_and_those_before_it_quote(demo: Lab) -> None:
    """Dagster writes down all of them, whoever catches the last."""
    data = "-".join(("sunny", "otter"))
    with pytest.raises(dg.Failure) as failure, Laboratory(demo).plain_errors():
        _fail(data)
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__
    told = str(failure.value.description)
    assert data not in told
    assert "ValueError: invalid literal for int() with base 10: …" in told
    assert told.endswith("TypeError: 'int' object is not callable")


def test_an_error_that_quotes_nothing_stays_itself(demo: Lab) -> None:
    with pytest.raises(ZeroDivisionError), Laboratory(demo).plain_errors():
        1 / 0  # noqa: B018
