"""What Larry does by hand on his hosts, months after the deploy.

Each function makes one change and returns the container's name.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from homelab_assets_tests.lab.homelab import RealLab
from homelab_assets_tests.lab.images import load_images
from homelab_assets_tests.lab.machine import Machine


def inspect(machine: Machine, container: str) -> dict[str, Any]:
    """Return a container's inspect document."""
    document: dict[str, Any] = json.loads(machine.docker("inspect", container))[0]
    return document


def recreate(
    machine: Machine,
    container: str,
    *,
    image: str | None = None,
    env: Mapping[str, str | None] | None = None,
    labels: Mapping[str, str | None] | None = None,
    host: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
) -> str:
    """Replace a container by one that differs in exactly this, as Portainer's "duplicate/edit" does.

    Args:
        image: another image. env, labels: set (or with None: remove) these.
        host, config: keys of `HostConfig` or of the container's configuration to set, as the API names them.
    """
    old = inspect(machine, container)
    wanted = {**old["Config"], **(config or {}), "HostConfig": {**old["HostConfig"], **(host or {})}}
    environment, container_labels = _environment(wanted["Env"]), wanted["Labels"]
    if image:
        # What came from the old image goes with it.
        from_image = json.loads(machine.docker("image", "inspect", old["Image"]))[0]["Config"]
        environment = dict(environment.items() - _environment(from_image["Env"]).items())
        container_labels = dict(container_labels.items() - (from_image["Labels"] or {}).items())
        wanted["Image"] = image
    wanted["Env"] = [f"{key}={value}" for key, value in _with(environment, env or {}).items()]
    wanted["Labels"] = _with(container_labels, labels or {})
    endpoints = old["NetworkSettings"]["Networks"]
    first, *others = endpoints or [None]
    wanted["NetworkingConfig"] = {"EndpointsConfig": {first: _endpoint(endpoints[first])} if first else {}}
    machine.docker("rm", "-f", container)
    machine.api("POST", f"/containers/create?name={container}", wanted)
    for network in others:
        machine.api(
            "POST",
            f"/networks/{network}/connect",
            {"Container": container, "EndpointConfig": _endpoint(endpoints[network])},
        )
    machine.docker("start", container)
    return container


def _environment(assignments: Sequence[str]) -> dict[str, str]:
    return dict(item.split("=", 1) for item in assignments if "=" in item)


def _with(values: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in {**values, **changes}.items() if value is not None}


def _endpoint(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Aliases": endpoint.get("Aliases"),
        "Links": endpoint.get("Links"),
        "DriverOpts": endpoint.get("DriverOpts"),
    }


def set_limits(machine: Machine, container: str, *options: str) -> str:
    """`docker update`: limits and restart policy of a living container."""
    machine.docker("update", *options, container)
    return container


def connect(machine: Machine, container: str, network: str) -> str:
    """Attach a living container to one more network."""
    machine.docker("network", "connect", network, container)
    return container


def rename(machine: Machine, container: str, name: str) -> str:
    """Give a living container another name."""
    machine.docker("rename", container, name)
    return name


def stop(machine: Machine, container: str) -> str:
    machine.docker("stop", "-t", "2", container)
    return container


def remove(machine: Machine, container: str) -> str:
    machine.docker("rm", "-f", container)
    return container


def run_unmanaged(machine: Machine, name: str, image: str, *options: str) -> str:
    """`docker run` something that git does not know."""
    machine.docker("run", "-d", "--name", name, *options, image)
    return name


def move_image(lab: RealLab, machine: Machine, reference: str, content: str = "a newer build") -> str:
    """Give a tag another image, as `docker pull` does after upstream rebuilt it. Containers keep the old one."""
    lab.load(machine, {reference: {**load_images()[reference], "content": content}})
    return reference


def seed_larrys_drift(lab: RealLab) -> Mapping[str, Sequence[str]]:
    """Make the changes of Larry's story on a fully deployed lab.

    Returns:
        container to the paths that differ from git now, in the drift document's words.
    """
    apps, media = lab.hosts["ct-docker-01"], lab.hosts["ct-media-01"]
    recreate(apps, "pihole", env={"PIHOLE_DNS_": "9.9.9.9;149.112.112.112"})
    recreate(media, "radarr", image="lscr.io/linuxserver/radarr:5.27.5")
    recreate(media, "prowlarr", image="lscr.io/linuxserver/prowlarr:2.0.5")
    recreate(media, "tautulli", labels={"traefik.http.routers.tautulli.middlewares": "authelia@docker"})
    set_limits(apps, "organizr", "--restart=unless-stopped")
    run_unmanaged(media, "watchtower", "containrrr/watchtower:1.7.1", "-v", "/var/run/docker.sock:/var/run/docker.sock")
    return {
        "pihole": ["environment.PIHOLE_DNS_"],
        "radarr": ["image"],
        "prowlarr": ["image"],
        "tautulli": ["labels.traefik.http.routers.tautulli.middlewares"],
        "organizr": ["restart"],
        "watchtower": [],
    }
