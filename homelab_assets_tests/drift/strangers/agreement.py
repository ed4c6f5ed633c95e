"""Whether the loader and Compose make the same of a stack."""

from typing import Any

from deepdiff import DeepDiff

from homelab_assets.errors import UserError
from homelab_assets_tests.drift.strangers.ground import Ground


def disagreements(ground: Ground) -> tuple[str, list[dict[str, Any]]]:
    """Return `agree`, `both refuse` or `differ`, and where: path, what the loader says, what Compose says."""
    theirs = ground.config()
    try:
        ours: Any = ground.model().to_json()
    except UserError as error:
        ours = f"{error.where}: {error.what}"
    if isinstance(ours, str) and isinstance(theirs, str):
        return "both refuse", [{"path": "", "loader": ours, "compose": theirs}]
    found = [{"path": path, "loader": ours, "compose": theirs} for path, ours, theirs in differing(ours, theirs)]
    return ("differ" if found else "agree"), found


def differing(ours: Any, theirs: Any) -> list[tuple[str, Any, Any]]:
    """Return the places where two documents differ, with what stands there; numbers are no texts, nor booleans."""
    found = DeepDiff(ours, theirs, view="tree")
    places = [(level.path(root=""), level.t1, level.t2) for levels in found.values() for level in levels]
    return sorted(places, key=lambda place: str(place[0]))
