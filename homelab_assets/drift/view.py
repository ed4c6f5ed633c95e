"""What the field table looks at: a service of git, a container, and the host around it."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, wraps
from typing import Any, TypeVar

from msgspec import Struct, field

from homelab_assets.compose import paths
from homelab_assets.drift.habits import Habits
from homelab_assets.drift.project_view import ProjectView
from homelab_assets.labels import NUMBER, PODMAN_COMPOSE, PROJECT, SERVICE, VERSION, labels_of, name_of, project_in
from homelab_assets.late import late
from homelab_assets.model import Captured, Json

Result = TypeVar("Result")
_HEX_ID = late(r"[0-9a-f]{12,64}")


class Declared(Struct, frozen=True, kw_only=True):
    """A service as git declares it: the canonical form that `docker compose config` prints."""

    name: str
    service: Mapping[str, Json]
    project: ProjectView
    facts: dict[Any, Any] = field(default_factory=dict)
    """What functions under `once` gave for it."""

    def get(self, key: str) -> Any:
        """A key of the service, None where it's absent."""
        return self.service.get(key)

    def read_as(self, service: Mapping[str, Json]) -> "Declared":
        """The same service as somebody else reads it; what was worked out for this one doesn't count there."""
        return Declared(name=self.name, service=service, project=self.project)

    def deploy(self, *keys: str) -> Any:
        """A value below `deploy`, None where any step is absent."""
        value: Any = self.service.get("deploy")
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


class Host:
    """One captured engine: its containers and images by id, its capabilities, its habits.

    Args:
        captured: the capture. Nothing in it is changed.

    Attributes:
        habits: what its daemon puts into containers by itself. facts: what was worked out once for all of them.
        by_name: project and service of containers without labels of Compose that were found by their names, by id.
    """

    def __init__(self, captured: Captured) -> None:
        self.name = captured.host
        self.captured = captured
        self.info: Mapping[str, Json] = captured.engine.get("info") or {}
        version: Mapping[str, Json] = captured.engine.get("version") or {}
        self.api = _numbers(str(version.get("ApiVersion") or ""))
        self.podman = is_podman(version)
        self.containers = {str(container.get("Id")): container for container in captured.containers}
        self.images = {str(image.get("Id")): image for image in captured.images}
        self.tags = {tag: image for image in captured.images for tag in image.get("RepoTags") or ()}
        self.networks = {str(network.get("Id")): str(network.get("Name")) for network in captured.networks}
        self.habits = Habits()
        self.by_name: dict[str, tuple[str, str]] = {}
        self.facts: dict[Any, Any] = {}

    @cached_property
    def network_documents(self) -> Mapping[str, Json]:
        """Its networks by name, but those that share theirs with another one."""
        return _by_name(self.captured.networks)

    @cached_property
    def volume_documents(self) -> Mapping[str, Json]:
        """Its volumes by name."""
        return _by_name(self.captured.volumes)

    def can(self, flag: str) -> bool:
        """Whether the kernel supports a limit, by the flag of `/info`; yes where it doesn't say."""
        return self.info.get(flag) is not False

    def by_reference(self, reference: str) -> Mapping[str, Json] | None:
        """The container with this id, id prefix or name."""
        if found := self.containers.get(reference):
            return found
        if _HEX_ID.fullmatch(reference):
            for identity, container in self.containers.items():
                if identity.startswith(reference):
                    return container
        return next((c for c in self.containers.values() if name_of(c) == reference), None)


