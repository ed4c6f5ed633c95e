"""Learns a daemon's habits from its containers."""

from collections.abc import Iterable, Mapping
from typing import Any

from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.habits import Habits
from homelab_assets.drift.rows.resources import found_ulimits
from homelab_assets.drift.rows.upkeep import log_config
from homelab_assets.drift.unify import Settled
from homelab_assets.drift.view import Host, Observed

_SCALARS = {row.key: row.where.removeprefix("HostConfig.") for row in TABLE if row.daemon and row.kind == "scalar"}
"""Keys of which a daemon has a default, with the field of `HostConfig` that holds it."""


def learn(host: Host, stacks: Iterable[Settled]) -> None:
    """Collect the values of undeclared keys; of limits and options name by name."""
    seen = [
        (container, match.declared) for stack in stacks for match in stack.matches for container in match.containers
    ]
    limits, options = [], []
    for container, declared in seen:
        for key, field in _SCALARS.items():
            if declared.get(key) is None:
                host.habits.add(key, container, container.host_config.get(field))
        limits.append((container, declared.get("ulimits") or {}, dict(found_ulimits(container))))
        driver, found = log_config(container)
        logging = declared.get("logging") or {}
        if not logging.get("driver"):
            host.habits.add("logging.driver", container, driver)
        # The daemon's options are for its own driver only.
        if driver == host.info.get("LoggingDriver", "json-file"):
            options.append((container, logging.get("options") or {}, found))
    _learn_each(host.habits, "ulimits", limits)
    _learn_each(host.habits, "logging.options", options)


def _learn_each(
    habits: Habits, key: str, seen: Iterable[tuple[Observed, Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    """Collect, name by name, what containers have that do not declare that name; having nothing counts too."""
    seen = list(seen)
    for name in dict.fromkeys(name for _, _, found in seen for name in found):
        for container, declared, found in seen:
            if name not in declared:
                habits.add(f"{key}.{name}", container, found.get(name))
