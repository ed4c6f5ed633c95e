"""Dagster's entry: the code location of the configured homelab.

It imports with an empty environment and no network: without a `lab.yaml` it describes the bundled demo lab.
"""

from homelab_assets.orchestration.assembly import build_defs

__all__ = ["build_defs", "defs"]

defs = build_defs()
