"""Inspect documents in a few words, as an engine would answer for a container that Compose made."""

import hashlib
from typing import Any

from homelab_assets.drift.view import generated_names

IMAGE_ID = "sha256:" + "1" * 64


def image(*tags: str, identity: str = IMAGE_ID, **config: Any) -> dict[str, Any]:
    """An image inspect document; `config`: keys of its `Config`."""
    return {"Id": identity, "RepoTags": list(tags), "Os": "linux", "Architecture": "amd64", "Config": config}


def container(
    project: str | None,
    service: str,
    *,
    name: str | None = None,
    number: int = 1,
    state: str = "running",
    code: int = 0,
    config: dict[str, Any] | None = None,
    host: dict[str, Any] | None = None,
    labels: dict[str, str] | None = None,
    networks: dict[str, Any] | None = None,
    mounts: list[dict[str, Any]] | None = None,
    env: dict[str, str] | None = None,
    created: str = "2026-11-01T00:00:00Z",
    directory: str | None = None,
    version: str = "2.40.3",
) -> dict[str, Any]:
    """A container inspect document. `project` None: started by hand, without labels."""
    name = name or generated_names(str(project), service, str(number))[version.startswith("1.")]
    identity = hashlib.sha256(f"{project}/{name}".encode()).hexdigest()
    own: dict[str, str] = {}
    if project is not None:
        folder = f"/opt/apps/stacks/{project}" if directory is None else directory
        own = {
            "com.docker.compose.project": project,
            "com.docker.compose.service": service,
            "com.docker.compose.container-number": str(number),
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.version": version,
            "com.docker.compose.project.working_dir": folder,
        }
    endpoint = {"Aliases": [name, service], "IPAMConfig": None, "Links": None}
    attached = {f"{project}_default": endpoint} if networks is None else networks
    return {
        "Id": identity,
        "Name": f"/{name}",
        "Created": created,
        "Image": IMAGE_ID,
        "State": {"Status": state, "Running": state == "running", "ExitCode": code},
        "Config": {
            "Hostname": identity[:12], "Image": "plain:1", "Cmd": ["run"], "Entrypoint": None,
            "Env": [f"{key}={value}" for key, value in (env or {}).items()],
            "Labels": {**own, **(labels or {})}, **(config or {}),
        },
        "HostConfig": {
            "NetworkMode": next(iter(attached), "default"), "RestartPolicy": {"Name": "no"}, "IpcMode": "private",
            "LogConfig": {"Type": "json-file", "Config": {}}, "ShmSize": 67108864, "Runtime": "runc", **(host or {}),
        },
        "NetworkSettings": {"Networks": attached},
        "Mounts": mounts or [],
    }  # fmt: skip
