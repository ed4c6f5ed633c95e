"""Small homelabs for tests, made of inspect documents as engines give them."""

from collections.abc import Iterable, Mapping
from typing import Any

from homelab_assets.documentation.estate import Estate
from homelab_assets.documentation.survey import survey
from homelab_assets.drift.document import DriftDocument, HostStatus, Item, ServiceDrift
from homelab_assets.model import Captured, Unreachable
from homelab_assets.secrecy import Vault

NOW = "2026-11-23T06:00:00Z"
VAULT = Vault(b"a key for tests, of some length")


def container(
    name: str,
    image: str = "acme/thing:1.0",
    *,
    stack: str | None = None,
    service: str | None = None,
    networks: Mapping[str, Iterable[str]] | None = None,
    env: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    ports: Mapping[str, tuple[str, int]] | None = None,
    mounts: Iterable[Mapping[str, Any]] = (),
    mode: str = "bridge",
    status: str = "running",
    health: str | None = None,
    command: Iterable[str] = (),
    depends_on: str = "",
    directory: str | None = None,
    test: Iterable[str] = (),
) -> dict[str, Any]:
    """Make an inspect document, secrets and all."""
    own = {}
    if stack:
        own = {
            "com.docker.compose.project": stack,
            "com.docker.compose.service": service or name,
            "com.docker.compose.depends_on": depends_on,
            "com.docker.compose.project.working_dir": directory or f"/opt/stacks/{stack}",
            "com.docker.compose.project.config_files": f"{directory or f'/opt/stacks/{stack}'}/docker-compose.yml",
        }
    return {
        "Id": identity(name),
        "Name": f"/{name}",
        "Image": f"sha256:{identity(image)}",
        "Created": "2026-11-01T06:00:00Z",
        "State": {
            "Status": status,
            "Running": status == "running",
            "Health": {"Status": health, "Log": []} if health else None,
        },
        "Config": {
            "Image": image,
            "Env": [f"{key}={value}" for key, value in (env or {}).items()],
            "Labels": {**own, **(labels or {})},
            "Cmd": list(command),
            "Healthcheck": {"Test": list(test)} if test else None,
        },
        "HostConfig": {"NetworkMode": mode, "RestartPolicy": {"Name": "unless-stopped"}},
        "NetworkSettings": {
            "Networks": {
                network: {"Aliases": [service or name, *aliases]} for network, aliases in (networks or {}).items()
            },
            "Ports": {
                inside: [{"HostIp": address, "HostPort": str(port)}]
                for inside, (address, port) in (ports or {}).items()
            },
        },
        "Mounts": list(mounts),
    }


def bind(source: str, target: str, *, writable: bool = True) -> dict[str, Any]:
    """Make a bind mount."""
    return {"Type": "bind", "Source": source, "Destination": target, "RW": writable}


def volume(name: str, target: str, *, writable: bool = True) -> dict[str, Any]:
    """Make a mount of a named volume."""
    return {
        "Type": "volume",
        "Name": name,
        "Source": f"/var/lib/docker/volumes/{name}/_data",
        "Destination": target,
        "RW": writable,
    }


def identity(text: str) -> str:
    """Return an id of 64 hexadecimal digits."""
    return (text.encode().hex() + "0" * 64)[:64]


def capture(
    host: str,
    *containers: Mapping[str, Any],
    images: Iterable[Mapping[str, Any]] = (),
    volumes: Iterable[Mapping[str, Any]] = (),
    networks: Iterable[Mapping[str, Any]] = (),
) -> Captured:
    """Make a capture, sealed as the real ones are."""
    return Captured(
        host=host,
        captured_at=NOW,
        engine={"version": {"Version": "27.0"}, "info": {"OperatingSystem": "Debian", "NCPU": 4, "MemTotal": 2**33}},
        containers=[VAULT.seal_inspect(dict(one)) for one in containers],
        images=[VAULT.seal_inspect(dict(one)) for one in images],
        networks=[VAULT.seal_inspect(dict(one)) for one in networks],
        volumes=[VAULT.seal_inspect(dict(one)) for one in volumes],
    )


def document(*services: ServiceDrift, hosts: Iterable[str] = ()) -> DriftDocument:
    """Make a drift document."""
    return DriftDocument(
        generated_at=NOW,
        hosts=tuple(HostStatus(name=name, status="captured") for name in hosts),
        baselines=(),
        services=services,
    )


def drifted(host: str, stack: str | None, service: str, *paths: str, first_seen: str = NOW) -> ServiceDrift:
    """Make a verdict with a difference at each path."""
    items = [
        Item(path=path, change="changed", severity="functional", baseline="a", running="b", first_seen=first_seen)
        for path in paths
    ]
    return ServiceDrift(
        host=host, stack=stack, service=service, container=service, status="drifted", cause="host_changed", remedy="backport", items=items,
        repository="homelab-apps", file=f"stacks/{stack}/docker-compose.yml", line=2,
    )  # fmt: skip


def estate(*captures: Captured | Unreachable, verdicts: Iterable[ServiceDrift] = (), **survey_options: Any) -> Estate:
    """Survey captures."""
    return survey(captures, survey_options.pop("declarations", ()), document(*verdicts), **survey_options)
