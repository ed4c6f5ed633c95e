"""Whether git alone says what a leaf is, without the `.env` that it does not have."""

import json
from typing import Any

from homelab_assets.compose import Project
from homelab_assets.compose.interpolation import OPEN
from homelab_assets_tests.drift.strangers.leaves import Wanted, leaves


def closed(item: Wanted, project: Project, symbolic: Project) -> bool:
    """Whether no variable can explain what was put in a leaf's place.

    Args:
        symbolic: the same project with variables left open.
    """
    known = leaves(project.services[item.service])
    told = leaves(symbolic.services.get(item.service, {}))
    if item.path in known:
        return item.path in told and not _open(told[item.path])
    root = item.path.partition(".")[0]
    return not any(_open(path) for path in told if path.partition(".")[0] == root)


def _open(value: Any) -> bool:
    return OPEN in json.dumps(value, ensure_ascii=False)
