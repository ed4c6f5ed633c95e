"""Whether the loader and Compose make the same of a stack."""

from collections.abc import Iterator
from typing import Any

from homelab_assets.errors import UserError
from homelab_assets_tests.drift.strangers.ground import Ground

_ABSENT = "(absent)"


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


def differing(ours: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the places where two documents differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in dict.fromkeys((*ours, *theirs)):
            yield from differing(ours.get(key, _ABSENT), theirs.get(key, _ABSENT), f"{path}.{key}".lstrip("."))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from differing(*pair, f"{path}[{number}]")
    elif ours != theirs or type(ours) is not type(theirs):
        yield path, ours, theirs
