"""The assets, a module per group. Bodies are thin: they read, call the middle, and say what came of it."""

import warnings
from typing import Any

import dagster as dg

from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration.assets.baselines import baseline_assets
from homelab_assets.orchestration.assets.captures import capture_assets
from homelab_assets.orchestration.assets.documentation import documentation_assets
from homelab_assets.orchestration.assets.drift import drift_assets
from homelab_assets.orchestration.assets.inventory import inventory_specs
from homelab_assets.orchestration.assets.media import media_assets
from homelab_assets.orchestration.assets.past import past_assets
from homelab_assets.orchestration.assets.remediation import remediation_assets
from homelab_assets.orchestration.assets.repositories import repository_assets


def all_assets(lab: Lab, *, hosts_per_step: int | None = None) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Return all assets of a lab, in the order of the flow.

    Args:
        hosts_per_step: how many hosts one step captures; None: all of them.
    """
    with warnings.catch_warnings():
        # Backfill policies, and links from each asset's page to its code: still beta, and harmless if they change.
        warnings.simplefilter("ignore", dg.BetaWarning)
        assets: list[Any] = [
            *inventory_specs(lab),
            *capture_assets(lab, hosts_per_step=hosts_per_step),
            *baseline_assets(lab),
            *drift_assets(lab),
            *repository_assets(lab),
            *documentation_assets(),
            *past_assets(lab),
            *remediation_assets(),
            *media_assets(lab),
        ]
        linked: list[Any] = [*dg.with_source_code_references(assets)]
        return linked
