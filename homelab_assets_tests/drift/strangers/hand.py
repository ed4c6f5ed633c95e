"""What a person does to a living container, and the item that must come of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homelab_assets_tests.drift.strangers.leaves import Wanted
from homelab_assets_tests.lab import Machine

ELSEWHERE = "strangers-elsewhere"
"""A network that no stack knows."""
_MEMORY = ("mem_limit", "memswap_limit", "mem_reservation", "mem_swappiness", "deploy")
_PROCESSORS = ("cpus", "cpu_quota", "cpu_period", "deploy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Commands of `docker`, in order, and what must come of them."""

    commands: tuple[tuple[str, ...], ...]
    path: str
    change: str

    def wanted(self, service: str) -> Wanted:
        """The item that must come."""
        return Wanted(service=service, path=self.path, change=self.change)


def acts(service: str, model: Mapping[str, Any], container: str, networks: Mapping[str, str]) -> Iterator[Act]:
    """All that this can do to a service's only container; `networks`: the names of its networks, by key."""
    if "deploy" not in model:
        policy = "unless-stopped" if model.get("restart") == "always" else "always"
        declared = "changed" if model.get("restart") else "added"
        yield _act("restart", declared, ("update", "--restart", policy, container))
    if not any(model.get(key) for key in _MEMORY):
        yield _act("mem_limit", "added", ("update", "--memory", "777m", "--memory-swap", "1554m", container))
    if not any(model.get(key) for key in _PROCESSORS):
        yield _act("cpus", "added", ("update", "--cpus", "0.7", container))
    named = "changed" if model.get("container_name") else "added"
    yield _act("container_name", named, ("rename", container, f"{container}-elsewhere"))
    if not model.get("network_mode"):
        join = ("network", "connect")
        yield _act(f"networks.{ELSEWHERE}", "added", (*join, ELSEWHERE, container))
        yield _act(f"networks.{ELSEWHERE}", "added", (*join, "--alias", "stranger", ELSEWHERE, container))
        # Links would go with the network.
        for key, name in () if model.get("links") else networks.items():
            yield from _left(key, name, container, model, known_by_name=container == service)


def _left(key: str, name: str, container: str, model: Mapping[str, Any], *, known_by_name: bool) -> Iterator[Act]:
    leave = ("network", "disconnect", name, container)
    yield _act(f"networks.{key}", "removed", leave)
    options = (model.get("networks") or {}).get(key) or {}
    # The engine gives each endpoint the hostname as an alias, which may be the very one that is lost; and nothing is
    # where the container itself is called like its service.
    if not options.keys() - {"aliases"} and not model.get("hostname") and not known_by_name:
        yield _act(f"networks.{key}.aliases", "changed", leave, ("network", "connect", name, container))


def _act(path: str, change: str, *commands: tuple[str, ...]) -> Act:
    return Act(commands=commands, path=path, change=change)


def perform(machine: Machine, act: Act) -> None:
    """Do it."""
    for command in act.commands:
        machine.docker(*command)


def named_networks(machine: Machine, container: str) -> set[str]:
    """Networks that a container can be taken off: not those that it has by their ids until it is first started, as
    Compose 2.26 joins it to external ones; the engine finds it in none of them."""
    return set(json.loads(machine.docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container)))


def containers_of(machine: Machine, service: str) -> Sequence[str]:
    """The names of a service's containers."""
    return machine.docker(
        "ps", "--all", "--format", "{{.Names}}", "--filter", f"label=com.docker.compose.service={service}"
    ).split()
