"""Containers as inspect shows them, and services as compose declares them, in the estate's terms."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from homelab_assets.documentation.estate import Declaration, Health, Mount, Port, Service, State
from homelab_assets.labels import (
    CONFIG_FILES,
    DEPENDS_ON,
    ENVIRONMENT_FILE,
    SERVICE,
    WORKING_DIR,
    labels_of,
    name_of,
    project_in,
)
from homelab_assets.model import Json

_STATES: dict[str, State] = {
    "running": "running",
    "restarting": "restarting",
    "paused": "paused",
    "created": "stopped",
    "exited": "stopped",
    "stopped": "stopped",
    "dead": "stopped",
    "removing": "stopped",
}
_HEALTHS: dict[str, Health] = {"healthy": "healthy", "unhealthy": "unhealthy", "starting": "starting"}
_NONE = {"host", "none"}
# The worst replica speaks for its service.
_WORST = ("restarting", "stopped", "paused", "unknown", "running")


def _texts_of(document: Mapping[str, Json]) -> dict[str, str]:
    """Return the labels of a container or image as text."""
    return {str(k): str(v) for k, v in labels_of(document).items()}


def place(container: Mapping[str, Json]) -> tuple[str | None, str]:
    """Return stack and service of a container: its Compose labels, else no stack and its name."""
    labels = _texts_of(container)
    project = project_in(labels)
    service = labels.get(SERVICE)
    return (project, service) if project and service else (None, name_of(container))


def service_of(
    host: str,
    replicas: Sequence[Mapping[str, Json]],
    images: Mapping[str, Mapping[str, Json]],
    names: Mapping[str, str],
    folders: Mapping[str, str] | None = None,
) -> Service:
    """Join the containers of one service.

    Args:
        replicas: inspect documents, at least one. images: by id. names: container names by id.
        folders: of volumes that stand for a folder of the host, by name.
    """
    first = replicas[0]
    stack, name = place(first)
    config, host_config, labels = first.get("Config") or {}, first.get("HostConfig") or {}, _texts_of(first)
    image = images.get(str(first.get("Image"))) or {}
    states = [_state(container) for container in replicas]
    healths = {_health(container) for container in replicas}
    return Service(
        host=host,
        stack=stack,
        name=name,
        project=stack,
        containers=tuple(name_of(container) for container in replicas),
        image=str(config.get("Image") or ""),
        image_labels=_texts_of(image),
        state=next(state for state in _WORST if state in states),
        health=next((health for health in ("unhealthy", "starting", "healthy") if health in healths), None),
        networks=_networks(replicas),
        namespace=_namespace(str(host_config.get("NetworkMode") or ""), names),
        ports=tuple(sorted({port for container in replicas for port in _ports(container)}, key=_port_order)),
        mounts=tuple(sorted(_mounts(first, folders or {}), key=lambda mount: mount.target)),
        labels=labels,
        environment=dict(_assignments(config.get("Env") or ())),
        command=tuple(str(part) for part in (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))),
        health_test=tuple(str(part) for part in ((config.get("Healthcheck") or {}).get("Test") or ())),
        restart=str((host_config.get("RestartPolicy") or {}).get("Name") or ""),
        depends_on=dict(_depends_on(labels.get(DEPENDS_ON, ""))),
        directory=labels.get(WORKING_DIR, ""),
        config_files=_listed(labels, CONFIG_FILES),
        environment_files=_listed(labels, ENVIRONMENT_FILE),
    )


def _listed(labels: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part for part in labels.get(name, "").split(",") if part)


def service_from(declaration: Declaration, host: str, folder: str = "", project: str = "") -> Service:
    """Return a service that git declares and of which no container exists.

    Args:
        folder: of its compose files on the host; "" where nothing tells it.
        project: what Compose calls its stack there; "" where nothing tells it: as git says then.
    """
    model = declaration.model
    mode = str(model.get("network_mode") or "")
    networks = model.get("networks") or {}
    return Service(
        host=host,
        stack=declaration.stack,
        name=declaration.service,
        project=project or declaration.project,
        image=str(model.get("image") or ""),
        state="missing",
        networks={
            declaration.networks.get(key, key): tuple(
                dict.fromkeys([declaration.service, *((value or {}).get("aliases") or ())])
            )
            for key, value in (networks.items() if isinstance(networks, Mapping) else ((key, None) for key in networks))
        },
        namespace=mode.partition(":")[2] or (mode if mode == "host" else None),
        ports=tuple(_declared_ports(model.get("ports") or ())),
        mounts=tuple(_declared_mounts(model.get("volumes") or (), declaration, folder)),
        labels=_texts(model.get("labels")),
        environment=_texts(model.get("environment")),
        command=tuple(str(part) for part in model.get("command") or ()),
        health_test=tuple(str(part) for part in ((model.get("healthcheck") or {}).get("test") or ())),
        restart=str(model.get("restart") or ""),
        depends_on=declared_dependencies(model),
        directory=folder,
        declared=declaration,
    )


def declared_dependencies(model: Mapping[str, Json]) -> dict[str, str]:
    """Return `depends_on` of a canonical service: service to condition."""
    depends = model.get("depends_on") or {}
    if isinstance(depends, Mapping):
        return {str(k): str((v or {}).get("condition") or "service_started") for k, v in depends.items()}
    return {str(name): "service_started" for name in depends}


def _state(container: Mapping[str, Json]) -> State:
    state = container.get("State") or {}
    return _STATES.get(str(state.get("Status") or ("running" if state.get("Running") else "")).lower(), "unknown")


def _health(container: Mapping[str, Json]) -> Health | None:
    # A container that does not run keeps its last health; nobody should read it as the present one.
    if _state(container) != "running":
        return None
    state = container.get("State") or {}
    return _HEALTHS.get(str((state.get("Health") or state.get("Healthcheck") or {}).get("Status") or "").lower())


def _networks(replicas: Sequence[Mapping[str, Json]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for container in replicas:
        own = str(container.get("Id") or "")[:12]
        for network, endpoint in ((container.get("NetworkSettings") or {}).get("Networks") or {}).items():
            aliases = [str(alias) for alias in (endpoint or {}).get("Aliases") or () if alias != own]
            found.setdefault(network, []).extend([name_of(container), *aliases])
    return {network: tuple(dict.fromkeys(names)) for network, names in sorted(found.items()) if network not in _NONE}


def _namespace(mode: str, names: Mapping[str, str]) -> str | None:
    if mode == "host":
        return "host"
    kind, _, reference = mode.partition(":")
    if kind != "container":
        return None
    # Compose stores the id; an id that no container has belongs to one that was replaced.
    return names.get(reference, reference if not _looks_like_id(reference) else f"{reference[:12]} (gone)")


def _looks_like_id(text: str) -> bool:
    return len(text) >= 12 and all(character in "0123456789abcdef" for character in text)


def _ports(container: Mapping[str, Json]) -> Iterable[Port]:
    # What was asked for, not only what is bound: a stopped container publishes nothing.
    bindings = (container.get("NetworkSettings") or {}).get("Ports") or {}
    if not any(bindings.values()):
        bindings = (container.get("HostConfig") or {}).get("PortBindings") or {}
    for inside, bound in bindings.items():
        number, _, protocol = str(inside).partition("/")
        for binding in bound or ():
            if number.isdigit() and str(binding.get("HostPort") or "").isdigit():
                address = str(binding.get("HostIp") or "")
                yield Port(
                    container=int(number),
                    protocol=protocol or "tcp",
                    host=int(binding["HostPort"]),
                    address="" if address in {"0.0.0.0", "::"} else address,  # noqa: S104
                )


def _port_order(port: Port) -> tuple[int, str, int, str]:
    return (port.host, port.protocol, port.container, port.address)


def _mounts(container: Mapping[str, Json], folders: Mapping[str, str]) -> Iterable[Mount]:
    for mount in container.get("Mounts") or ():
        kind = str(mount.get("Type") or "bind")
        source = str((mount.get("Name") if kind == "volume" else mount.get("Source")) or "")
        yield Mount(
            kind=kind,
            source=source,
            path=folders.get(source, "") if kind == "volume" else source if kind == "bind" else "",
            target=str(mount.get("Destination") or ""),
            read_only=mount.get("RW") is False,
        )


def _assignments(environment: Iterable[str]) -> Iterable[tuple[str, str]]:
    for assignment in environment:
        name, _, value = str(assignment).partition("=")
        yield name, value


def _depends_on(label: str) -> Iterable[tuple[str, str]]:
    for part in filter(None, label.split(",")):
        name, _, rest = part.partition(":")
        yield name, rest.partition(":")[0] or "service_started"


def _declared_ports(ports: Iterable[Any]) -> Iterable[Port]:
    for port in ports:
        if not isinstance(port, Mapping) or not str(port.get("published") or "").isdigit():
            continue
        address = str(port.get("host_ip") or "")
        yield Port(
            container=int(port.get("target") or 0),
            protocol=str(port.get("protocol") or "tcp"),
            host=int(str(port["published"])),
            address="" if address in {"0.0.0.0", "::"} else address,  # noqa: S104
        )


def _declared_mounts(volumes: Iterable[Any], declaration: Declaration, folder: str) -> Iterable[Mount]:
    # A path that git gives relative to the stack's folder was loaded as if the repository were the whole disk.
    inside = f"/{declaration.directory}/"
    for volume in volumes:
        if isinstance(volume, Mapping):
            kind, source = str(volume.get("type") or "volume"), str(volume.get("source") or "")
            if kind == "volume":
                source = declaration.volumes.get(source, source)
            elif source.startswith(inside):
                source = f"{folder or '.'}/{source.removeprefix(inside)}"
            yield Mount(
                kind=kind,
                source=source,
                path=source if kind == "bind" and source.startswith("/") else "",
                target=str(volume.get("target") or ""),
                read_only=bool(volume.get("read_only")),
            )


def _texts(value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {str(k): "" if v is None else str(v) for k, v in value.items()}
    return dict(_assignments(value or ()))
