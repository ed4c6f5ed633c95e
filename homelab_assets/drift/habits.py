"""What a daemon puts into containers by itself: learnt from those of its containers for which git says nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

from homelab_assets.drift.rows.resources import found_ulimits
from homelab_assets.drift.unify import Settled
from homelab_assets.drift.view import Host, Observed

_TOPICS = {
    "runtime": ("runtime", "Runtime"),
    "ipc": ("ipc", "IpcMode"),
    "cgroup": ("cgroup", "CgroupnsMode"),
    "shm_size": ("shm_size", "ShmSize"),
}


def learn(host: Host, stacks: Iterable[Settled]) -> None:
    """Collect the values of undeclared keys, for `Host.usual`; a limit or option has a topic of its own."""
    seen = [
        (container, match.declared) for stack in stacks for match in stack.matches for container in match.containers
    ]
    for container, declared in seen:
        for topic, (key, field) in _TOPICS.items():
            if declared.get(key) is None:
                host.learn(topic, container, container.host_config.get(field))
        if not (declared.get("logging") or {}).get("driver"):
            host.learn("logging.driver", container, _log(container).get("Type"))
    limits = [
        (container, declared.get("ulimits") or {}, dict(found_ulimits(container))) for container, declared in seen
    ]
    _learn_each(host, "ulimits", limits)
    options = [
        (container, (declared.get("logging") or {}).get("options") or {}, _log(container).get("Config") or {})
        for container, declared in seen
        # The daemon's options are for its own driver only.
        if _log(container).get("Type") == host.info.get("LoggingDriver", "json-file")
    ]
    _learn_each(host, "logging.options", options)


def _learn_each(host: Host, topic: str, seen: Iterable[tuple[Observed, Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """Collect, name by name, what containers have that do not declare that name; having nothing counts too."""
    seen = list(seen)
    for name in dict.fromkeys(name for _, _, found in seen for name in found):
        for container, declared, found in seen:
            if name not in declared:
                host.learn(f"{topic}.{name}", container, found.get(name))


def _log(container: Observed) -> Mapping[str, Any]:
    return container.host_config.get("LogConfig") or {}