def _by_name(documents: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    twice = set()
    for document in documents:
        name = str(document.get("Name"))
        twice.update([name] if name in found else [])
        found[name] = document
    return {name: document for name, document in found.items() if name not in twice}


def is_podman(version: Mapping[str, Json]) -> bool:
    """Whether podman answers, by `/version`."""
    names = [str(part.get("Name", "")) for part in version.get("Components") or ()]
    return any("podman" in name.lower() for name in names)


class Observed:
    """A container as inspect shows it, with the image that it was made from (None where the host has lost it)."""

    def __init__(self, container: Mapping[str, Json], host: Host) -> None:
        self.container = container
        self.host = host
        self.id = str(container.get("Id") or "")
        self.name = name_of(container)
        self.created = str(container.get("Created") or "")
        """When, as the engine writes it: good for putting containers in order."""
        self.config: Mapping[str, Json] = container.get("Config") or {}
        self.host_config: Mapping[str, Json] = container.get("HostConfig") or {}
        self.labels = labels_of(container)
        self.project = project_in(self.labels)
        self.service = str(self.labels.get(SERVICE) or "") or None
        """What its labels call the compose project and the service that it belongs to."""
        self.networks: Mapping[str, Json] = (container.get("NetworkSettings") or {}).get("Networks") or {}
        self.image = host.images.get(str(container.get("Image") or ""))
        self.proven: bool | None = None
        """Whether Compose's hash proves that it was made from the file in git; None: nothing is known."""
        self.named = False
        """Whether the hash proves that somebody gave it the hostname that could have been its host's."""
        self.image_config: Mapping[str, Json] = ((self.image or {}).get("Config")) or {}
        self.facts: dict[Any, Any] = {}
        """What functions under `once` gave for it."""

    @cached_property
    def variables(self) -> Mapping[str, str | None]:
        """Its environment, as `assignments` reads it."""
        return assignments(self.config.get("Env"))

    @cached_property
    def of(self) -> str:
        """What tells its service from every other one; a container without one stands for itself."""
        return f"{self.project}/{self.service}" if self.service else self.id

    @cached_property
    def compose(self) -> tuple[int, ...]:
        """Version of the Compose that created it, () where none did or it didn't say."""
        return _numbers(str(self.labels.get(VERSION) or ""))

    def made_before(self, *version: int) -> bool:
        """Whether a Compose v2 earlier than this version created it."""
        return (2,) <= self.compose < version

    @property
    def v1(self) -> bool:
        """Whether Compose v1 created it."""
        return self.compose[:1] == (1,) and not self.podman_compose

    @property
    def podman_compose(self) -> bool:
        """Whether podman-compose created it."""
        return PODMAN_COMPOSE in self.labels

    @property
    def origin(self) -> tuple[str | None, str | None]:
        """The project and the service that it belongs to, by its labels or else its name; None where nothing tells."""
        own = self.project, self.service
        return own if self.project else self.host.by_name.get(self.id, own)

    @property
    def managed(self) -> bool:
        """Whether Compose, or something that speaks its labels, created it."""
        return bool(self.labels.get(PROJECT) and self.service)

    @property
    def number(self) -> str:
        """Number among the replicas, `1` where no label says it."""
        return str(self.labels.get(NUMBER) or "1")

    @property
    def state(self) -> Mapping[str, Json]:
        """State of the process."""
        return self.container.get("State") or {}

    @property
    def running(self) -> bool:
        """Whether the process runs (a paused or restarting one counts)."""
        status = self.state.get("Status") or ("running" if self.state.get("Running") else "exited")
        return status in ("running", "paused", "restarting")

    @property
    def paused(self) -> bool:
        """Whether the process is there and frozen."""
        return self.state.get("Status") == "paused"

    def mode(self) -> str:
        """The network mode, names of networks instead of their ids."""
        mode = str(self.host_config.get("NetworkMode") or "default")
        return self.host.networks.get(mode, mode)

    @property
    def named_by_host(self) -> bool:
        """Whether it has the host's name of the day it was made, unless somebody gave it another."""
        return self.mode() == "host" or self.host_config.get("UTSMode") == "host"


Thing = TypeVar("Thing", Host, Observed, Declared)


def once(function: Callable[[Thing], Result]) -> Callable[[Thing], Result]:
    """Let a function of a service, container or host work only once for each; nobody may change what it returns."""

    @wraps(function)
    def remembering(thing: Thing) -> Result:
        facts = thing.facts
        if function not in facts:
            facts[function] = function(thing)
        result: Result = facts[function]
        return result

    return remembering


def assignments(lines: Iterable[Any] | None) -> dict[str, str | None]:
    """`NAME=value` lines as a mapping; a bare `NAME` has no value; the last of several counts (as Compose v1 lists)."""
    found: dict[str, str | None] = {}
    for line in lines or ():
        name, equals, value = str(line).partition("=")
        found[name] = value if equals else None
    return found


def generated_names(project: str, service: str, number: str = "1") -> tuple[str, str]:
    """What Compose calls a container that nobody gave a name: v2, and v1."""
    return f"{project}-{service}-{number}", f"{project}_{service}_{number}"


def _numbers(text: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def clean(path: str) -> str:
    """A path without doubled or trailing slashes and dots."""
    if path[:1] == "/" and path[-1] != "/" and "//" not in path and "/." not in path:
        return path
    return paths.clean(path) if path else path
