"""How a later file changes an earlier one, key by key."""

from collections.abc import Callable
from typing import Any

from homelab_assets.compose.canonical import dependencies_to_map, names_to_map
from homelab_assets.compose.problems import at, refuse
from homelab_assets.compose.scalars import go_text
from homelab_assets.compose.tree import Map, Rules, Seq
from homelab_assets.errors import BaselineError

Merger = Callable[[Any, Any, "Rules[Any] | None"], Any]


def merge(base: Map, override: Map) -> Map:
    """Merge a file into what was merged before; `base` is changed and returned."""
    merged: Map = _mappings(base, override, _MERGERS)
    return merged


def extend(base: Map, service: Map) -> Map:
    """Merge a service into the one that it extends."""
    merged: Map = _mappings(base, service, _SERVICE_MERGERS)
    return merged


def _values(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    if rules is not None and rules.action is not None:
        return rules.action(base, override, rules)
    if override is None:
        return base
    if type(base) is Map:
        if type(override) is not Map:
            refuse("cannot override a mapping with another type")
        return _mappings(base, override, rules)
    if type(base) is Seq:
        if type(override) is not Seq:
            refuse("cannot override a list with another type")
        return base.join(override)
    return override


def _mappings(base: Map, override: Map, rules: "Rules[Any] | None") -> Map:
    for key, value in override.items():
        if key not in base:
            base.adopt(key, override)
            continue
        place = override.places.get(key)
        try:
            merged = _values(base[key], value, rules.below(key) if rules is not None else None)
        except BaselineError as error:
            raise at(error, place) from None
        base[key] = merged
        if place is not None and value is not None:
            base.places[key] = place
    return base


def _replace(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    return override


def _append(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    return _sequence(base).join(_sequence(override))


def _append_new(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    result = Seq(_sequence(base), _sequence(base).places)
    known = list(result)  # no set: a list may stand in it, which the specification refuses later
    override = _sequence(override)
    for item, place in zip(override, override.places, strict=True):
        if item not in known:
            result.add(item, place)
    return result


def _sequence(value: Any) -> Seq:
    """`{a: 1, b: null}` or `a=1` to a list of `key=value`, maps sorted."""
    if type(value) is Seq:
        return value
    if type(value) is str:
        return Seq([value])
    result = Seq()
    if type(value) is Map:
        for key in sorted(value, key=lambda key: key if value[key] is None else f"{key}={_first(value[key])}"):
            item = value[key]
            for each in item if type(item) is Seq else [item]:
                result.add(key if item is None else f"{key}={go_text(each)}", value.places.get(key))
    return result


def _first(value: Any) -> str:
    return go_text(value[0]) if type(value) is Seq and value else go_text(value)


def _builds(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    return _mappings(_as_build(base), _as_build(override), rules)


def _as_build(value: Any) -> Map:
    if type(value) is str:
        return Map({"context": value})
    return value if type(value) is Map else Map()


def _dependencies(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    return _named(dependencies_to_map(base), dependencies_to_map(override), rules)


def _names(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    return _named(names_to_map(base), names_to_map(override), rules)


def _named(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    if type(override) is not Map:
        return base
    if override and type(base) is not Map:
        refuse("must be a mapping or a list")
    return _mappings(base, override, rules) if override else base


def _logging(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    """Options merge when the driver is the same, or missing on one side."""
    if type(base) is not Map or type(override) is not Map:
        refuse("logging must be a mapping")
    drivers = base.get("driver"), override.get("driver")
    if drivers[0] == drivers[1] or "driver" not in base or "driver" not in override:
        return _mappings(base, override, rules)
    return override


def _address_pools(base: Any, override: Any, rules: "Rules[Any] | None") -> Any:
    """Merge `ipam.config` by subnet, in the order that Compose comes to."""
    if type(base) is not Seq or type(override) is not Seq:
        refuse("ipam.config must be a list")
    pools: list[Map] = []

    def position(subnet: Any) -> int:
        return next((index for index, pool in enumerate(pools) if pool.get("subnet") == subnet), -1)

    for original in base:
        for change in override:
            if change.get("subnet") != original.get("subnet") and position(change.get("subnet")) < 0:
                pools.append(change)
                continue
            merged = _mappings(original, change, rules)
            index = position(merged.get("subnet"))
            if index >= 0:
                pools[index] = merged
            else:
                pools.append(merged)
    return Seq(pools)


_SERVICE_RULES: dict[str, Merger] = {
    "annotations": _append,
    "build": _builds,
    "build.args": _append,
    "build.additional_contexts": _append,
    "build.extra_hosts": _append_new,
    "build.labels": _append,
    "command": _replace,
    "depends_on": _dependencies,
    "deploy.labels": _append,
    "dns": _append,
    "dns_opt": _append,
    "dns_search": _append,
    "entrypoint": _replace,
    "env_file": _append,
    "label_file": _append,
    "environment": _append,
    "extra_hosts": _append_new,
    "healthcheck.test": _replace,
    "labels": _append,
    "volumes.*.volume.labels": _append,
    "logging": _logging,
    "models": _names,
    "networks": _names,
    "sysctls": _append,
    "tmpfs": _append,
    "ulimits.*": _replace,
}
_SERVICE_MERGERS: Rules[Any] = Rules(_SERVICE_RULES)
_MERGERS: Rules[Any] = Rules(
    {
        "networks.*.ipam.config": _address_pools,
        "networks.*.labels": _append,
        "volumes.*.labels": _append,
        **{f"services.*.{key}": merger for key, merger in _SERVICE_RULES.items()},
    }
)
