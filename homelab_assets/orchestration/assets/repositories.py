"""What the repositories themselves look like: stale files and broken conventions."""

import dagster as dg

from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration import names
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.orchestration.store import JsonStore


def repository_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    """Return the cleanup report and the structure report of a lab's repositories."""

    @dg.asset(
        key=names.CLEANUP_REPORT,
        deps=[*map(names.capture, lab.hosts), *map(names.baseline, lab.repositories)],
        group_name=names.REPORTS,
        kinds={"report"},
        owners=names.OWNERS,
    )
    def cleanup_report(laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]) -> dg.MaterializeResult:
        """Files in git that nothing uses any more: flagged for review, never deleted."""
        return dg.MaterializeResult()

    @dg.asset(
        key=names.STRUCTURE_REPORT,
        deps=[names.baseline(name) for name in lab.repositories],
        group_name=names.REPORTS,
        kinds={"report"},
        owners=names.OWNERS,
    )
    def structure_report(laboratory: LaboratoryResource) -> dg.MaterializeResult:
        """Which conventions the repositories break, where, and how to mend it."""
        return dg.MaterializeResult()

    return [cleanup_report, structure_report]
