"""A fault of the pipeline is told once, by its cause, to a real receiver; so is its end. Dagster's own way throughout."""

import json
from pathlib import Path

import dagster as dg

from homelab_assets.lab.settings import load_lab
from homelab_assets.media.simulator import World
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.names import MEDIA_HEALTH, media_app
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.sensors.failures import failure_sensor
from homelab_assets_tests.media.test_session import lab_file
from homelab_assets_tests.orchestration.world import receiver


def test_a_fault_and_its_end_are_told_once_each(tmp_path: Path) -> None:
    with World() as world, receiver() as (address, messages, _), dg.DagsterInstance.ephemeral() as instance:
        file = lab_file(tmp_path, world)
        file.write_text(file.read_text() + f"notify: ['json://{address}/hook']\n")
        lab = load_lab(str(file), {"HOMELAB_STATE": str(tmp_path / "state")})
        repository = build_defs(lab=lab, environment={}).get_repository_def()
        job, cursor = repository.get_job("pipeline_validation"), None

        def five_minutes_later() -> None:
            nonlocal cursor
            done = job.execute_in_process(instance=instance, asset_selection=[MEDIA_HEALTH])
            assert done.success
            context = dg.build_sensor_context(
                instance=instance,
                cursor=cursor,
                repository_def=repository,
                resources={"laboratory": Laboratory(lab)},
            )
            cursor = failure_sensor(lab).evaluate_tick(context).cursor

        five_minutes_later()
        port = int(world.prowlarr.url.rpartition(":")[2])
        world.prowlarr.stop()
        for _ in range(3):
            five_minutes_later()
        world.prowlarr.start(port)
        for _ in range(2):
            five_minutes_later()
        observed = instance.fetch_observations(media_app("prowlarr"), limit=10).records
    states = [record.asset_observation.metadata["state"].value for record in observed if record.asset_observation]
    assert states == ["pass", "pass", "fail", "fail", "fail", "pass"]
    bodies = [json.loads(message["body"])["body"] for message in messages]
    assert len(bodies) == 2, bodies
    assert "FAILED media_health: prowlarr__reachable — Nothing answers at this address" in bodies[0]
    assert "passed again media_health: prowlarr__reachable" in bodies[1]
    # What hangs on it was not judged, and is not called failed.
    assert [body.count("media_health: ") for body in bodies] == [1, 1]
    assert not [secret for secret in world.settings().secrets if secret in str(messages)]
