"""What a commit changed in the model of a stack, service by service, as people would say it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.drift.rows.shapes import write_bytes
from homelab_assets.model import Json

_LONGEST = 60
_IN_KEYS = {
    "environment",
    "labels",
    "sysctls",
    "ulimits",
    "networks",
    "depends_on",
    "deploy",
    "healthcheck",
    "logging",
    "build",
    "extra_hosts",
}
_ORDERED = {"command", "entrypoint", "healthcheck.test"}
"""Lists that mean something only as a whole."""
_SIZES = {"mem_limit", "memswap_limit", "mem_reservation", "shm_size", "memory"}
"""Last parts of paths whose values the model holds in bytes."""


class ModelChange(Struct, frozen=True, kw_only=True):
    """One change of one service. `path` as compose spells it; values are short texts, "" where there is none."""

    service: str
    path: str
    kind: str
    old: str = ""
    new: str = ""


def model_changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[ModelChange]:
    """Compare the services of two canonical models of a stack. Services sorted, paths in the model's order."""
    found: list[ModelChange] = []
    for service in sorted({*old, *new}):
        before, after = old.get(service), new.get(service)
        if before is None:
            found.append(ModelChange(service=service, path="", kind="added", new=str((after or {}).get("image") or "")))
        elif after is None:
            found.append(ModelChange(service=service, path="", kind="removed", old=str(before.get("image") or "")))
        elif before != after:
            found += _compared(service, before, after)
    return [change for change in found if not _repeats(change, found)]


def variant(service: str, endpoint: str) -> str:
    """Return the name under which a service stands as one endpoint's file changes it."""
    return f"{service} ({endpoint})"


def _repeats(change: ModelChange, found: Sequence[ModelChange]) -> bool:
    """Say whether a variant only repeats what changed in its service."""
    plain = change.service.rpartition(" (")[0]
    return bool(plain) and replace(change, service=plain) in found


def _compared(service: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[ModelChange]:
    for path, before, after in _differences("", old, new):
        kind = "added" if before is None else "removed" if after is None else "changed"
        old_text, new_text = (_short(_as_written(path, value)) for value in (before, after))
        yield ModelChange(service=service, path=path, kind=kind, old=old_text, new=new_text)


def _as_written(path: str, value: Any) -> Any:
    """Return a size as people write it: `512m`."""
    in_bytes = path.rpartition(".")[2] in _SIZES and str(value).isdecimal()
    return write_bytes(int(value)) if in_bytes else value


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    top = path.partition(".")[0]
    if isinstance(old, Mapping) and isinstance(new, Mapping) and (not path or top in _IN_KEYS):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences(f"{path}.{key}" if path else str(key), old.get(key), new.get(key))
    elif isinstance(old, Sequence | None) and isinstance(new, Sequence | None) and not isinstance(old or new, str):
        yield from _listed(path, old or (), new or ())
    else:
        yield path, old, new


def _listed(path: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Compare lists by their items' names: ports by target, mounts by place; others as sets."""
    before, after = _by_name(old), _by_name(new)
    reordered = list(before) != list(after) and set(before) == set(after) and not isinstance(old[0], Mapping)
    if reordered or path in _ORDERED:
        yield path, list(old) or None, list(new) or None
        return
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            yield f"{path}.{name}", before.get(name), after.get(name)


def _by_name(items: Sequence[Any]) -> dict[str, Any]:
    """Return items by name; those of one name, as two ports of the host for one of the container, stay a list."""
    found: dict[str, list[Any]] = {}
    for item in items:
        found.setdefault(_name(item), []).append(item)
    return {name: alike[0] if len(alike) == 1 else alike for name, alike in found.items()}


def _name(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    target = str(item.get("target") or item.get("source") or item.get("path") or "")
    return f"{target}/{item['protocol']}" if "protocol" in item else target


def _short(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        known = value.get("published") or value.get("source")
        text = str(known) if known else ", ".join(f"{key}: {_short(part)}" for key, part in value.items())
    elif isinstance(value, list | tuple):
        text = " ".join(map(_short, value))
    else:
        text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
