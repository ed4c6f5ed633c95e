"""What git alone can tell of a stack, without the `.env` that it does not have."""

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
    return (item.service, root_of(item.path)) not in open_roots(symbolic)


def is_open(item: Wanted, symbolic: Project) -> bool:
    """Whether git's value of a leaf holds a variable that is not known, which may have the running value."""
    return _open(leaves(symbolic.services.get(item.service, {})).get(item.path))


def open_roots(symbolic: Project) -> set[tuple[str, str]]:
    """The services and keys in which a variable stands in the very name of a leaf: any of them may be any other."""
    return {
        (name, root_of(path)) for name, service in symbolic.services.items() for path in leaves(service) if _open(path)
    }


def root_of(path: str) -> str:
    """The key of a service that a leaf belongs to."""
    return path.partition(".")[0]


def _open(value: Any) -> bool:
    return OPEN in json.dumps(value, ensure_ascii=False, default=str)
