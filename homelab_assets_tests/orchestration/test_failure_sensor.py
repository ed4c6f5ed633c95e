"""`failed_check_sensor` on each storage that Dagster has here, with a real receiver."""

import json
import socket
import traceback
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import dagster as dg
import pytest

from homelab_assets.errors import UserError
from homelab_assets.orchestration import names
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.notify import send
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.sensors.failures import failure_sensor
from homelab_assets_tests.orchestration.world import make_lab, receiver

pytestmark = pytest.mark.scenario


@pytest.fixture(params=["sqlite", "memory"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    # SQLite keeps the events of each run in a file of its own: what works in memory need not work there.
    if request.param == "memory":
        with dg.DagsterInstance.ephemeral() as instance:
            yield instance
    else:
        home = tmp_path / "dagster"
        home.mkdir()
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance


def evaluate(instance: dg.DagsterInstance, *, passed: bool) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("no_drift", asset="drift")])
    def drift() -> dg.MaterializeResult:
        result = dg.AssetCheckResult(passed=passed, description="4 differ, password=hunter2hunter2")
        return dg.MaterializeResult(check_results=[result])

    assert dg.materialize([drift], instance=instance).success


class Ticks:
    def __init__(self, instance: dg.DagsterInstance, folder: Path, targets: list[str]) -> None:
        self.instance, self.lab, self.cursor = instance, make_lab(folder, notify=targets), None
        self.repository = build_defs(lab=self.lab, environment={}).get_repository_def()

    def tick(self) -> str:
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=self.repository,
            resources={"laboratory": Laboratory(self.lab)},
        )
        done = failure_sensor(self.lab).evaluate_tick(context)
        self.cursor = done.cursor
        return done.skip_message or ""


def test_a_failure_and_its_end_are_told_once_each(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with receiver() as (address, messages, _):
        ticks = Ticks(instance, tmp_path, [f"http://{address}/hook"])
        ticks.tick()
        for passed in (True, False, False, True, True):
            evaluate(instance, passed=passed)
            ticks.tick()
    bodies = [json.loads(message["body"]) for message in messages]
    assert ["FAILED drift: no_drift" in body["text"] for body in bodies] == [True, False]
    assert "passed again drift: no_drift" in bodies[1]["text"]
    assert "hunter2" not in str(messages)


def test_what_was_before_the_first_tick_is_not_told(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    evaluate(instance, passed=False)
    with receiver() as (address, messages, _):
        Ticks(instance, tmp_path, [f"http://{address}/"]).tick()
    assert messages == []


def test_a_target_that_is_down_misses_nothing_and_holds_up_nobody(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with receiver() as (good, told, _), receiver(status=500) as (bad, refused, answer):
        ticks = Ticks(instance, tmp_path, [f"json://{bad}/x", f"ntfy://{good}/homelab"])
        ticks.tick()
        evaluate(instance, passed=False)
        assert "target 1 could not be told" in ticks.tick()
        answer.status = 200
        refused.clear()
        ticks.tick()
        ticks.tick()
    assert len(refused) == 1
    assert [message["path"] for message in told] == ["/homelab"]
    assert told[0]["title"] == "homelab: 1 failed"


def test_a_run_that_failed_is_told_too(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with receiver() as (address, messages, _):
        ticks = Ticks(instance, tmp_path, [f"http://{address}/"])
        ticks.tick()
        job = ticks.repository.get_job("pipeline_validation")
        assert not job.execute_in_process(instance=instance, raise_on_error=False).success
        ticks.tick()
        ticks.tick()
    (message,) = messages
    assert "FAILED job pipeline_validation" in message["body"]


def test_a_part_of_a_job_that_passes_does_not_stand_for_the_job(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with receiver() as (address, messages, _):
        ticks = Ticks(instance, tmp_path, [f"http://{address}/"])
        ticks.tick()
        job = ticks.repository.get_job("pipeline_validation")
        whole, part = job.asset_layer.selected_asset_keys, frozenset([names.MEDIA_HEALTH])
        for status, selection in (
            (dg.DagsterRunStatus.FAILURE, None),
            (dg.DagsterRunStatus.SUCCESS, part),
            (dg.DagsterRunStatus.FAILURE, part),
            (dg.DagsterRunStatus.SUCCESS, part),
            (dg.DagsterRunStatus.SUCCESS, frozenset(whole)),
        ):
            instance.create_run_for_job(job, status=status, asset_selection=selection)
            ticks.tick()
    assert [json.loads(message["body"])["text"].splitlines()[1].partition(" — ")[0] for message in messages] == [
        "FAILED job pipeline_validation",
        "FAILED a part of job pipeline_validation",
        "passed again a part of job pipeline_validation",
        "passed again job pipeline_validation",
    ]


def test_a_check_that_is_just_being_evaluated_is_no_news(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with receiver() as (address, messages, _):
        ticks = Ticks(instance, tmp_path, [f"http://{address}/"])
        ticks.tick()
        evaluate(instance, passed=False)
        ticks.tick()
        job = ticks.repository.get_job("daily_audit")
        instance.create_run_for_job(job)
        ticks.tick()
    assert len(messages) == 1


def test_secrets_of_an_address_come_from_the_environment_and_are_never_said(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with receiver(status=404) as (address, messages, _):
        ticks = Ticks(instance, tmp_path, [f"http://{address}/${{HOOK}}"])
        ticks.tick()
        evaluate(instance, passed=False)
        said = ticks.tick()
    assert messages[0]["path"] == "/a-secret-path"
    assert "a-secret-path" not in said + str(ticks.cursor)


@pytest.mark.parametrize("path", ["hook\x00", "hook with a blank", "a" * 300])
def test_an_odd_address_is_an_error_that_never_shows_it(path: str) -> None:
    target = f"http://somebody:hunter2hunter2@127.0.0.1:9/{path}"
    with pytest.raises(UserError) as error:
        send(target, "title", "text")
    assert path not in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("login", ["hunter2[hunter2", "hunter2℀hunter2"])
def test_a_login_that_makes_the_address_none_is_an_error_that_never_shows_it(login: str) -> None:
    with pytest.raises(UserError) as error:
        send(f"https://somebody:{login}@127.0.0.1:9/hook", "title", "text")
    assert "hunter2" not in "".join(traceback.format_exception(error.value))


def test_an_answer_that_is_no_http_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with server.accept()[0] as connection:
                connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

        Thread(target=greet, daemon=True).start()
        with pytest.raises(UserError, match="can't be reached"):
            send(f"http://127.0.0.1:{server.getsockname()[1]}/hook", "title", "text")


def test_a_login_goes_to_its_target_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as (address, messages, _), receiver(status=307) as (redirecting, redirected, answer):
        answer.location = f"http://{address}/elsewhere"
        monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
        monkeypatch.setenv("http_proxy", f"http://{address}")
        with pytest.raises(UserError, match="answered 307"):
            send(f"http://larry:p%C3%A4ss@{redirecting}/hook", "title", "text")
    assert messages == []
    assert b64decode(redirected[0]["authorization"].removeprefix("Basic ")).decode() == "larry:päss"


def test_without_targets_nothing_happens(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert "no `notify`" in Ticks(instance, tmp_path, []).tick()
