"""`engine_event_sensor` against engines on real sockets, and against the real lab."""

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import pytest

from homelab_assets.engine.looks import Look
from homelab_assets.lab.settings import load_lab
from homelab_assets.orchestration import names
from homelab_assets.orchestration.decisions.touches import QUIET
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.sensors.engine_events import engine_event_sensor, live_hosts, look_at_all
from homelab_assets.orchestration.store import JsonStore
from homelab_assets_tests.engine.fake_engine import Handler, UnixEngine, engine_answers
from homelab_assets_tests.lab.changes import run_unmanaged
from homelab_assets_tests.lab.homelab import RealLab
from homelab_assets_tests.orchestration.world import make_lab

START = 1_760_000_000.0


class Engine(UnixEngine):
    """An engine whose clock the test sets, and which remembers events as a real one does."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, engine_answers())
        self.now, self.events, self.list = (
            START,
            [],
            [{"Id": "a", "Names": ["/web"], "ImageID": "i", "State": "running"}],
        )
        self.answers["/info"] = lambda handler: handler.answer(200, {"SystemTime": self._time()})
        self.answers["/containers/json"] = lambda handler: handler.answer(200, self.list)
        self.answers["/events"] = self._events

    def happen(self, action: str, kind: str = "container") -> None:
        actor = (
            {"ID": "a", "Attributes": {"note": "so\x85on"}}
            if kind == "container"
            else {"ID": "net", "Attributes": {"container": "a"}}
        )
        self.events.append({"Type": kind, "Action": action, "Actor": actor, "timeNano": int(self.now * 1e9)})

    def _time(self) -> str:
        return datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")

    def _events(self, handler: Handler) -> None:
        asked = {
            key: float(value[0]) for key, value in parse_qs(urlsplit(handler.path).query).items() if key != "filters"
        }
        told = [event for event in self.events if asked["since"] <= event["timeNano"] / 1e9 <= asked["until"]]
        handler.answer(200, "\n".join(json.dumps(event, ensure_ascii=False) for event in told).encode())


@pytest.fixture
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder) / "docker.sock") as engine:
        yield engine


class Ticks:
    def __init__(self, folder: Path, hosts: dict[str, str]) -> None:
        self.lab, self.cursor = make_lab(folder, hosts=hosts), None
        self.store = JsonStore(folder / "assets")
        job = dg.define_asset_job("daily_audit", selection="drift")
        self.sensor = engine_event_sensor(self.lab, job)

    def tick(self) -> Any:
        resources = {"laboratory": Laboratory(self.lab), "store": self.store}
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance=instance, cursor=self.cursor, resources=resources)
            done = self.sensor.evaluate_tick(context)
        self.cursor = done.cursor
        return done


def address(engine: Engine) -> str:
    return f"unix://{engine.server_address}"


def test_a_touch_is_audited_once_it_is_quiet(engine: Engine, tmp_path: Path) -> None:
    ticks = Ticks(tmp_path, {"nas": address(engine)})
    assert ticks.tick().run_requests == []
    engine.now += 10
    engine.happen("create")
    engine.now += 5
    assert "waiting until nas is quiet" in ticks.tick().skip_message
    engine.now += QUIET
    (request,) = ticks.tick().run_requests
    assert names.capture("nas") in request.asset_selection
    assert names.DRIFT_REPORT in request.asset_selection
    engine.now += 60
    assert ticks.tick().run_requests == []


def test_a_restart_by_policy_is_no_touch(engine: Engine, tmp_path: Path) -> None:
    ticks = Ticks(tmp_path, {"nas": address(engine)})
    ticks.tick()
    for action in ("die", "start"):
        engine.now += 1
        engine.happen(action)
    engine.happen("connect", kind="network")
    engine.now += 100
    assert ticks.tick().run_requests == []


def test_what_an_engine_forgot_in_its_own_restart_shows_in_its_list(engine: Engine, tmp_path: Path) -> None:
    ticks = Ticks(tmp_path, {"nas": address(engine)})
    ticks.tick()
    engine.now += 100
    engine.events.clear()
    engine.list = [{"Id": "b", "Names": ["/web"], "ImageID": "j", "State": "running"}]
    ticks.tick()
    engine.now += QUIET
    assert len(ticks.tick().run_requests) == 1


def test_a_dead_host_is_said_and_blocks_nobody(engine: Engine, tmp_path: Path) -> None:
    ticks = Ticks(tmp_path, {"nas": address(engine), "pi": f"unix://{tmp_path}/nothing.sock"})
    assert "pi does not answer" in ticks.tick().skip_message
    engine.now += 1
    engine.happen("destroy")
    engine.now += QUIET
    (request,) = ticks.tick().run_requests
    # pi was never captured: without its document the drift could not be computed, so it is asked for too.
    assert {names.capture("nas"), names.capture("pi")} <= set(request.asset_selection)


@pytest.mark.parametrize(("status", "answer"), [(500, {"message": "no"}), (200, b"<html>a proxy</html>")])
def test_an_engine_that_can_t_tell_its_events_is_said(
    engine: Engine, tmp_path: Path, status: int, answer: object
) -> None:
    ticks = Ticks(tmp_path, {"nas": address(engine)})
    ticks.tick()
    engine.answers["/events"] = lambda handler: handler.answer(status, answer)
    engine.now += 1
    assert "nas does not answer" in ticks.tick().skip_message


def test_recorded_hosts_are_not_watched(tmp_path: Path) -> None:
    assert "recorded captures" in Ticks(tmp_path, {"nas": "capture:captures/nas"}).tick().skip_message


def test_real_engines_tell_real_touches(lab: RealLab) -> None:
    hosts = live_hosts(load_lab(str(lab.lab_yaml)))
    touched, *others = hosts
    before = look_at_all(hosts, None)
    cursor = {"hosts": {name: {"at": look.at} for name, look in before.items() if isinstance(look, Look)}}
    run_unmanaged(lab.hosts[touched], "touched", "redis:7.2-alpine")
    try:
        after = look_at_all(hosts, cursor)
    finally:
        lab.clear(touched)
    looks = {name: look for name, look in after.items() if isinstance(look, Look)}
    assert set(looks) == set(hosts)
    assert "create" in {event.action for event in looks[touched].events}
    assert looks[touched].fingerprint != before[touched].fingerprint
    assert {name: len(looks[name].events) for name in others} == dict.fromkeys(others, 0)
