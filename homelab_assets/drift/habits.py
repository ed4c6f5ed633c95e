"""What a daemon puts into containers by itself: learnt from those of its containers for which git says nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

from homelab_assets.drift.unify import Settled
from homelab_assets.drift.view import Host

_TOPICS = {
    "runtime": ("runtime", "Runtime"),
    "ipc": ("ipc", "IpcMode"),
    "cgroup": ("cgroup", "CgroupnsMode"),
    "shm_size": ("shm_size", "ShmSize"),
}


def learn(host: Host, stacks: Iterable[Settled]) -> None:
    """Collect the values of undeclared keys, for `Host.usual`."""
    for stack in stacks:
        for match in stack.matches:
            for container in match.containers:
                _learn_one(host, container.id, match.declared, container.host_config)


def _learn_one(host: Host, identity: str, declared: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    for topic, (key, field) in _TOPICS.items():
        if declared.get(key) is None:
            host.learn(topic, identity, config.get(field))
    mine = declared.get("ulimits") or {}
    limits = {str(limit.get("Name")): (limit.get("Soft"), limit.get("Hard")) for limit in config.get("Ulimits") or ()}
    host.learn("ulimits", identity, {name: limit for name, limit in limits.items() if name not in mine})
    logging, log = declared.get("logging") or {}, config.get("LogConfig") or {}
    if not logging.get("driver"):
        host.learn("logging.driver", identity, log.get("Type"))
    options, wanted = log.get("Config") or {}, logging.get("options") or {}
    host.learn("logging.options", identity, {name: str(value) for name, value in options.items() if name not in wanted})
