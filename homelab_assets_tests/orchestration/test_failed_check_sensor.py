"""`failed_check_sensor` on a real event log, with a real receiver."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.sensors.failed_checks import failed_check_sensor
from homelab_assets_tests.orchestration.world import make_lab, receiver


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
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

    def tick(self) -> str:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"laboratory": Laboratory(self.lab)}
        )
        done = failed_check_sensor(self.lab).evaluate_tick(context)
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
    assert told[0]["title"] == "homelab: 1 checks failed"


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


def test_without_targets_nothing_happens(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert "no `notify`" in Ticks(instance, tmp_path, []).tick()
