import dagster as dg

from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration import names


class PullRequestConfig(dg.Config):
    open: bool = False


def remediation_assets(lab: Lab) -> list[dg.AssetsDefinition]:
    @dg.asset(key=names.REMEDIATION_PLANS, deps=[names.DRIFT_DOCUMENT], group_name=names.REMEDIATION)
    def remediation_plans() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    @dg.asset(key=names.PULL_REQUESTS, deps=[names.REMEDIATION_PLANS], group_name=names.REMEDIATION)
    def pull_requests(config: PullRequestConfig) -> dg.MaterializeResult:
        return dg.MaterializeResult()

    return [remediation_plans, pull_requests]
