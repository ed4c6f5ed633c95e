"""`repository_merge_sensor` on real clones with real remotes."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets_tests.orchestration.world import Repository, make_lab


@pytest.fixture
def repositories(tmp_path: Path) -> dict[str, Repository]:
    return {name: Repository(tmp_path, name) for name in ("apps", "infra")}


@pytest.fixture
def lab(tmp_path: Path, repositories: dict[str, Repository]) -> Lab:
    return make_lab(tmp_path, repositories={name: {"path": name, "ref": "origin/main"} for name in repositories})


class Ticks:
    """Ticks of the sensor, the cursor handed on from one to the next."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.cursor = lab, None

    def tick(self) -> Any:
        # As the daemon does it: the sensor as the code location resolves it, with its jobs and resources.
        repository = build_defs(lab=self.lab, environment={}).get_repository_def()
        sensor = repository.get_sensor_def("repository_merge_sensor")
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(
                instance=instance,
                cursor=self.cursor,
                repository_def=repository,
                resources={"laboratory": Laboratory(self.lab)},
            )
            done = sensor.evaluate_tick(context)
        self.cursor = done.cursor
        return done


def test_a_merge_starts_one_run_that_names_the_commit(lab: Lab, repositories: dict[str, Repository]) -> None:
    ticks = Ticks(lab)
    assert ticks.tick().run_requests == []
    commit = repositories["apps"].merge("README.md", "one")
    (request,) = ticks.tick().run_requests
    assert request.tags["git/commit"] == commit
    assert request.tags["git/repository"] == "apps"
    assert ticks.tick().run_requests == []


def test_a_force_push_back_and_forth_starts_a_run_each_time(lab: Lab, repositories: dict[str, Repository]) -> None:
    ticks, apps = Ticks(lab), repositories["apps"]
    first = apps.head
    ticks.tick()
    keys = []
    for move in (lambda: apps.merge("a", "1"), lambda: apps.rewind(first), lambda: apps.merge("b", "2")):
        move()
        keys += [request.run_key for request in ticks.tick().run_requests]
    assert len(set(keys)) == 3


def test_a_dead_remote_does_not_block_the_other(lab: Lab, repositories: dict[str, Repository]) -> None:
    ticks, apps, infra = Ticks(lab), repositories["apps"], repositories["infra"]
    ticks.tick()
    hidden = apps.remote.with_suffix(".hidden")
    missed = apps.merge("a", "1")
    shutil.move(apps.remote, hidden)
    infra.merge("b", "2")
    (request,) = ticks.tick().run_requests
    assert request.tags["git/repository"] == "infra"
    assert "apps could not be read" in ticks.tick().skip_message
    shutil.move(hidden, apps.remote)
    (request,) = ticks.tick().run_requests
    assert request.tags["git/commit"] == missed


def test_a_local_branch_as_the_truth_is_watched_too(tmp_path: Path, repositories: dict[str, Repository]) -> None:
    ticks = Ticks(make_lab(tmp_path, repositories={"apps": {"path": "apps-work", "ref": "main"}}))
    ticks.tick()
    repositories["apps"].merge("a", "1")
    assert len(ticks.tick().run_requests) == 1
