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
    known, told = leaves(project.services[item.service]), _told(item.service, symbolic)
    if item.path not in known:
        return (item.service, root_of(item.path)) not in open_roots(symbolic)
    # What is passed on from a shell may not have been there.
    return told.get(item.path) is not None and not _open(told[item.path])


def is_open(item: Wanted, symbolic: Project) -> bool:
    """Whether git's value of a leaf, or its name, holds a variable that is not known, which may have what runs."""
    told = _told(item.service, symbolic)
    service = symbolic.services.get(item.service) or {}
    if item.path not in told and _open([symbolic.networks, symbolic.volumes, service.get("volumes")]):
        # Which of them it is, a variable may say.
        return True
    return (item.service, root_of(item.path)) in open_roots(symbolic) or _open(told.get(item.path))


def open_roots(symbolic: Project) -> set[tuple[str, str]]:
    """The services and keys in which a variable stands in the very name of a leaf: any of them may be any other."""
    return {
        (name, root_of(path))
        for name in (*symbolic.services, *symbolic.disabled)
        for path in _told(name, symbolic)
        if _open(path)
    }


def _told(service: str, symbolic: Project) -> dict[str, Any]:
    """The leaves of a service, also of one that a profile may turn on."""
    return leaves(symbolic.services.get(service) or symbolic.disabled.get(service) or {})


def root_of(path: str) -> str:
    """The key of a service that a leaf belongs to."""
    return path.partition(".")[0]


def _open(value: Any) -> bool:
    return OPEN in json.dumps(value, ensure_ascii=False, default=str)
