"""What a host's engine says, as the documents of a capture."""

import json
from collections.abc import Sequence
from typing import Any

from homelab_assets_tests.lab.machine import Machine

# Nothing is compared in these, and they hold paths of the machine that recorded.
_LOCAL = ("GraphDriver", "LogPath", "ResolvConfPath", "HostnamePath", "HostsPath", "Metadata")


def recorded(machine: Machine) -> dict[str, Any]:
    """Return the raw documents of a whole host by the names of a capture's files, containers in the order of names."""
    containers = _inspect(machine, "container", machine.docker("ps", "-aq", "--no-trunc").split())
    documents = {
        "engine": {"version": machine.api("GET", "/version"), "info": machine.api("GET", "/info")},
        "containers": sorted(containers, key=lambda document: document["Name"]),
        "images": _inspect(machine, "image", sorted({container["Image"] for container in containers})),
        "networks": _inspect(machine, "network", machine.docker("network", "ls", "-q", "--no-trunc").split()),
        "volumes": _inspect(machine, "volume", machine.docker("volume", "ls", "-q").split()),
    }
    text = json.dumps(_without_local(documents)).replace(str(machine.directory / "docker"), "/var/lib/docker")
    return json.loads(text)


def _inspect(machine: Machine, kind: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    return json.loads(machine.docker(kind, "inspect", *ids)) if ids else []


def _without_local(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_local(value) for key, value in node.items() if key not in _LOCAL}
    return [_without_local(item) for item in node] if isinstance(node, list) else node
