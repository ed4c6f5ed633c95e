import dagster as dg

from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration import names


def media_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    @dg.asset(key=names.MEDIA_HEALTH, group_name=names.MEDIA)
    def media_health() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    @dg.asset(key=names.PIPELINE_REPORT, deps=[names.MEDIA_HEALTH], group_name=names.MEDIA)
    def pipeline_report() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    return [media_health, pipeline_report]
