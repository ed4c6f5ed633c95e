"""Images for strangers' stacks: each has a command, some have more, by the throw of dice."""

import random
from collections.abc import Iterable, Mapping
from typing import Any

from homelab_assets.compose import Project

Configuration = dict[str, Any]

_MORE: Mapping[str, Any] = {
    "Entrypoint": ["/entry"],
    "ExposedPorts": ["80/tcp", "8080/tcp", "53/udp"],
    "Volumes": ["/config", "/data"],
    "User": "1000:1000",
    "WorkingDir": "/srv",
    "Labels": {"maintainer": "them", "org.opencontainers.image.version": "1"},
    "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 11 * 10**9, "Timeout": 7 * 10**9, "Retries": 9},
    "StopSignal": "SIGINT",
}
_ENVIRONMENT = {"PUID": "911", "PGID": "911", "TZ": "UTC", "LANG": "C.UTF-8", "HOME": "/root", "VERSION": "1.2.3"}


def image_of(project: Project, service: str) -> str:
    """The image that a service runs; one that is only built has the name that Compose gives it."""
    return str(project.services[service].get("image") or f"{project.name}-{service}")


def tagged(reference: str) -> str:
    """A reference with its tag."""
    return reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"


def pictures(references: Iterable[str], seed: int) -> dict[str, Configuration]:
    """Choose a configuration for each image; one with a digest can't be made here."""
    return {tagged(one): configuration(one, seed) for one in sorted(set(references)) if "@" not in one}


def configuration(reference: str, seed: int) -> Configuration:
    """The configuration of an image; all tags of a name share it."""
    name = tagged(reference).rpartition(":")[0]
    dice = random.Random(f"{seed} {name}")
    chosen = {key: value for key, value in _MORE.items() if dice.random() < 0.4}
    variables = {key: value for key, value in _ENVIRONMENT.items() if dice.random() < 0.4}
    return {"Cmd": ["run", name], "Env": {"PATH": "/bin:/usr/bin", **variables}, **chosen, "content": reference}
