"""Changes of the networks and volumes that a stack defines, and the item that must come of each."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from homelab_assets.compose import Project
from homelab_assets_tests.drift.strangers.changes import Change, Subject
from homelab_assets_tests.drift.strangers.leaves import Leaves, Wanted

_NETWORK: tuple[dict[str, Any], ...] = (
    {"internal": True},
    {"attachable": True},
    {"labels": {"strangers.word": "here"}},
    {"driver_opts": {"com.docker.network.strangers": "7"}},
    {"ipam": {"config": [{"subnet": "10.251.7.0/24"}]}},
    {"driver": "strangers"},
)
_VOLUME: tuple[dict[str, Any], ...] = (
    {"labels": {"strangers.word": "here"}},
    {"driver_opts": {"strangers": "7"}},
    {"driver_opts": {"device": "/opt/strangers"}},
    {"driver": "strangers"},
)


def redefinitions(subject: Subject, dice: Random) -> list[Change]:
    """Changes of what a service uses, in an order that the dice decide; those of external ones Compose refuses."""
    found = [*_of_networks(subject), *_of_volumes(subject)]
    dice.shuffle(found)
    return found


def _of_networks(subject: Subject) -> Iterator[Change]:
    for key in subject.model.get("networks") or {} if subject.own_network else {}:
        for change in _NETWORK:
            yield Change(key="definition of a network", body={}, sections={"networks": {key: change}})


def _of_volumes(subject: Subject) -> Iterator[Change]:
    for volume in subject.model.get("volumes") or ():
        for change in _VOLUME if volume["type"] == "volume" and volume.get("source") else ():
            yield Change(key="definition of a volume", body={}, sections={"volumes": {volume["source"]: change}})


def must_come_of_definitions(made: Project, git: Project, running: Sequence[str]) -> list[Wanted]:
    """The items that must come where git defines networks and volumes otherwise than they were made.

    Args:
        running: services that have containers.
    """
    found = []
    for section in ("networks", "volumes"):
        then, now = getattr(made, section), getattr(git, section)
        for key in then.keys() & now.keys():
            teller = _teller(section, key, made, running)
            if teller is None or then[key].get("name") != now[key].get("name") or now[key].get("external"):
                continue
            ours, theirs = _leaves(now[key]), _leaves(then[key])
            for path in sorted(ours.keys() | theirs.keys()):
                if ours.get(path) != theirs.get(path):
                    change = "added" if path not in ours else "removed" if path not in theirs else "changed"
                    # An engine has a driver and a subnet in any case.
                    change = "changed" if path in ("driver", "ipam.config") and path in ours else change
                    found.append(Wanted(service=teller[0], path=f"{teller[1]}.{path}", change=change))
    return found


def _teller(section: str, key: str, project: Project, running: Sequence[str]) -> tuple[str, str] | None:
    """The first service of the file that uses one, with how its items' paths begin."""
    for name in (name for name in project.sources.names_in("services") if name in running):
        service = project.services[name]
        if section == "networks" and key in (service.get("networks") or {}):
            return name, f"networks.{key}"
        for volume in service.get("volumes") or () if section == "volumes" else ():
            if (volume["type"], volume.get("source")) == ("volume", key):
                return name, f"volumes.{volume['target']}"
    return None


def _leaves(definition: Mapping[str, Any]) -> Leaves:
    found: Leaves = {}
    for key, value in definition.items():
        if key in ("driver_opts", "labels"):
            found |= {f"{key}.{name}": text for name, text in value.items()}
        elif key == "ipam":
            found |= {f"ipam.{name}": part for name, part in value.items()}
        elif key != "name":
            found[key] = value
    return found
