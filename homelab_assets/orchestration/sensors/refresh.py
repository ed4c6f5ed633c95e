"""Keeps the documentation current by itself: declarative automation over the documentation group."""

import dagster as dg

from homelab_assets.orchestration import names


def refresh_sensor() -> dg.AutomationConditionSensorDefinition:
    """Return the sensor that refreshes documentation after an audit that did not write it itself."""
    return dg.AutomationConditionSensorDefinition(
        "documentation_refresh_sensor",
        target=dg.AssetSelection.groups(names.DOCUMENTATION),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Refreshes catalog, diagrams, map, audit trail and runbooks once what they are made from is newer.",
        run_tags={"homelab/trigger": "automation", "homelab/kind": "documentation", **names.BOUNDED},
    )
