"""`x-` keys, and values as they are printed."""

from typing import Any

import msgspec

from homelab_assets.compose.problems import refuse
from homelab_assets.compose.scalars import Timestamp
from homelab_assets.compose.tree import Map, Seq


def fold_extensions(tree: Map) -> None:
    """Move `x-` keys below `#extensions`, as Compose does before it reads a section.

    In a section nobody sees them again; in a free mapping such as `labels` they become an entry of that name.
    """
    if _may_hold_extensions(tree):
        _fold(tree, ())


def _may_hold_extensions(tree: Map) -> bool:
    """Hardly any file has extensions within its sections, and encoding is the fastest look at all keys."""
    try:
        return b'"x-' in msgspec.json.encode(tree)
    except (ValueError, OverflowError):
        return True


def _fold(tree: Map, path: tuple[str, ...]) -> None:
    if not (len(path) == 1 or (len(path) == 3 and path[0] == "services" and path[2] == "depends_on")):
        extensions = {key: tree.pop(key) for key in [key for key in tree if key.startswith("x-")]}
        if extensions:
            tree["#extensions"] = Map(extensions)
    for key, value in tree.items():
        if type(value) is Map and key != "#extensions":
            _fold(value, (*path, key))
        elif type(value) is Seq:
            for index, item in enumerate(value):
                if type(item) is Map:
                    _fold(item, (*path, key, str(index)))


def as_json(value: Any) -> Any:
    """A tree as JSON shows it; an empty list in an extension is null, as Compose prints it."""
    if type(value) is Map:
        return {key: as_json(item) for key, item in value.items()}
    if type(value) is Seq:
        return [as_json(item) for item in value] or None
    if type(value) is float and not -1.8e308 < value < 1.8e308:
        refuse(f"a number that JSON can't hold: {value}")
    if type(value) is float and value.is_integer():
        return int(value)
    return value.text if isinstance(value, Timestamp) else value


def doubled(value: Any) -> Any:
    """A value with every `$` doubled, in keys too, as `config` prints it."""
    if type(value) is str:
        return value.replace("$", "$$") if "$" in value else value
    if isinstance(value, dict):
        return {doubled(key): doubled(item) for key, item in value.items()}
    return [doubled(item) for item in value] if isinstance(value, list) else value
