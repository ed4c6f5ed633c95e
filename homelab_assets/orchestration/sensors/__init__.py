"""The sensors: thin shells that look at the world, ask `decisions` what follows, and request runs.

A failed look is no news: the cursor stays, and the next look sees everything that happened meanwhile.
"""

from collections.abc import Mapping

import dagster as dg

from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration.names import AssetJob
from homelab_assets.orchestration.sensors.engine_events import engine_event_sensor
from homelab_assets.orchestration.sensors.failures import failure_sensor
from homelab_assets.orchestration.sensors.merges import merge_sensor
from homelab_assets.orchestration.sensors.refresh import refresh_sensor


def sensors(lab: Lab, jobs: Mapping[str, AssetJob]) -> list[dg.SensorDefinition]:
    """Return all sensors of a lab."""
    return [
        merge_sensor(lab, jobs["post_merge_validation"]),
        engine_event_sensor(lab, jobs["daily_audit"]),
        failure_sensor(lab),
        refresh_sensor(),
    ]
