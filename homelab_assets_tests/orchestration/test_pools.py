"""Pools really limit: a step waits while another run holds the slot of its host or of git, and nobody else does."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration import names
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets_tests.orchestration.world import Repository, make_lab


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    folder = tmp_path / "dagster"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        yield instance


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    Repository(tmp_path, "apps")
    hosts = {name: f"unix://{tmp_path}/{name}.sock" for name in ("nas", "pi")}
    return make_lab(tmp_path, hosts=hosts, repositories={"apps": {"path": "apps"}})


@pytest.mark.parametrize(
    ("pool", "waits", "goes_on"),
    [
        ("git", names.baseline("apps"), names.capture("nas")),
        ("host_nas", names.capture("nas"), names.capture("pi")),
    ],
)
def test_a_step_waits_for_its_pool_and_holds_up_nobody_else(
    lab: Lab, instance: dg.DagsterInstance, pool: str, waits: dg.AssetKey, goes_on: dg.AssetKey
) -> None:
    slots = instance.event_log_storage
    slots.set_concurrency_slots(pool, 1)
    assert slots.claim_concurrency_slot(pool, "another run", "its step").is_claimed
    definitions = build_defs(lab=lab, environment={"HOMELAB_HOSTS_PER_STEP": "1"})
    job = definitions.resolve_implicit_global_asset_job_def()
    ended: list[dg.ExecuteInProcessResult] = []

    def audit() -> None:
        ended.append(job.execute_in_process(instance=instance, asset_selection=[waits, goes_on]))

    def made(key: dg.AssetKey) -> Callable[[], bool]:
        return lambda: instance.get_latest_materialization_event(key) is not None

    run = threading.Thread(target=audit)
    run.start()
    try:
        until(made(goes_on))
        until(lambda: slots.get_concurrency_info(pool).pending_step_count == 1)
        assert not made(waits)()
    finally:
        slots.free_concurrency_slots_for_run("another run")
        run.join(60)
    assert made(waits)()
    assert ended[0].success


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)
